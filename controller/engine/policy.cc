#include "controller/engine/policy.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "common/fnv.h"

namespace muster {
namespace {

constexpr uint32_t kWhole = 10'000;  // basis points

// FNV leaves the high bits of short texts alike; a multiply and a shift do not (the finaliser of MurmurHash3).
uint64_t Mix(uint64_t hash) {
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
  return hash ^ hash >> 33;
}

// Rounded up, so that the rate is never exceeded.
Duration IntervalOf(const Rate& rate) {
  if (rate.starts == 0) return Duration::zero();
  return (rate.per + Duration(rate.starts - 1)) / rate.starts;
}

}  // namespace

uint32_t AmountOf(const CountOrPercent& amount, uint32_t all) {
  if (!amount.basis_points) return amount.count;
  return static_cast<uint32_t>(uint64_t{all} * *amount.basis_points / kWhole);
}

uint32_t CanarySize(const Policy& policy, uint32_t all) {
  if (!policy.canary) return 0;
  uint32_t size = AmountOf(*policy.canary, all);
  if (policy.canary->basis_points.value_or(0) > 0) size = std::max(size, 1u);
  return std::min(size, all);
}

uint32_t ParallelLimit(const Policy& policy, uint32_t ended) {
  if (!policy.ramp) return policy.max_parallel;
  return static_cast<uint32_t>(
      std::min<uint64_t>(policy.max_parallel, std::bit_floor(uint64_t{ended} + 1)));
}

bool IsFailure(TaskState state) {
  return state == TaskState::kFailed || state == TaskState::kTimedOut || state == TaskState::kLost;
}

bool IsRetryable(Reason reason) {
  switch (reason) {
    // The unit's own start failed; what it needs may be there later.
    case Reason::kDependencyFailed:
    case Reason::kExitCode:
    case Reason::kSignal:
    case Reason::kStartTimeout:
    case Reason::kJobTimeout:
    case Reason::kUnitResult:
    case Reason::kNotActive:
    case Reason::kStartLimitHit:
    // Somebody else or something else was in the way.
    case Reason::kJobCancelled:
    case Reason::kNotRestarted:
    case Reason::kSystemdError:
    case Reason::kNoAnswer:
    case Reason::kUnitBusy:
    case Reason::kAgentBusy:
    case Reason::kBusy:
    case Reason::kHung:
    case Reason::kPartial:
    case Reason::kLedger:
    // Nothing was done, or the node was restarted in the middle.
    case Reason::kExpired:
    case Reason::kWrongIncarnation:
    case Reason::kInterrupted:
    // HMNFD drops subscriptions of nodes that it could not reach while their unit was being restarted; another restart brings them back.
    case Reason::kNotSubscribed:
    case Reason::kVanished:
      return true;
    default:
      return false;
  }
}

Duration RetryDelay(const std::string& job_id, const std::string& node, uint32_t attempt) {
  const Duration range =
      std::min<Duration>(kRetryJitterMax, kRetrySpacing * (1 << std::min(attempt, 10u)));
  const uint64_t random = Mix(Fnv1a(node, Fnv1a(job_id)) + attempt);
  return kRetrySpacing + Duration(random % static_cast<uint64_t>(range.count()));
}

TokenBucket::TokenBucket(const Rate& rate, Time last_start)
    : interval_(IntervalOf(rate)),
      depth_(std::max(kBurst, interval_)),
      full_at_(last_start + depth_) {}

TokenBucket TokenBucket::ForNewJob(const Rate& rate, Time now) {
  return TokenBucket(rate, now - IntervalOf(rate));
}

void TokenBucket::Take(Time now) { full_at_ = std::max(full_at_, now) + interval_; }

void TokenBucket::SetRate(const Rate& rate, Time now) {
  const Duration missing = std::max(full_at_ - now, Duration::zero());
  const double share = static_cast<double>(missing.count()) / static_cast<double>(depth_.count());
  *this = TokenBucket(rate, now);
  full_at_ =
      now + Duration(static_cast<Duration::rep>(share * static_cast<double>(depth_.count())));
}

Time TokenBucket::NextToken() const { return full_at_ - depth_ + interval_; }

}  // namespace muster
