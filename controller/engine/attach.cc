// Agents that come and go, and what they report. The rules are told in engine.cc.
#include <algorithm>
#include <string_view>
#include <utility>

#include "controller/engine/engine.h"

namespace muster {
namespace {

// Whether the unit that the work is about was started on the node less than `age` ago, as its status says.
bool WasStartedWithin(const NodeStatus& status, const Work& work, Duration age) {
  const auto* restart = std::get_if<RestartUnit>(&work);
  if (restart == nullptr) return false;
  for (const UnitState& unit : status.units) {
    const bool is_it = restart->unit.empty() ? unit.unit.find("orca") != std::string::npos
                                             : unit.unit == restart->unit;
    if (is_it && unit.active_state == "active" && unit.active_age && *unit.active_age < age) {
      return true;
    }
  }
  return false;
}

// The job of "jobs/{job}/tasks/{node}", if that is how the name reads.
std::optional<std::string_view> JobOfTaskName(std::string_view name, std::string_view node) {
  constexpr std::string_view kJobs = "jobs/";
  constexpr std::string_view kTasks = "/tasks/";
  if (!name.starts_with(kJobs) || !name.ends_with(node)) return std::nullopt;
  name.remove_suffix(node.size());
  if (!name.ends_with(kTasks) || name.size() < kJobs.size() + kTasks.size()) return std::nullopt;
  name.remove_suffix(kTasks.size());
  return name.substr(kJobs.size());
}

}  // namespace

std::optional<TaskRef> Engine::FindTask(const std::string& node, const AttemptKey& key) {
  const std::optional<std::string_view> id = JobOfTaskName(key.task, node);
  if (!id) return std::nullopt;
  if (const auto it = nodes_.find(node); it != nodes_.end()) {
    for (const TaskRef& ref : it->second.tasks) {
      if (ref.job->spec.id == *id) return ref;
    }
  }
  LiveJob* job = FindJob(std::string(*id));
  if (job == nullptr) return std::nullopt;
  const std::optional<uint32_t> index = job->Find(node);
  return index ? std::optional<TaskRef>({job, *index}) : std::nullopt;
}

void Engine::On(Time now, SessionUp event, Actions* actions) {
  const Hello& hello = event.hello;
  LiveNode& node = NodeOf(hello.node);
  NoteReplacement(now, hello, node, actions);
  if (!node.is_stored || node.aliases != hello.aliases) {
    node.is_stored = true;
    node.aliases = hello.aliases;
    actions->records.push_back(NodeSeen{hello.node, hello.aliases, now});
  }
  SetSession(node, event.session);
  if (*node.incarnation != hello.incarnation) {
    node.incarnation = std::make_shared<const std::string>(hello.incarnation);
  }
  node.features = hello.features;
  node.agent_version = hello.agent_version;

  const std::set<AttemptKey> held(hello.held.begin(), hello.held.end());
  const std::vector<TaskRef> tasks = node.tasks;  // a copy: those that end leave it
  for (const TaskRef& ref : tasks) {
    const LiveTask& task = ref.job->tasks[ref.index];
    if (!IsInFlight(task.state)) continue;
    const bool is_held = held.contains({TaskName(ref.job->spec.id, node.name), task.attempt});
    Reconcile(now, ref, hello, is_held, actions);
  }
  for (const AttemptKey& key : hello.held) NoteAhead(hello.node, key);
  for (const AttemptKey& key : hello.held) {
    const std::optional<TaskRef> ref = FindTask(hello.node, key);
    if (ref && ref->job->tasks[ref->index].attempt == key.attempt) continue;
    if (ref && IsAhead(*ref, key.attempt)) continue;
    actions->sends.push_back({event.session, Settled{hello.node, key}});
  }
  RefreshNode(now, node);
}

// An attempt that the agent holds may be one of the future that was lost when the store was restored from a backup. The agent keeps it,
// and when the task's next try comes to this name it answers with what that came to, and does nothing twice. No honest one has a higher
// number than the policy allows tries.
void Engine::NoteAhead(const std::string& node, const AttemptKey& key) {
  const std::optional<TaskRef> ref = FindTask(node, key);
  if (!ref || key.attempt > ref->job->spec.policy.retries + 1) return;
  uint32_t& ahead = ref->job->tasks[ref->index].ahead_attempt;
  ahead = std::max(ahead, key.attempt);
}

bool Engine::IsAhead(TaskRef ref, uint32_t attempt) const {
  const LiveTask& task = ref.job->tasks[ref.index];
  return !IsTerminal(task.state) && attempt > task.attempt && attempt == task.ahead_attempt;
}

// The task has ended without coming to it.
void Engine::SettleAhead(TaskRef ref, Actions* actions) const {
  const LiveTask& task = ref.job->tasks[ref.index];
  if (task.ahead_attempt <= task.attempt || task.node->session == 0) return;
  actions->sends.push_back(
      {task.node->session,
       Settled{task.node->name,
               {TaskName(ref.job->spec.id, task.node->name), task.ahead_attempt}}});
}

void Engine::NoteReplacement(Time now, const Hello& hello, LiveNode& node, Actions* actions) {
  while (!node.replacements.empty() && now - node.replacements.front() > config_.conflict_window) {
    node.replacements.erase(node.replacements.begin());
  }
  if (node.session == 0 || *node.incarnation == hello.incarnation) return;
  node.replacements.push_back(now);
  if (node.replacements.size() >= config_.conflict_replacements && !node.in_conflict) {
    node.in_conflict = true;
    node.away_since = now;
    in_conflict_.insert(hello.node);
    actions->conflicts.push_back({hello.node, true});
  }
}

void Engine::SetSession(LiveNode& node, SessionId session) {
  for (const TaskRef& ref : node.tasks) ref.job->Uncount(ref.job->tasks[ref.index]);
  node.session = session;
  for (const TaskRef& ref : node.tasks) {
    ref.job->Recount(ref.job->tasks[ref.index]);
    changed_.insert(ref.job->number);
  }
}

// After a change of what the node can take, or of what it has under way.
void Engine::RefreshNode(Time now, LiveNode& node) {
  for (const TaskRef& ref : node.tasks) {
    Refresh(now, ref);
    Arm(now, ref);
  }
}

void Engine::On(Time now, SessionDown event, Actions*) {
  const auto it = nodes_.find(event.node);
  if (it == nodes_.end() || it->second.session != event.session) return;
  LiveNode& node = it->second;
  SetSession(node, 0);
  node.away_since = now;
  RefreshNode(now, node);
}

void Engine::Reconcile(Time now, TaskRef ref, const Hello& hello, bool is_held, Actions* actions) {
  LiveJob& job = *ref.job;
  const LiveTask& task = job.tasks[ref.index];
  const bool is_cancelling = job.status.state == JobState::kCancelling;
  if (is_held) {
    if (is_cancelling) SendCancel(ref, actions);
    return;
  }
  if (hello.incarnation == *task.incarnation) {
    if (is_cancelling) {
      return Change(now, ref, TaskState::kCancelled,
                    {{}, Reason::kCancelled, "cancelled; the agent had not received it", {}},
                    actions);
    }
    job.resends.insert(ref.index);
    changed_.insert(job.number);
    return Arm(now, ref);
  }
  // Ages of one life of the controller only: the wall clock may have jumped between two of them. A canary has to stay up.
  if (!job.in_canary() &&
      WasStartedWithin(hello.status, job.spec.work, now - std::max(task.first_sent, started_))) {
    return EndWell(now, ref,
                   {TaskState::kAlreadySatisfied,
                    Reason::kRebooted,
                    "the node came back with a new ledger, and its unit was started after the "
                    "command was sent",
                    {}},
                   actions);
  }
  EndTry(now, ref,
         {TaskState::kFailed,
          Reason::kInterrupted,
          "the node came back with a new ledger (rebooted, or its state directory was removed); "
          "whether the command ran is not known",
          {}},
         actions);
}

void Engine::On(Time now, ReportReceived event, Actions* actions) {
  Report& report = event.report;
  const std::optional<TaskRef> ref = FindTask(report.node, report.key);
  if (ref && ref->job->tasks[ref->index].attempt == report.key.attempt) {
    LiveJob& job = *ref->job;
    LiveTask& task = job.tasks[ref->index];
    if (!report.outcome) {
      if (task.state == TaskState::kDispatched) {
        Change(now, *ref, TaskState::kRunning, {}, actions);
      }
      return;
    }
    if (IsInFlight(task.state)) {
      TakeOutcome(now, *ref, std::move(*report.outcome), actions);
    } else if (IsTerminal(task.state) && !task.has_outcome &&
               report.outcome->state != OutcomeState::kNotHeld) {
      task.has_outcome = true;
      job.status.revision = ++revision_;
      actions->records.push_back(
          LateOutcome{job.spec.id, report.node, revision_, std::move(*report.outcome)});
    }
  }
  // It will say so again when it is asked.
  if (ref && IsAhead(*ref, report.key.attempt)) return;
  if (report.outcome) {
    actions->sends.push_back(
        {event.session, Settled{std::move(report.node), std::move(report.key)}});
  }
}

void Engine::TakeOutcome(Time now, TaskRef ref, Outcome outcome, Actions* actions) {
  if (outcome.reason == Reason::kRebooted && ref.job->in_canary()) {
    outcome.state = OutcomeState::kFailed;
    outcome.reason = Reason::kInterrupted;
    outcome.detail = CutDetail("the node rebooted in the middle, and a canary has to stay up: " +
                               outcome.detail);
  }
  LastTry end{StateFor(outcome.state), outcome.reason, outcome.detail, {}};
  if (outcome.state == OutcomeState::kNotHeld && ref.job->status.state == JobState::kCancelling) {
    end.state = TaskState::kCancelled;
    end.reason = Reason::kCancelled;
  } else if (outcome.state == OutcomeState::kUnspecified ||
             outcome.state > OutcomeState::kNotHeld) {
    end.reason = Reason::kUnknownOutcome;
  }
  end.outcome = std::move(outcome);
  ref.job->tasks[ref.index].has_outcome = true;
  EndTry(now, ref, std::move(end), actions);
}

// A try is over: the task ends so, or waits for the next.
void Engine::EndTry(Time now, TaskRef ref, LastTry end, Actions* actions) {
  LiveJob& job = *ref.job;
  LiveTask& task = job.tasks[ref.index];
  if (end.state == TaskState::kSucceeded || end.state == TaskState::kAlreadySatisfied)
    return EndWell(now, ref, std::move(end), actions);
  if (!CanTryAgain(now, job, task, end)) {
    const TaskState state = end.state;
    return Change(now, ref, state, std::move(end), actions);
  }
  task.not_before = now + RetryDelay(job.spec.id, task.node->name, task.attempt);
  task.last_try = std::make_unique<LastTry>(end);
  Change(now, ref, TaskState::kPending, std::move(end), actions);
}

// The work of a try is done: the task ends so, or waits for its proof.
void Engine::EndWell(Time now, TaskRef ref, LastTry end, Actions* actions) {
  LiveJob& job = *ref.job;
  LiveTask& task = job.tasks[ref.index];
  if (!job.spec.is_guided) {
    const TaskState state = end.state;
    return Change(now, ref, state, std::move(end), actions);
  }
  task.verifying_since = now;
  task.last_try = std::make_unique<LastTry>(end);
  Change(now, ref, TaskState::kVerifying, std::move(end), actions);
}

bool Engine::CanTryAgain(Time now, const LiveJob& job, const LiveTask& task,
                         const LastTry& end) const {
  const bool is_allowed =
      job.status.state == JobState::kRunning || job.status.state == JobState::kPaused;
  if (!is_allowed || task.attempt > job.spec.policy.retries ||
      !IsTransition(TaskState::kPending, end.state) || !IsRetryable(end.reason) ||
      job.has_too_many_failures()) {
    return false;
  }
  const std::optional<Time> deadline = job.deadline();
  return !deadline || now + RetryDelay(job.spec.id, task.node->name, task.attempt) < *deadline;
}

}  // namespace muster
