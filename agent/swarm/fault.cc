#include "agent/swarm/fault.h"

#include <charconv>
#include <map>
#include <optional>
#include <vector>

namespace muster::swarm {
namespace {

constexpr double kMaxSeconds = 7 * 24 * 3600;

absl::Status Wrong(const std::string& text, const std::string& why) {
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "'{}': {}; a fault is AT:KIND:SHARE[:FOR], such as 30:silent:50:120 (seconds, "
                    "per cent; kinds: disconnect, silent, slow, flap, flood)",
                    text, why);
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<double> NumberUpTo(double most, const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || !(number >= 0 && number <= most)) return std::nullopt;
  return number;
}

Duration Seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

absl::StatusOr<Fault> ParseFault(const std::string& text) {
  static const std::map<std::string, FaultKind> kKinds = {{"disconnect", FaultKind::kDisconnect},
                                                          {"silent", FaultKind::kSilent},
                                                          {"slow", FaultKind::kSlow},
                                                          {"flap", FaultKind::kFlap},
                                                          {"flood", FaultKind::kFlood}};
  const std::vector<std::string> parts = Split(text);
  if (parts.size() < 3) return Wrong(text, "a part is missing");
  const auto kind = kKinds.find(parts[1]);
  if (kind == kKinds.end()) return Wrong(text, "'" + parts[1] + "' is no kind");
  const bool has_end = kind->second != FaultKind::kDisconnect;
  if (parts.size() != (has_end ? 4 : 3))
    return Wrong(text, has_end ? "it needs FOR" : "a disconnect has no FOR");
  const std::optional<double> at = NumberUpTo(kMaxSeconds, parts[0]);
  const std::optional<double> share = NumberUpTo(100, parts[2]);
  const std::optional<double> lasts = has_end ? NumberUpTo(kMaxSeconds, parts[3]) : 0;
  if (!at || !share || !lasts) return Wrong(text, "a number is none, or out of range");
  return Fault{Seconds(*at), kind->second, *share / 100, Seconds(*lasts)};
}

}  // namespace muster::swarm
