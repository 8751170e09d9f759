#include "agent/mount/content_mounts.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

namespace muster {
namespace {

constexpr std::string_view kContentDirectory = "/var/lib/cps-local/";
constexpr size_t kArtifactDigits = 32;

bool IsContent(const std::string& fstype, const std::string& source) {
  if (fstype != "dvs" || !source.starts_with(kContentDirectory)) return false;
  const std::string_view artifact = std::string_view(source).substr(kContentDirectory.size());
  return artifact.size() == kArtifactDigits &&
         std::all_of(artifact.begin(), artifact.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, newline and backslash as \ooo.
std::string Unescape(const std::string& text) {
  std::string plain;
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

}  // namespace

// "36 35 98:0 /root /mount/point options optional-fields... - fstype source super-options"
std::vector<MountedContent> ParseContentMounts(const std::string& mountinfo) {
  std::vector<MountedContent> mounts;
  std::istringstream lines(mountinfo);
  for (std::string line; mounts.size() < kMaxContentMounts && std::getline(lines, line);) {
    std::istringstream words(line);
    const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
    const auto separator = std::find(fields.begin(), fields.end(), "-");
    if (separator - fields.begin() < 6 || fields.end() - separator < 3) continue;
    const std::string& fstype = separator[1];
    const std::string source = Unescape(separator[2]);
    if (IsContent(fstype, source)) mounts.push_back({source, Unescape(fields[4]), fstype});
  }
  return mounts;
}

std::vector<MountedContent> ReadContentMounts() {
  std::ifstream file("/proc/self/mountinfo");
  return ParseContentMounts(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace muster
