#include "controller/api/check_policy.h"

#include <algorithm>
#include <cmath>

#include "controller/store/policy_proto.h"
#include "proto/convert.h"

namespace muster {
namespace {

constexpr Duration kMaxDeadline = std::chrono::hours(7 * 24);
constexpr uint32_t kMaxMaxParallel = 100'000;
constexpr uint32_t kMaxStarts = 100'000;
constexpr Duration kMinPer = 1ms;
constexpr Duration kMaxPer = 1h;
// Each is kRetrySpacing and more after the one before; who needs more of them needs something else.
constexpr uint32_t kMaxRetries = 10;
// A unit that was started longer ago than this is not what somebody restarts a second time by mistake.
constexpr Duration kMaxSinceAge = std::chrono::hours(366 * 24);
// What a double leaves of a hundredth.
constexpr double kPercentTolerance = 1e-6;

template <typename... Args>
absl::Status InvalidPolicy(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

absl::Status CheckDurations(const v1::Policy& proto) {
  const auto check = [](bool is_set, const char* field, const google::protobuf::Duration& value,
                        Duration least) {
    return is_set ? CheckDuration(field, value, least, kMaxDeadline).status() : absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(check(proto.has_delivery_deadline(), "policy.delivery_deadline",
                               proto.delivery_deadline(), Duration(1)));
  MUSTER_RETURN_IF_ERROR(check(proto.has_execution_deadline(), "policy.execution_deadline",
                               proto.execution_deadline(), Duration(1)));
  MUSTER_RETURN_IF_ERROR(
      check(proto.has_deadline(), "policy.deadline", proto.deadline(), Duration(1)));
  MUSTER_RETURN_IF_ERROR(check(proto.has_proof_deadline(), "policy.proof_deadline",
                               proto.proof_deadline(), Duration(1)));
  return check(proto.has_min_healthy(), "policy.min_healthy", proto.min_healthy(), Duration(0));
}

absl::Status CheckRate(const v1::Rate& rate) {
  if (rate.starts() < 1 || rate.starts() > kMaxStarts) {
    return InvalidPolicy("policy.rate.starts: {}; it must be from 1 to {}", rate.starts(),
                         kMaxStarts);
  }
  const Duration per = FromProto(rate.per());
  if (per < kMinPer || per > kMaxPer) {
    return InvalidPolicy("policy.rate.per: {} s; it must be from 0.001 s to 3600 s", Seconds(per));
  }
  return absl::OkStatus();
}

absl::Status CheckAmount(const char* field, const v1::CountOrPercent& amount) {
  if (amount.amount_case() == v1::CountOrPercent::AMOUNT_NOT_SET)
    return InvalidPolicy("{}: neither a count nor a percentage", field);
  if (amount.amount_case() == v1::CountOrPercent::kCount) return absl::OkStatus();
  const double percent = amount.percent();
  if (!(percent >= 0 && percent <= 100))
    return InvalidPolicy("{}: {} %; it must be from 0 to 100 %", field, percent);
  const double hundredths = percent * 100;
  if (std::abs(hundredths - std::round(hundredths)) > kPercentTolerance)
    return InvalidPolicy("{}: {} %; it must be in steps of 0.01 %", field, percent);
  return absl::OkStatus();
}

absl::Status CheckCanary(const v1::CountOrPercent& canary) {
  MUSTER_RETURN_IF_ERROR(CheckAmount("policy.canary", canary));
  const bool is_none = canary.amount_case() == v1::CountOrPercent::kCount ? canary.count() == 0
                                                                          : canary.percent() == 0;
  if (is_none) return InvalidPolicy("policy.canary: 0; it must be at least 1, or be left out");
  return absl::OkStatus();
}

// The time that `since` or `since_age` means.
absl::StatusOr<std::optional<Time>> SinceOf(const v1::Policy& proto, Time now) {
  if (!proto.has_since() && !proto.has_since_age()) return std::nullopt;
  if (proto.has_since() && proto.has_since_age())
    return InvalidPolicy("policy.since and policy.since_age: give one of them");
  if (proto.has_since_age()) {
    const auto age =
        CheckDuration("policy.since_age", proto.since_age(), Duration(0), kMaxSinceAge);
    MUSTER_RETURN_IF_ERROR(age.status());
    return std::optional<Time>(now - *age);
  }
  const google::protobuf::Timestamp& since = proto.since();
  if (since.nanos() < 0 || since.nanos() > 999'999'999)
    return InvalidPolicy("policy.since: not a point in time");
  const Time oldest = now - kMaxSinceAge;
  if (since.seconds() < oldest.time_since_epoch() / 1s)
    return InvalidPolicy(
        "policy.since: that is more than a year ago; name a later time, or leave it out");
  // Compared in seconds first: a Time does not reach as far as a Timestamp.
  if (since.seconds() > now.time_since_epoch() / 1s || FromProto(since) > now) {
    return InvalidPolicy(
        "policy.since: {} s in the future by the controller's clock; name a time that has passed",
        std::max<int64_t>(since.seconds() - now.time_since_epoch() / 1s, 1));
  }
  return std::optional<Time>(FromProto(since));
}

}  // namespace

absl::StatusOr<Duration> CheckDuration(const char* field, const google::protobuf::Duration& proto,
                                       Duration least, Duration most) {
  if (proto.nanos() < -999'999'999 || proto.nanos() > 999'999'999)
    return InvalidPolicy("{}: not a duration", field);
  const Duration duration = FromProto(proto);
  if (duration < least || duration > most) {
    return InvalidPolicy("{}: {} s; it must be {} 0 and at most {} h", field, proto.seconds(),
                         least > Duration(0) ? "greater than" : "at least",
                         std::chrono::duration_cast<std::chrono::hours>(most).count());
  }
  return duration;
}

absl::StatusOr<Policy> CheckPolicy(const v1::Policy& proto, Time now) {
  if (proto.max_parallel() > kMaxMaxParallel) {
    return InvalidPolicy("policy.max_parallel: {}; it must be at most {}", proto.max_parallel(),
                         kMaxMaxParallel);
  }
  MUSTER_RETURN_IF_ERROR(CheckDurations(proto));
  if (proto.has_rate()) MUSTER_RETURN_IF_ERROR(CheckRate(proto.rate()));
  if (proto.has_canary()) MUSTER_RETURN_IF_ERROR(CheckCanary(proto.canary()));
  if (proto.has_max_failures())
    MUSTER_RETURN_IF_ERROR(CheckAmount("policy.max_failures", proto.max_failures()));
  if (proto.retries() > kMaxRetries)
    return InvalidPolicy("policy.retries: {}; it must be at most {}", proto.retries(), kMaxRetries);
  if (!v1::OnConflict_IsValid(proto.on_conflict()))
    return InvalidPolicy("policy.on_conflict: {} is not known here; wait or refuse is",
                         static_cast<int>(proto.on_conflict()));
  const absl::StatusOr<std::optional<Time>> since = SinceOf(proto, now);
  MUSTER_RETURN_IF_ERROR(since.status());

  v1::Policy rest = proto;
  rest.clear_since();
  Policy policy = FromProto(rest);
  policy.since = *since;
  return policy;
}

absl::Status CheckFits(const Work& work, const Policy& policy) {
  const auto* restart = std::get_if<RestartUnit>(&work);
  if (restart == nullptr) {
    if (!policy.since) return absl::OkStatus();
    return InvalidPolicy(
        "policy.since: only work that restarts a unit can have been done already; leave it out");
  }
  // A canary is watched for longer than the others.
  const bool is_canary = policy.canary && policy.min_healthy > restart->settle;
  const Duration settle = is_canary ? policy.min_healthy : restart->settle;
  const char* what = is_canary ? "the canaries' min_healthy" : "the settle time";
  if (settle >= policy.execution_deadline) {
    return InvalidPolicy("{} ({} s) must be shorter than the execution deadline ({} s)", what,
                         Seconds(settle), Seconds(policy.execution_deadline));
  }
  if (policy.deadline && *policy.deadline <= settle + kReportMargin) {
    return InvalidPolicy(
        "the job's deadline ({} s) leaves no time to restart anything: it must be more than {} "
        "({} s) and {} s",
        Seconds(*policy.deadline), what, Seconds(settle), Seconds(kReportMargin));
  }
  return absl::OkStatus();
}

}  // namespace muster
