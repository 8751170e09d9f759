#include "controller/cli/duration.h"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace muster::cli {
namespace {

// Seconds in one of `unit`; 0 for what is no unit.
double SecondsIn(const std::string& unit) {
  if (unit.empty() || unit == "s") return 1;
  if (unit == "ms") return 1e-3;
  if (unit == "m" || unit == "min") return 60;
  if (unit == "h") return 3600;
  if (unit == "d") return 86'400;
  return 0;
}

}  // namespace

absl::StatusOr<Duration> ParseDuration(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const double seconds = number * SecondsIn(std::string(rest, end));
  const bool is_number = error == std::errc() && std::isfinite(number) && !std::signbit(number);
  if (!is_number || (seconds == 0 && number != 0) || SecondsIn(std::string(rest, end)) == 0) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "\"{}\" is not a duration; write a number with ms, s, min, h or d, such as "
                      "30s; a number alone is seconds",
                      text);
  }
  if (seconds > std::chrono::duration<double>(kMaxDuration).count()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "\"{}\" is longer than a year, which is the most", text);
  }
  return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
}

std::string FormatDuration(Duration duration) {
  const int64_t ms = std::chrono::round<std::chrono::milliseconds>(duration).count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) {
    return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000)
                          : fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  }
  const int64_t s = ms / 1000;
  const auto two = [](int64_t big, const char* big_unit, int64_t small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", big, big_unit)
                      : fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
  };
  if (s < 3600) return two(s / 60, "min", s % 60, "s");
  if (s < 86'400) return two(s / 3600, "h", s % 3600 / 60, "min");
  return two(s / 86'400, "d", s % 86'400 / 3600, "h");
}

}  // namespace muster::cli
