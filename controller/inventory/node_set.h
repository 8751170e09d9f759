// Node sets as operators write and read them: ranges, lists, padding, several brackets. A subset of ClusterShell's and RFC 29's
// syntax: "nid[000001-000100,7]-nmn", "x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]", "ncn-w001,ncn-w002", "nid[0-10/2]". Names are
// separated by commas, spaces or line ends. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace muster {

// More than this from one text is an error: no system has them, and a typing mistake such as x[0-99999999] does.
inline constexpr size_t kMaxNodeSetSize = 1'000'000;
// Of a number in it: what surely fits 64 bits with room to add to it.
inline constexpr size_t kMaxNodeSetDigits = 18;

// The names that `text` stands for: sorted naturally (numbers by value), each once. INVALID_ARGUMENT with one sentence that shows
// what is wrong and where; also for an empty text, and for more than `max_names`, which are counted before any is made.
absl::StatusOr<std::vector<std::string>> ExpandNodeSet(const std::string& text,
                                                       size_t max_names = kMaxNodeSetSize);

// A short text that expands to exactly these names; empty for none. Names in any order; repeats count once. The names are ones
// that IsNodeName accepts.
std::string FoldNodeSet(const std::vector<std::string>& names);

// True for 1 to limits::kMaxNameBytes letters, digits, '.', '_' and '-' that begin with a letter or digit.
bool IsNodeName(std::string_view name);

// Orders names as people do: runs of digits by value, then by length, the rest by character.
bool NaturalLess(std::string_view a, std::string_view b);

// NaturalLess for ordered containers.
struct NaturalOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return NaturalLess(a, b); }
};

}  // namespace muster
