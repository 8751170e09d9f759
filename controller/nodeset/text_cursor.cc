#include "controller/nodeset/text_cursor.h"

#include <algorithm>

namespace muster {
namespace {

// Text that an error shows on each side of the mistake.
constexpr size_t kShownBytes = 40;

// Error texts travel in protobuf strings and to terminals.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = IsBlank(c) ? ' ' : '?';
  }
  return text;
}

}  // namespace

std::string ShownText(const std::string& text, size_t position) {
  const size_t begin = position > kShownBytes ? position - kShownBytes : 0;
  const size_t end = std::min(text.size(), position + kShownBytes);
  return fmt::format("{}{}{}", begin > 0 ? "…" : "", Printable(text.substr(begin, end - begin)),
                     end < text.size() ? "…" : "");
}

bool TextCursor::SkipBlanks() {
  const size_t begin = position_;
  while (!AtEnd() && IsBlank(Next())) ++position_;
  return position_ > begin;
}

absl::Status TextCursor::Wrong(size_t position, const std::string& what) const {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "node set '{}': {}, at character {} ('{}')",
                    ShownText(text_, position), what, position + 1,
                    Printable(text_.substr(position, 1)));
}

}  // namespace muster
