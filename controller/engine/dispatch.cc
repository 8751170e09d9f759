// Which task is started next, and what follows from how many have ended. The rules are told in engine.cc.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controller/engine/conflict.h"
#include "controller/engine/engine.h"

namespace muster {
namespace {

// With a rate of many starts a second, starts come in pulses: fewer commits, and the bucket holds more than a pulse.
constexpr Duration kRatePulse = TokenBucket::kBurst / 5;

// The settle time of a command; a canary's is longer.
Duration SettleOf(const LiveJob& job) {
  const auto* restart = std::get_if<RestartUnit>(&job.spec.work);
  if (restart == nullptr) return Duration::zero();
  return job.in_canary() ? std::max(restart->settle, job.spec.policy.min_healthy) : restart->settle;
}

bool LeavesTime(const LiveJob& job, Time now) {
  const std::optional<Time> deadline = job.deadline();
  return !deadline || *deadline - now > SettleOf(job) + kReportMargin;
}

// The work as it is sent now for that attempt. One whose proof failed is done again, however young the unit is.
Work WorkToSend(const LiveJob& job, uint32_t attempt, Time now) {
  Work work = job.spec.work;
  if (auto* restart = std::get_if<RestartUnit>(&work)) {
    restart->settle = SettleOf(job);
    const bool is_again = job.spec.is_guided && attempt > 1;
    if (const std::optional<Time> since = job.spec.policy.since; since && !is_again) {
      restart->satisfied_age = std::max(now - *since, Duration::zero());
    }
  }
  return work;
}

}  // namespace

// Sets or takes away the task's place among those that may be started.
void Engine::Refresh(Time now, TaskRef ref) {
  LiveJob& job = *ref.job;
  const LiveTask& task = job.tasks[ref.index];
  if (task.state != TaskState::kPending || !task.node->can_take() || now < task.not_before) {
    return job.ready.Erase(ref.index);
  }
  job.ready.Insert(ref.index);
  job.canary_cursor = 0;
  changed_.insert(job.number);
}

void Engine::Dispatch(Time now, LiveJob& job, Actions* actions) {
  if (job.status.state != JobState::kRunning) return;
  if (job.has_too_many_failures()) return StopForFailures(now, job, actions);
  Resend(now, job, actions);
  while (const std::optional<uint32_t> next = NextToStart(now, job)) {
    job.ready.Erase(*next);
    if (MayStart(now, {&job, *next}, actions)) {
      Start(now, {&job, *next}, actions);
    } else if (job.has_too_many_failures()) {
      return StopForFailures(now, job, actions);
    }
  }
}

// A ready task, if the policy lets another one start now.
std::optional<uint32_t> Engine::NextToStart(Time now, LiveJob& job) {
  if (job.ready.empty() || !LeavesTime(job, now)) return std::nullopt;
  if (job.in_flight >= ParallelLimit(job.spec.policy, job.started_ended)) return std::nullopt;
  const std::optional<uint32_t> next =
      job.in_canary() ? NextCanary(job) : static_cast<uint32_t>(*job.ready.First());
  return next && HasToken(now, job) ? next : std::nullopt;
}

// Else Advance is called when there is one.
bool Engine::HasToken(Time now, LiveJob& job) {
  const Time next = job.NextToken();
  if (next <= now) return true;
  if (next == Time::max()) return false;  // the pace will be set
  const bool is_fast =
      std::max(job.bucket.interval(), job.pace ? job.pace->interval() : Duration()) < kRatePulse;
  ArmJob(job, is_fast ? std::max(next, now + kRatePulse) : next);
  return false;
}

// Sends again what agents do not hold, before anything is started anew and under the same limits. Not for ever: an agent that dies of the
// command would come back for it each time, and each time is a new deadline.
void Engine::Resend(Time now, LiveJob& job, Actions* actions) {
  const std::set<uint32_t> waiting = job.resends;
  uint32_t unsent = 0;
  for (const uint32_t index : waiting) {
    if (job.tasks[index].node->session != 0) ++unsent;
  }
  for (const uint32_t index : waiting) {
    const TaskRef ref{&job, index};
    if (job.tasks[index].node->session == 0) continue;
    Expire(now, ref, actions);
    if (!job.resends.contains(index)) {
      --unsent;
      continue;
    }
    if (!LeavesTime(job, now)) {
      Change(now, ref, TaskState::kUndelivered,
             {{},
              Reason::kJobDeadline,
              "the agent had not received it, and there is no time left for it",
              {}},
             actions);
      --unsent;
      continue;
    }
    // The others that wait here hold slots, too.
    if (job.in_flight - unsent >= ParallelLimit(job.spec.policy, job.started_ended)) return;
    if (!HasToken(now, job)) return;
    job.resends.erase(index);
    --unsent;
    job.TakeToken(now);
    SendCommand(now, ref, actions);
  }
}

// The first ready task in the spread order. While as many are open as have to be proven, only those that were started before.
std::optional<uint32_t> Engine::NextCanary(LiveJob& job) const {
  const bool has_room = job.proven() + job.open() < job.canary_size;
  if (has_room) {
    size_t& cursor = job.canary_cursor;
    while (!job.ready.Contains(job.canary_order[cursor])) ++cursor;
    return job.canary_order[cursor];
  }
  if (job.in_backoff == 0) return std::nullopt;
  for (const uint32_t index : job.canary_order) {
    if (job.ready.Contains(index) && job.tasks[index].attempt > 0) return index;
  }
  return std::nullopt;
}

// Another job that has the same unit of the node under way.
const LiveJob* Engine::Rival(TaskRef ref) const {
  for (const TaskRef& other : ref.job->tasks[ref.index].node->tasks) {
    if (other.job != ref.job && IsInFlight(other.job->tasks[other.index].state) &&
        TouchSameUnit(other.job->spec.work, ref.job->spec.work)) {
      return other.job;
    }
  }
  return nullptr;
}

// False if the task must wait for what the node has under way, or has ended here.
bool Engine::MayStart(Time now, TaskRef ref, Actions* actions) {
  const LiveJob& job = *ref.job;
  const LiveNode& node = *job.tasks[ref.index].node;
  for (const std::string& feature :
       RequiredFeatures(WorkToSend(job, job.tasks[ref.index].attempt + 1, now))) {
    if (std::find(node.features.begin(), node.features.end(), feature) != node.features.end()) {
      continue;
    }
    EndPending(
        now, ref, TaskState::kRefused, Reason::kUnsupported,
        fmt::format("the agent ({}) lacks the feature {}; update it", node.agent_version, feature),
        actions);
    return false;
  }
  const LiveJob* rival = Rival(ref);
  if (rival == nullptr) return true;
  if (job.spec.policy.on_conflict == OnConflict::kRefuse) {
    EndPending(now, ref, TaskState::kRefused, Reason::kUnitBusy,
               fmt::format("{} is at the same unit of this node; nothing was done",
                           JobName(rival->spec.id)),
               actions);
  }
  return false;  // it is ready again when the other one has ended
}

void Engine::Start(Time now, TaskRef ref, Actions* actions) {
  LiveJob& job = *ref.job;
  LiveTask& task = job.tasks[ref.index];
  job.TakeToken(now);
  job.Uncount(task);
  task.attempt = std::max(task.attempt + 1, task.ahead_attempt);
  task.state = TaskState::kDispatched;
  task.incarnation = task.node->incarnation;
  task.first_sent = now;
  task.has_outcome = false;
  if (task.last_try) task.reason = task.last_try->reason;
  task.last_try.reset();
  job.Recount(task);
  SendCommand(now, ref, actions);
}

// Sends the task's current attempt, for the first time or again.
void Engine::SendCommand(Time now, TaskRef ref, Actions* actions) {
  LiveJob& job = *ref.job;
  LiveTask& task = job.tasks[ref.index];
  Command command;
  command.node = task.node->name;
  command.key = {TaskName(job.spec.id, task.node->name), task.attempt};
  command.incarnation = *task.incarnation;
  command.work = WorkToSend(job, task.attempt, now);
  command.required_features = RequiredFeatures(command.work);
  command.start_within = config_.start_within;
  command.execution_deadline = job.spec.policy.execution_deadline;
  if (const std::optional<Time> deadline = job.deadline()) {
    const Duration left = *deadline - now;
    command.start_within = std::min(command.start_within, left);
    command.execution_deadline =
        std::min(command.execution_deadline, std::max(left - kReportMargin, Duration(1s)));
  }
  task.last_sent = now;
  task.execution_deadline = command.execution_deadline;
  Save(now, ref, {}, actions);
  Arm(now, ref);
  actions->sends.push_back({task.node->session, std::move(command)});
}

void Engine::SendCancel(TaskRef ref, Actions* actions) const {
  const LiveTask& task = ref.job->tasks[ref.index];
  const LiveNode& node = *task.node;
  if (node.session == 0) return;
  actions->sends.push_back(
      {node.session,
       muster::Cancel{node.name, {TaskName(ref.job->spec.id, node.name), task.attempt}}});
}

void Engine::StopForFailures(Time now, LiveJob& job, Actions* actions) {
  if (job.count(TaskState::kPending) == 0 && job.resends.empty()) return;
  const uint32_t allowed = AmountOf(job.spec.policy.max_failures, job.size());
  const std::string why = job.in_canary()
                              ? fmt::format("a canary failed ({} of {} canaries had succeeded)",
                                            job.proven(), job.canary_size)
                              : fmt::format("{} of {} nodes failed, more than the {} that may",
                                            job.failures(), job.size(), allowed);
  job.status.detail = "stopped: " + why;
  SaveStatus(job, actions);
  for (uint32_t i = 0; i < job.size(); ++i) {
    if (job.tasks[i].state == TaskState::kPending) {
      EndPending(now, {&job, i}, TaskState::kCancelled, Reason::kMaxFailures, "not started: " + why,
                 actions);
    } else if (job.resends.contains(i)) {
      Change(now, {&job, i}, TaskState::kCancelled,
             {{}, Reason::kMaxFailures, "the agent had not received it: " + why, {}}, actions);
    }
  }
}

void Engine::FinishIfDone(Time now, LiveJob& job, Actions* actions) {
  if (IsTerminal(job.status.state) || job.ended() < job.size()) return;
  const bool was_cancelled = job.status.state == JobState::kCancelling;
  const bool was_stopped = job.is_stopped();
  job.status.state = EndState(job.counts, was_cancelled);
  if (!was_cancelled) {
    const uint32_t satisfied = job.count(TaskState::kAlreadySatisfied);
    const std::string tally =
        fmt::format("{} of {} tasks succeeded{}", job.count(TaskState::kSucceeded), job.size(),
                    satisfied > 0 ? fmt::format(", {} were satisfied already", satisfied) : "");
    job.status.detail = was_stopped ? job.status.detail + "; " + tally : tally;
  }
  job.status.ended = now;
  SaveStatus(job, actions);
  --active_jobs_;
  active_tasks_ -= job.size();
  if (job.count(TaskState::kLost) == 0) return Forget(std::string(job.spec.id));
  KeepLost(job);
  ended_.push_back(job.spec.id);
  if (ended_.size() <= config_.max_ended_jobs) return;
  Forget(std::string(ended_.front()));
  ended_.pop_front();
}

void Engine::Move(LiveJob& job, LiveTask& task, TaskState to) {
  job.Uncount(task);
  task.state = to;
  job.Recount(task);
  changed_.insert(job.number);
  if (IsTerminal(to)) {
    std::erase_if(task.node->tasks, [&job](const TaskRef& ref) { return ref.job == &job; });
  }
}

void Engine::Change(Time now, TaskRef ref, TaskState to, LastTry why, Actions* actions) {
  LiveTask& task = ref.job->tasks[ref.index];
  if (!IsTransition(task.state, to)) return;
  const bool was_under_way = IsInFlight(task.state) || task.state == TaskState::kVerifying;
  ref.job->resends.erase(ref.index);
  Move(*ref.job, task, to);
  if (IsTerminal(to)) {
    ref.job->ready.Erase(ref.index);
    task.last_try.reset();
    task.reason = why.reason;
    SettleAhead(ref, actions);
  }
  Save(now, ref, std::move(why), actions);
  // Others may have waited for the unit; and this one may be PENDING again.
  if (was_under_way && !IsInFlight(to)) RefreshNode(now, *task.node);
}

void Engine::EndPending(Time now, TaskRef ref, TaskState to, Reason reason, std::string detail,
                        Actions* actions) {
  LiveTask& task = ref.job->tasks[ref.index];
  if (task.last_try == nullptr) {
    return Change(now, ref, to, {to, reason, std::move(detail), {}}, actions);
  }
  LastTry last = std::move(*task.last_try);
  const TaskState state = last.state;
  Change(now, ref, state, std::move(last), actions);
}

void Engine::Save(Time now, TaskRef ref, LastTry why, Actions* actions) {
  LiveJob& job = *ref.job;
  const LiveTask& live = job.tasks[ref.index];
  Task task;
  task.node = live.node->name;
  task.state = live.state;
  task.attempt = live.attempt;
  if (live.incarnation) task.incarnation = *live.incarnation;
  task.first_sent = live.first_sent;
  task.last_sent = live.last_sent;
  task.execution_deadline = live.execution_deadline;
  // Until it has ended a task shows why it is tried again.
  const bool is_again = !IsTerminal(live.state) && why.reason == Reason::kNone;
  task.reason = is_again ? live.reason : why.reason;
  task.detail = std::move(why.detail);
  task.outcome = std::move(why.outcome);
  task.updated = now;
  task.revision = ++revision_;
  job.status.revision = revision_;
  actions->records.push_back(TaskChanged{job.spec.id, std::move(task)});
}

void Engine::SaveStatus(LiveJob& job, Actions* actions) {
  job.status.revision = ++revision_;
  actions->records.push_back(JobChanged{job.spec.id, job.status});
  changed_.insert(job.number);
}

}  // namespace muster
