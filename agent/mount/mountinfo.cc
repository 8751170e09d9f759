#include "agent/mount/mountinfo.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace muster {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, newline, '#' and backslash as \ooo.
std::string Unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) &&
                           IsOctal(text[i + 2]) && IsOctal(text[i + 3]);
    if (!is_escape) {
      plain += text[i];
      continue;
    }
    plain +=
        static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
    i += 3;
  }
  return plain;
}

// Takes the next word off `line`; nothing at its end.
std::optional<std::string_view> NextWord(std::string_view* line) {
  const size_t begin = line->find_first_not_of(' ');
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = std::min(line->find(' ', begin), line->size());
  const std::string_view word = line->substr(begin, end - begin);
  line->remove_prefix(end);
  return word;
}

bool ReadNumber(std::string_view text, int* number) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && rest == text.data() + text.size() && *number >= 0;
}

// "36 35 98:0 /root /mount/point options optional-fields… - fstype source super-options"
std::optional<Mount> ParseLine(std::string_view line) {
  std::array<std::string_view, 6> head;
  for (std::string_view& word : head) {
    const auto next = NextWord(&line);
    if (!next) return std::nullopt;
    word = *next;
  }
  Mount mount;
  if (!ReadNumber(head[0], &mount.id) || !ReadNumber(head[1], &mount.parent)) return std::nullopt;
  mount.device = head[2];
  mount.root = Unescape(head[3]);
  mount.target = Unescape(head[4]);
  mount.options = head[5];
  for (;;) {
    const auto word = NextWord(&line);
    if (!word) return std::nullopt;
    if (*word == "-") break;
    if (!mount.propagation.empty()) mount.propagation += ' ';
    mount.propagation += *word;
  }
  const auto fstype = NextWord(&line);
  if (!fstype) return std::nullopt;
  mount.fstype = Unescape(*fstype);
  // A source may be empty, and is followed by one blank all the same.
  if (line.starts_with(' ')) line.remove_prefix(1);
  const size_t end = line.find(' ');
  if (end == std::string_view::npos) return std::nullopt;
  mount.source = Unescape(line.substr(0, end));
  mount.super_options = line.substr(end + 1);
  return mount;
}

}  // namespace

std::vector<Mount> ParseMountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (auto mount = ParseLine(text.substr(0, end))) mounts.push_back(*std::move(mount));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mounts;
}

std::vector<std::string> SplitOptions(std::string_view options) {
  std::vector<std::string> split;
  while (!options.empty()) {
    const size_t end = std::min(options.find(','), options.size());
    if (end > 0) split.push_back(Unescape(options.substr(0, end)));
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return split;
}

bool HasOption(std::string_view options, std::string_view name) {
  const std::vector<std::string> split = SplitOptions(options);
  return std::find(split.begin(), split.end(), name) != split.end();
}

std::vector<std::string> OptionValues(std::string_view options, std::string_view name) {
  const std::string prefix = std::string(name) + "=";
  std::vector<std::string> values;
  for (const std::string& option : SplitOptions(options))
    if (option.starts_with(prefix)) values.push_back(option.substr(prefix.size()));
  return values;
}

}  // namespace muster
