// What an operator allows a job: how many at once, how fast, how many first, how many failures. Plain data and its arithmetic, pure.
//
// The words are those of the field: canary, max_parallel and min_healthy as in Nomad's update block, max_failures as max-errors of
// AWS Systems Manager, which also has the ramp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/outcome.h"
#include "common/time.h"
#include "controller/engine/task.h"

namespace muster {

// What an attempt must have left of the job's deadline beyond its settle time, so that its report comes before it.
inline constexpr Duration kReportMargin = 2s;

// A number of nodes, or a share of all targets.
struct CountOrPercent {
  uint32_t count = 0;
  std::optional<uint32_t>
      basis_points;  // hundredths of a percent, at most 10,000; then `count` says nothing
  bool operator==(const CountOrPercent&) const = default;
};

// Rounded down.
uint32_t AmountOf(const CountOrPercent& amount, uint32_t all);

// Starts over time; 0 starts: no limit.
struct Rate {
  uint32_t starts = 0;
  Duration per = 1s;
  bool operator==(const Rate&) const = default;
};

// Numbers as in proto/muster/v1/job.proto.
enum class OnConflict : int { kWait = 1, kRefuse = 2 };

struct Policy {
  uint32_t max_parallel = 1000;
  Duration delivery_deadline = 2min;
  Duration execution_deadline = 5min;
  // From the job's creation until every task is terminal.
  std::optional<Duration> deadline = std::nullopt;
  Rate rate{};
  bool ramp = false;
  std::optional<CountOrPercent> canary = std::nullopt;
  Duration min_healthy = 10s;
  CountOrPercent max_failures{0, 1000};
  uint32_t retries = 0;
  std::optional<Time> since = std::nullopt;
  OnConflict on_conflict = OnConflict::kWait;
  // Of a guided job's tasks, from the agent's outcome until the proof.
  Duration proof_deadline = 10min;
  bool operator==(const Policy&) const = default;
};

// How many canaries a job of `all` tasks has. A percentage that is not 0 gives at least one.
uint32_t CanarySize(const Policy& policy, uint32_t all);

// How many tasks may be in flight after `ended` of those that were started have ended. With a ramp the waves are 1, 2, 4 …, and the
// next begins as the last ends: 1 until one has ended, 2 until three have, 4 until seven have.
uint32_t ParallelLimit(const Policy& policy, uint32_t ended);

// Whether a task that ended so is a failure of the rollout.
bool IsFailure(TaskState state);

// Whether trying again can help. Not if the end is not known (LOST), not if it would come out the same.
bool IsRetryable(Reason reason);

// From the end of try `attempt` until the next may start: at least kRetrySpacing, which spaces the starts of a unit (systemd counts
// five in 10 s as too many, DefaultStartLimitBurst= in systemd-system.conf(5)), and beyond it a full jitter over a time
// that doubles with each try. The same for the same task and attempt, so that a restarted controller waits for the same moment.
inline constexpr Duration kRetrySpacing = 10s;
inline constexpr Duration kRetryJitterMax = 5min;
Duration RetryDelay(const std::string& job_id, const std::string& node, uint32_t attempt);

// A token bucket: a token accrues every per/starts, the bucket holds what accrues in kBurst and at least one.
class TokenBucket {
 public:
  static constexpr Duration kBurst = 100ms;

  // Empty at `last_start`. Without a limit if `rate` has none.
  TokenBucket(const Rate& rate, Time last_start);
  // With one token at `now`.
  static TokenBucket ForNewJob(const Rate& rate, Time now);

  bool HasToken(Time now) const { return now >= NextToken(); }
  // Also without a token: later starts then wait the longer.
  void Take(Time now);
  // From `now` on tokens accrue so fast; the share of the bucket that is full stays.
  void SetRate(const Rate& rate, Time now);
  // When there will be a token; now or earlier if there is.
  Time NextToken() const;
  // Between two tokens; 0 without a limit.
  Duration interval() const { return interval_; }

 private:
  Duration interval_;
  Duration depth_;  // of the bucket, in time
  Time full_at_;    // when it would be full if nothing were taken any more
};

}  // namespace muster
