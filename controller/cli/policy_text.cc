#include "controller/cli/policy_text.h"

#include <charconv>
#include <cmath>
#include <ctime>
#include <regex>

#include "common/ascii.h"
#include "controller/cli/duration.h"
#include "controller/cli/times.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

template <typename... Args>
absl::Status Invalid(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

// The whole of `text` as a number; nothing if it is none.
template <typename Number>
std::optional<Number> ReadNumber(const std::string& text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

constexpr char kWhatATimeIs[] =
    "write 2026-11-21T08:04:11Z, \"2026-11-21 08:04\" in local time, or how long ago, such as "
    "30min";

// As in RFC 3339, but that the seconds and the zone may be missing.
const std::regex& TimePattern() {
  static const std::regex pattern(
      R"((\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d)?)");
  return pattern;
}

// Seconds east of Greenwich for "Z" and "+01:00".
int64_t OffsetOf(const std::string& zone) {
  if (zone.size() != 6) return 0;
  const int64_t minutes = std::stoi(zone.substr(1, 2)) * 60 + std::stoi(zone.substr(4, 2));
  return (zone[0] == '-' ? -60 : 60) * minutes;
}

absl::StatusOr<google::protobuf::Timestamp> ReadTime(const std::string& text) {
  std::smatch match;
  if (!std::regex_match(text, match, TimePattern()))
    return Invalid("\"{}\" is not a time; {}", text, kWhatATimeIs);
  const auto number = [&match](int group) {
    return match[group].matched ? std::stoi(match[group]) : 0;
  };
  tm parts{};
  parts.tm_year = number(1) - 1900;
  parts.tm_mon = number(2) - 1;
  parts.tm_mday = number(3);
  parts.tm_hour = number(4);
  parts.tm_min = number(5);
  parts.tm_sec = number(6);
  parts.tm_isdst = -1;
  const tm asked = parts;
  const bool has_zone = match[8].matched;
  const time_t seconds = has_zone ? timegm(&parts) : mktime(&parts);
  // Both take the 31st of June for the 1st of July, and mktime an hour that the change to summer time leaves out for another.
  const bool is_real = parts.tm_mon == asked.tm_mon && parts.tm_mday == asked.tm_mday &&
                       parts.tm_hour == asked.tm_hour && parts.tm_min == asked.tm_min &&
                       parts.tm_sec == asked.tm_sec;
  if (!is_real) return Invalid("\"{}\": there is no such time; {}", text, kWhatATimeIs);
  google::protobuf::Timestamp time;
  time.set_seconds(seconds - (has_zone ? OffsetOf(match[8]) : 0));
  if (match[7].matched) {
    std::string fraction = match[7];
    fraction.resize(9, '0');
    time.set_nanos(std::stoi(fraction));
  }
  return time;
}

}  // namespace

absl::StatusOr<v1::Rate> ParseRate(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string unit = slash == std::string::npos ? "" : text.substr(slash + 1);
  const std::optional<uint32_t> starts = ReadNumber<uint32_t>(text.substr(0, slash));
  // "/s" is per one second; a bare number would be seconds, which nobody means.
  const bool has_unit = !unit.empty() && !IsDigit(unit.back()) && unit.back() != '.';
  const auto per = ParseDuration(IsDigit(unit.empty() ? ' ' : unit[0]) ? unit : "1" + unit);
  if (!starts || !has_unit || !per.ok() || *per == Duration::zero()) {
    return Invalid(
        "\"{}\" is not a rate; write how many starts in what time, such as 100/s, 30/min or 600/h",
        text);
  }
  v1::Rate rate;
  rate.set_starts(*starts);
  *rate.mutable_per() = ToProto(*per);
  return rate;
}

absl::StatusOr<v1::CountOrPercent> ParseAmount(const std::string& text) {
  v1::CountOrPercent amount;
  if (!text.empty() && text.back() == '%') {
    const auto percent = ReadNumber<double>(text.substr(0, text.size() - 1));
    if (percent && *percent >= 0 && *percent <= 100) {
      amount.set_percent(*percent);
      return amount;
    }
  } else if (const auto count = ReadNumber<uint32_t>(text)) {
    amount.set_count(*count);
    return amount;
  }
  return Invalid(
      "\"{}\" is not an amount; write a number of nodes, such as 5, or a share of all, such as 10%",
      text);
}

absl::StatusOr<Since> ParseSince(const std::string& text) {
  const bool is_date = text.size() > 4 && text[4] == '-';
  if (is_date) {
    const auto time = ReadTime(text);
    MUSTER_RETURN_IF_ERROR(time.status());
    return Since{*time, std::nullopt};
  }
  const absl::StatusOr<Duration> age = ParseDuration(text);
  if (!age.ok()) return Invalid("\"{}\" is not a time; {}", text, kWhatATimeIs);
  return Since{std::nullopt, *age};
}

std::string FormatRate(const v1::Rate& rate) {
  const Duration per = FromProto(rate.per());
  if (per == 1s) return fmt::format("{}/s", rate.starts());
  if (per == 1min) return fmt::format("{}/min", rate.starts());
  if (per == 1h) return fmt::format("{}/h", rate.starts());
  return fmt::format("{} in {}", rate.starts(), FormatDuration(per));
}

std::string FormatAmount(const v1::CountOrPercent& amount) {
  if (amount.amount_case() != v1::CountOrPercent::kPercent) return std::to_string(amount.count());
  return fmt::format("{} %", std::round(amount.percent() * 100) / 100);
}

std::string PolicyInWords(const v1::Policy& policy) {
  std::string text = fmt::format("at most {} at once", policy.max_parallel());
  const auto duration = [](const google::protobuf::Duration& proto) {
    return FormatDuration(FromProto(proto));
  };
  if (policy.ramp()) text += " by a ramp";
  if (policy.has_rate()) text += ", " + FormatRate(policy.rate());
  if (policy.has_canary()) {
    text += fmt::format(", canary {} healthy for {}", FormatAmount(policy.canary()),
                        duration(policy.min_healthy()));
  }
  if (policy.has_max_failures())
    text += ", at most " + FormatAmount(policy.max_failures()) + " failures";
  if (policy.retries() > 0) text += fmt::format(", retries {}", policy.retries());
  if (policy.has_since()) text += ", not those started since " + FormatTime(policy.since());
  if (policy.on_conflict() == v1::ON_CONFLICT_REFUSE) text += ", refused on conflict";
  if (policy.has_delivery_deadline())
    text += ", delivery within " + duration(policy.delivery_deadline());
  if (policy.has_execution_deadline())
    text += ", execution within " + duration(policy.execution_deadline());
  if (policy.has_deadline()) text += ", all within " + duration(policy.deadline());
  return text;
}

}  // namespace muster::cli
