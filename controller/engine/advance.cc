// What follows from time and from free slots: tasks that expire, tasks that are sent, jobs that end. The rules are told in engine.cc.
#include <fmt/format.h>

#include <algorithm>

#include "controller/engine/engine.h"

namespace muster {
namespace {

size_t Index(TaskState state) { return static_cast<size_t>(state); }

Duration SettleOf(const Work& work) {
  const auto* restart = std::get_if<RestartUnit>(&work);
  return restart != nullptr ? restart->settle : Duration::zero();
}

bool Has(const std::vector<std::string>& features, const std::string& feature) {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

}  // namespace

void Engine::Advance(Time now, Actions* actions) {
  EndConflicts(now, actions);
  // A copy: jobs that end leave the set.
  const std::vector<std::string> ids(active_.begin(), active_.end());
  for (const std::string& id : ids) {
    Job& job = jobs_.at(id);
    for (size_t i = 0; i < job.tasks.size(); ++i) Expire(now, job, i, actions);
    Dispatch(now, job, actions);
    FinishIfDone(now, job, actions);
  }
  DropEndedJobs();
}

void Engine::EndConflicts(Time now, Actions* actions) {
  for (auto& [name, node] : nodes_) {
    if (node.in_conflict &&
        (node.replacements.empty() || now - node.replacements.back() > config_.conflict_window)) {
      node.in_conflict = false;
      node.replacements.clear();
      actions->conflicts.push_back({name, false});
    }
  }
}

void Engine::Expire(Time now, Job& job, size_t index, Actions* actions) {
  const std::optional<Time> deadline = DeadlineOf(job, index);
  if (!deadline || now < *deadline) return;
  Task& task = job.tasks[index];
  const std::optional<Time> job_deadline = JobDeadline(job);
  const bool is_job_deadline = job_deadline && now >= *job_deadline;
  if (IsInFlight(task.state)) {
    return Change(now, job, task, TaskState::kLost,
                  is_job_deadline ? Reason::kJobDeadline : Reason::kNoReport,
                  "sent, but no outcome by the deadline; it may have run", actions);
  }
  const Node& node = *job.nodes[index];
  if (is_job_deadline) {
    return Change(now, job, task, TaskState::kUndelivered, Reason::kJobDeadline,
                  "the job's deadline came before it could be sent", actions);
  }
  if (node.in_conflict) {
    return Change(now, job, task, TaskState::kUndelivered, Reason::kConflict,
                  "several agents claim to be this node; find the second one by its certificate",
                  actions);
  }
  Change(now, job, task, TaskState::kUndelivered, Reason::kNotAttached,
         "no agent of this node was attached until the delivery deadline", actions);
}

// When Expire has something to do for this task.
std::optional<Time> Engine::DeadlineOf(const Job& job, size_t index) const {
  const Task& task = job.tasks[index];
  const Node& node = *job.nodes[index];
  std::optional<Time> deadline;
  if (IsInFlight(task.state)) {
    deadline =
        task.last_sent + config_.start_within + task.execution_deadline + config_.report_grace;
  } else if (task.state == TaskState::kPending && !node.can_take()) {
    deadline =
        std::max({job.spec.created, node.away_since, started_}) + job.spec.policy.delivery_deadline;
  }
  const bool can_expire = IsInFlight(task.state) || task.state == TaskState::kPending;
  if (const std::optional<Time> of_job = JobDeadline(job); of_job && can_expire) {
    deadline = deadline ? std::min(*deadline, *of_job) : *of_job;
  }
  if (deadline && IsInFlight(task.state) && task.last_sent < started_) {
    deadline = std::max(*deadline, started_ + config_.restart_grace);
  }
  return deadline;
}

std::optional<Time> Engine::JobDeadline(const Job& job) const {
  if (!job.spec.policy.deadline) return std::nullopt;
  return job.spec.created + *job.spec.policy.deadline;
}

void Engine::Dispatch(Time now, Job& job, Actions* actions) {
  if (job.status.state != JobState::kRunning) return;
  uint32_t taken = 0;
  for (size_t i = 0; i < job.tasks.size(); ++i) {
    if (IsInFlight(job.tasks[i].state) && job.nodes[i]->session != 0) ++taken;
  }
  while (job.first_pending < job.tasks.size() &&
         job.tasks[job.first_pending].state != TaskState::kPending) {
    ++job.first_pending;
  }
  for (size_t i = job.first_pending; i < job.tasks.size() && taken < job.spec.policy.max_parallel;
       ++i) {
    if (job.tasks[i].state != TaskState::kPending || !job.nodes[i]->can_take()) continue;
    DispatchTask(now, job, i, actions);
    if (IsInFlight(job.tasks[i].state)) ++taken;
  }
}

void Engine::DispatchTask(Time now, Job& job, size_t index, Actions* actions) {
  Task& task = job.tasks[index];
  const Hello& hello = job.nodes[index]->hello;
  for (const std::string& feature : RequiredFeatures(job.spec.work)) {
    if (Has(hello.features, feature)) continue;
    return Change(
        now, job, task, TaskState::kRefused, Reason::kUnsupported,
        fmt::format("the agent ({}) lacks the feature {}; update it", hello.agent_version, feature),
        actions);
  }
  const std::optional<Time> job_deadline = JobDeadline(job);
  if (job_deadline && *job_deadline - now <= SettleOf(job.spec.work) + kReportMargin) return;
  ++task.attempt;
  task.incarnation = hello.incarnation;
  task.first_sent = now;
  ++job.counts[Index(TaskState::kDispatched)];
  --job.counts[Index(TaskState::kPending)];
  task.state = TaskState::kDispatched;
  SendCommand(now, job, index, actions);
}

// Sends the task's current attempt, for the first time or again.
void Engine::SendCommand(Time now, Job& job, size_t index, Actions* actions) {
  Task& task = job.tasks[index];
  const Node& node = *job.nodes[index];
  Command command;
  command.node = task.node;
  command.key = {TaskName(job.spec.id, task.node), task.attempt};
  command.incarnation = task.incarnation;
  command.required_features = RequiredFeatures(job.spec.work);
  command.start_within = config_.start_within;
  command.execution_deadline = job.spec.policy.execution_deadline;
  command.work = job.spec.work;
  if (const std::optional<Time> deadline = JobDeadline(job)) {
    const Duration left = *deadline - now;
    command.start_within = std::min(command.start_within, left);
    command.execution_deadline =
        std::min(command.execution_deadline, std::max(left - kReportMargin, Duration(1s)));
  }
  task.last_sent = now;
  task.execution_deadline = command.execution_deadline;
  Save(now, job, task, actions);
  actions->sends.push_back({node.session, std::move(command)});
}

void Engine::FinishIfDone(Time now, Job& job, Actions* actions) {
  if (IsTerminal(job.status.state)) return;
  size_t ended = 0;
  for (size_t state = Index(TaskState::kSucceeded); state < job.counts.size(); ++state) {
    ended += job.counts[state];
  }
  if (ended < job.tasks.size()) return;
  const bool was_cancelled = job.status.state == JobState::kCancelling;
  job.status.state = EndState(job.counts, was_cancelled);
  if (!was_cancelled) {
    const uint32_t good =
        job.counts[Index(TaskState::kSucceeded)] + job.counts[Index(TaskState::kAlreadySatisfied)];
    job.status.detail = fmt::format("{} of {} tasks succeeded", good, job.tasks.size());
  }
  job.status.ended = now;
  SaveStatus(job, actions);
  active_.erase(job.spec.id);
  active_tasks_ -= job.tasks.size();
  ended_.push_back(job.spec.id);
}

void Engine::DropEndedJobs() {
  while (ended_.size() > config_.max_ended_jobs) {
    jobs_.erase(ended_.front());
    ended_.pop_front();
  }
}

std::optional<Time> Engine::NextDeadline() const {
  std::optional<Time> next;
  for (const std::string& id : active_) {
    const Job& job = jobs_.at(id);
    for (size_t i = 0; i < job.tasks.size(); ++i) {
      const std::optional<Time> deadline = DeadlineOf(job, i);
      if (deadline && (!next || *deadline < *next)) next = deadline;
    }
  }
  for (const auto& [name, node] : nodes_) {
    if (!node.in_conflict) continue;
    const Time end = node.replacements.back() + config_.conflict_window + 1ms;
    if (!next || end < *next) next = end;
  }
  return next;
}

}  // namespace muster
