// One name with brackets, such as x[1000-1003]c0s[0-7]b0n[0-1]. Pure; of this room alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/nodeset/node_set.h"
#include "controller/nodeset/text_cursor.h"

namespace muster {

struct Range {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t step = 1;
  size_t width = 0;  // filled up with zeros to this

  uint64_t Count() const { return (last - first) / step + 1; }
};

struct PatternPart {
  std::string text;           // used if there are no ranges
  std::vector<Range> ranges;  // of one bracket
};

// At least one part; no longer than a name can be.
using Pattern = std::vector<PatternPart>;

// True for what ends a name: a blank, an operator, a parenthesis.
bool EndsName(char c);

// The pattern at the cursor, which is left behind it. INVALID_ARGUMENT.
absl::StatusOr<Pattern> ParsePattern(TextCursor& cursor);

// How many names it stands for; more than kMaxNodeSetSize are kMaxNodeSetSize + 1.
uint64_t CountOf(const Pattern& pattern);

// Adds its names to `shapes`, in no order and perhaps more than once.
void AddNames(const Pattern& pattern, NodeSet::Shapes& shapes);

}  // namespace muster
