// Jobs, tasks and nodes as the engine holds them: what it decides by, and no more. Texts and evidence go to the store and are not
// kept. Plain data with its bookkeeping; owned by the Engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/outcome.h"
#include "common/time.h"
#include "controller/engine/alarm_queue.h"
#include "controller/engine/event.h"
#include "controller/engine/job.h"
#include "controller/engine/policy.h"
#include "controller/engine/ready_set.h"
#include "controller/engine/record.h"
#include "controller/engine/task.h"

namespace muster {

struct LiveJob;

struct TaskRef {
  LiveJob* job = nullptr;
  uint32_t index = 0;
};

struct LiveNode {
  std::string name;
  SessionId session = 0;  // 0: away
  Time away_since{};
  // Of the session, or of the last one. The incarnation is shared with the tasks that were sent to it.
  std::shared_ptr<const std::string> incarnation;
  std::vector<std::string> features;
  std::vector<std::string> aliases;
  std::string agent_version;
  bool is_stored = false;
  std::vector<Time> replacements;  // of live sessions by other incarnations
  bool in_conflict = false;
  std::vector<TaskRef> tasks;  // that have not ended

  bool can_take() const { return session != 0 && !in_conflict; }
};

// How the last try of a task ended that waits for the next, or for its proof.
struct LastTry {
  TaskState state{};
  Reason reason{};
  std::string detail;
  Boxed<Outcome> outcome;
};

struct LiveTask {
  LiveNode* node = nullptr;
  std::shared_ptr<const std::string> incarnation;  // that the current attempt was sent to
  Time first_sent{};                               // of the current attempt
  Time last_sent{};
  Duration execution_deadline{};  // of the current attempt, as it was sent
  Time not_before{};              // of the next attempt
  Time alarm = kNoAlarm;
  Time verifying_since{};
  std::unique_ptr<LastTry> last_try;  // while PENDING after a try, and while VERIFYING
  uint32_t attempt = 0;
  // The newest one that the agent holds and the store does not know of: it was restored from a backup. The next try has its name.
  uint32_t ahead_attempt = 0;
  TaskState state = TaskState::kPending;
  Reason reason = Reason::kNone;  // how it ended; before that, how the try before this one did
  bool has_outcome = false;       // the agent's, in time or late
};

struct LiveJob {
  // All tasks PENDING.
  LiveJob(JobSpec job_spec, JobStatus job_status, uint32_t job_number, TokenBucket job_bucket);
  LiveJob(const LiveJob&) = delete;
  LiveJob& operator=(const LiveJob&) = delete;

  // Every change of a task's state, attempt or attachment is between these two: they keep the counts below.
  void Uncount(const LiveTask& task) { Count(task, -1); }
  void Recount(const LiveTask& task) { Count(task, 1); }

  uint32_t size() const { return static_cast<uint32_t>(tasks.size()); }
  uint32_t count(TaskState state) const { return counts[static_cast<size_t>(state)]; }
  uint32_t ended() const;
  uint32_t failures() const;
  // SUCCEEDED or ALREADY_SATISFIED.
  uint32_t proven() const;
  // Started, and neither ended nor given up.
  uint32_t open() const;
  // The canaries have not all been proven yet; who is in flight is one of them.
  bool in_canary() const { return proven() < canary_size; }
  bool has_too_many_failures() const;
  // Because of its failures; what runs ends. The job's detail says why, and a job that runs has none otherwise.
  bool is_stopped() const;
  // By an operator, or by the operation that guides it: nothing is started, and the clocks of delivery stand still.
  bool is_held() const;
  std::optional<Time> deadline() const;
  // When another task may be started; Time::max() if that is not known.
  Time NextToken() const;
  void TakeToken(Time now);
  // Of `resends`.
  bool is_resend(const LiveTask& task) const;
  // The task of that node.
  std::optional<uint32_t> Find(const std::string& node) const;

  JobSpec spec;
  JobStatus status;
  uint32_t number;              // of this life of the engine
  std::vector<LiveTask> tasks;  // sorted by node
  ReadySet ready;               // PENDING, and nothing but the policy is in the way
  // In flight, and not held by the agent when it attached: it is sent again when the policy lets it, and as untouched as a PENDING task
  // until then.
  std::set<uint32_t> resends;
  TokenBucket bucket;
  std::optional<TokenBucket> pace;  // of a guided job; nothing: none is set
  Time resumed{};
  Time alarm = kNoAlarm;

  TaskCounts counts{};
  uint32_t in_flight = 0;      // on attached nodes: these hold the slots of max_parallel
  uint32_t in_backoff = 0;     // PENDING after a try
  uint32_t started_ended = 0;  // ended after at least one try

  uint32_t canary_size = 0;
  std::vector<uint32_t>
      canary_order;          // all tasks, spread over the cabinets; empty without canaries
  size_t canary_cursor = 0;  // none before it in that order is ready

 private:
  void Count(const LiveTask& task, int sign);
};

}  // namespace muster
