// A place in a text that is being read, and what is wrong there. Pure; of this room alone.
#pragma once

#include <cstddef>
#include <string>

#include "common/status.h"

namespace muster {

// The text around `position`, such as errors show it; all of it if it is short.
std::string ShownText(const std::string& text, size_t position);

class TextCursor {
 public:
  // `text` outlives this.
  explicit TextCursor(const std::string& text) : text_(text) {}

  bool AtEnd() const { return position_ == text_.size(); }
  // '\0' at the end.
  char Next() const { return AtEnd() ? '\0' : text_[position_]; }
  char After() const { return position_ + 1 < text_.size() ? text_[position_ + 1] : '\0'; }
  char Take() { return text_[position_++]; }
  void Skip() { ++position_; }
  bool SkipBlanks();
  size_t position() const { return position_; }
  // From `begin` to here.
  std::string TextFrom(size_t begin) const { return text_.substr(begin, position_ - begin); }
  const std::string& text() const { return text_; }

  // "node set 'n[3-1]': 3-1 runs backwards, at character 3 ('3')".
  absl::Status Wrong(size_t position, const std::string& what) const;

 private:
  const std::string& text_;
  size_t position_ = 0;
};

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace muster
