#define TOML_IMPLEMENTATION  // the parser is compiled here and nowhere else
#include "common/toml_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

namespace muster {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

absl::StatusOr<std::string> ReadText(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char buffer[65536];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxTomlBytes) {
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{}:1: larger than {} MiB", path,
                        kMaxTomlBytes >> 20);
    }
  }
  // Reading to the end sets the fail bit; not being open does so without the end.
  if (file.bad() || !file.eof()) return ErrnoStatus(errno != 0 ? errno : EIO, "read " + path);
  return text;
}

// The end of the string that begins at `begin` with a quotation mark. A string that does not end is the parser's to refuse.
size_t EndOfString(std::string_view text, size_t begin) {
  const char quote = text[begin];
  const bool is_long = text.substr(begin).starts_with(std::string(3, quote));
  size_t i = begin + (is_long ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (!is_long && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    } else if (is_long && text.substr(i).starts_with(std::string(3, quote))) {
      i += 3;
      // Up to two more belong to the string.
      for (int more = 0; more < 2 && i < text.size() && text[i] == quote; ++more) ++i;
      return i;
    }
  }
  return text.size();
}

// Makes comments ASCII. Where there is a character beyond it elsewhere, if there is one: the parser looks beyond the end of a string
// that stands where it should not, so that none may stay.
std::optional<size_t> MakeAscii(std::string& text) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  bool in_comment = false;
  size_t end_of_string = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (!in_comment) return i;
      text[i] = '?';
    }
    if (i < end_of_string) continue;
    in_comment = c != '\n' && (in_comment || c == '#');
    if (!in_comment && (c == '"' || c == '\'')) end_of_string = EndOfString(text, i);
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<toml::table> ReadTomlFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return text.status();
  if (const std::optional<size_t> at = MakeAscii(*text)) {
    return MakeStatus(
        absl::StatusCode::kInvalidArgument,
        "{}:{}: a character beyond ASCII; outside of comments, write it as \"\\uXXXX\"", path,
        1 + std::count(text->begin(), text->begin() + static_cast<long>(*at), '\n'));
  }
  try {
    return toml::parse(*text, path);
  } catch (const toml::parse_error& error) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}:{}: {}", path,
                      error.source().begin.line, std::string(error.description()));
  }
}

absl::Status WrongSetting(const std::string& path, const toml::node& node,
                          const std::string& what) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "{}:{}: {}", path, node.source().begin.line,
                    what);
}

}  // namespace muster
