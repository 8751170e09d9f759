// What follows from time. The rules are told in engine.cc.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controller/engine/engine.h"

namespace muster {

void Engine::Advance(Time now, Actions* actions) {
  EndConflicts(now, actions);
  RingAlarms(now, actions);
  // The older first. A job that ends a task may let another one start: that one is looked at again.
  while (!changed_.empty()) {
    const uint32_t number = *changed_.begin();
    if (const auto it = by_number_.find(number); it != by_number_.end()) {
      LiveJob& job = *it->second;
      Dispatch(now, job, actions);
      FinishIfDone(now, job, actions);
    }
    changed_.erase(number);
  }
}

void Engine::EndConflicts(Time now, Actions* actions) {
  for (auto it = in_conflict_.begin(); it != in_conflict_.end();) {
    LiveNode& node = nodes_.at(*it);
    if (!node.replacements.empty() && now - node.replacements.back() <= config_.conflict_window) {
      ++it;
      continue;
    }
    node.in_conflict = false;
    node.replacements.clear();
    actions->conflicts.push_back({*it, false});
    RefreshNode(now, node);
    it = in_conflict_.erase(it);
  }
}

void Engine::RingAlarms(Time now, Actions* actions) {
  while (const std::optional<AlarmQueue::Entry> entry = alarms_.Pop(now)) {
    const auto it = by_number_.find(entry->job);
    if (it == by_number_.end()) continue;
    LiveJob& job = *it->second;
    if (entry->task != AlarmQueue::kWholeJob) {
      LiveTask& task = job.tasks[entry->task];
      if (task.alarm != entry->at) continue;
      task.alarm = kNoAlarm;
      Expire(now, {&job, entry->task}, actions);
      Refresh(now, {&job, entry->task});
      Arm(now, {&job, entry->task});
    } else if (job.alarm == entry->at) {
      job.alarm = kNoAlarm;
      changed_.insert(job.number);
      const std::optional<Time> deadline = job.deadline();
      if (!deadline) continue;
      if (now < *deadline) {
        ArmJob(job, *deadline);
        continue;
      }
      for (uint32_t i = 0; i < job.size(); ++i) Expire(now, {&job, i}, actions);
    }
  }
}

// Sees to it that RingAlarms looks at the task when it has something to do.
void Engine::Arm(Time now, TaskRef ref) {
  LiveTask& task = ref.job->tasks[ref.index];
  if (const std::optional<Time> deadline = DeadlineOf(now, *ref.job, task)) {
    alarms_.Set(*deadline, ref.job->number, ref.index, &task.alarm);
  }
}

void Engine::ArmJob(LiveJob& job, Time at) {
  alarms_.Set(at, job.number, AlarmQueue::kWholeJob, &job.alarm);
}

// When Expire or Refresh has something to do for this task.
std::optional<Time> Engine::DeadlineOf(Time now, const LiveJob& job, const LiveTask& task) const {
  if (job.is_resend(task)) {
    if (job.is_held()) return std::nullopt;
    return std::max({task.first_sent, started_, job.resumed}) + job.spec.policy.delivery_deadline;
  }
  if (IsInFlight(task.state)) {
    Time deadline =
        task.last_sent + config_.start_within + task.execution_deadline + config_.report_grace;
    if (const std::optional<Time> of_job = job.deadline()) deadline = std::min(deadline, *of_job);
    // Equal, too: as a life begins, what was sent before lies not later than that, though the clock may have been set back.
    if (task.last_sent <= started_) deadline = std::max(deadline, started_ + config_.restart_grace);
    return deadline;
  }
  if (task.state == TaskState::kVerifying) {
    const Time deadline = std::max(task.verifying_since, started_) + job.spec.policy.proof_deadline;
    return std::min(deadline, job.deadline().value_or(Time::max()));
  }
  if (task.state != TaskState::kPending) return std::nullopt;
  if (task.node->can_take()) {
    return now < task.not_before ? std::optional<Time>(task.not_before) : std::nullopt;
  }
  if (job.is_held()) return std::nullopt;
  return std::max(
             {job.spec.created, task.node->away_since, started_, job.resumed, task.not_before}) +
         job.spec.policy.delivery_deadline;
}

void Engine::Expire(Time now, TaskRef ref, Actions* actions) {
  const LiveJob& job = *ref.job;
  const LiveTask& task = job.tasks[ref.index];
  const std::optional<Time> job_deadline = job.deadline();
  const bool is_job_deadline = job_deadline && now >= *job_deadline;
  const std::optional<Time> deadline = DeadlineOf(now, job, task);
  if (job.is_resend(task)) {
    if (!is_job_deadline && (!deadline || now < *deadline)) return;
    return Change(now, ref, TaskState::kUndelivered,
                  {{},
                   is_job_deadline ? Reason::kJobDeadline : Reason::kNotHeld,
                   fmt::format("sent, but the agent had not taken it by the {} deadline",
                               is_job_deadline ? "job's" : "delivery"),
                   {}},
                  actions);
  }
  if (IsInFlight(task.state)) {
    if (now < *deadline) return;
    return Change(
        now, ref, TaskState::kLost,
        {{},
         is_job_deadline ? Reason::kJobDeadline : Reason::kNoReport,
         is_job_deadline
             ? "sent, but no outcome by the job's deadline; it may have run"
             : fmt::format("sent, but no outcome in the time to begin ({} s), to run ({} s) and to "
                           "report ({} s); it may have run",
                           config_.start_within / 1s, task.execution_deadline / 1s,
                           config_.report_grace / 1s),
         {}},
        actions);
  }
  if (task.state == TaskState::kVerifying) {
    if (now < *deadline) return;
    LastTry end = *task.last_try;
    end.reason = Reason::kUnverified;
    end.detail = fmt::format(
        "the unit runs, and whether it has done what it is for could not be found out by the {} "
        "deadline",
        is_job_deadline ? "job's" : "proof's");
    return Change(now, ref, TaskState::kFailed, std::move(end), actions);
  }
  if (task.state != TaskState::kPending) return;
  if (is_job_deadline) {
    return EndPending(now, ref, TaskState::kUndelivered, Reason::kJobDeadline,
                      "the job's deadline came before it could be sent", actions);
  }
  if (task.node->can_take() || !deadline || now < *deadline) return;
  if (task.node->in_conflict) {
    return EndPending(now, ref, TaskState::kUndelivered, Reason::kConflict,
                      "several agents claim to be this node; find the second one by its "
                      "certificate",
                      actions);
  }
  EndPending(now, ref, TaskState::kUndelivered, Reason::kNotAttached,
             "no agent of this node was attached until the delivery deadline", actions);
}

std::optional<Time> Engine::NextDeadline() const {
  std::optional<Time> next = alarms_.Next();
  for (const std::string& name : in_conflict_) {
    const Time end = nodes_.at(name).replacements.back() + config_.conflict_window + 1ms;
    if (!next || end < *next) next = end;
  }
  return next;
}

}  // namespace muster
