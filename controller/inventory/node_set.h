// Node sets as operators write and read them: ranges, lists, padding, several brackets. A subset of ClusterShell's and RFC 29's
// syntax: "nid[000001-000100,7]-nmn", "x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]", "ncn-w001,ncn-w002". Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/status.h"

namespace muster {

// More than this from one text is an error: no system has them, and a typing mistake such as x[0-99999999] does.
inline constexpr size_t kMaxNodeSetSize = 1'000'000;

// The names that `text` stands for: sorted naturally (numbers by value), each once. INVALID_ARGUMENT with one sentence that shows
// what is wrong and where; also for an empty text.
absl::StatusOr<std::vector<std::string>> ExpandNodeSet(const std::string& text);

// The shortest text we find that expands to exactly these names; empty for none. Names in any order; repeats count once.
std::string FoldNodeSet(std::vector<std::string> names);

// Orders names as people do: runs of digits by value, then by length, the rest by character.
bool NaturalLess(const std::string& a, const std::string& b);

}  // namespace muster
