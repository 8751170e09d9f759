// Theory of operation.
//
// A job's tasks wait PENDING, in the order of their nodes. Advance gives free slots to those whose nodes are attached; a slot is taken by
// a task that is in flight on an attached node, so that nodes which go away hold up nobody. What is dispatched is recorded with
// its attempt, incarnation and time before it is sent (the runner commits first); so whatever the controller forgets in
// a crash, it never forgets that it may have sent something.
//
// When a node attaches, each task that is in flight on it is compared with what the agent holds:
//
//   held                              its report will come
//   not held, the same incarnation    it never arrived: send it again until the delivery deadline, then UNDELIVERED (in a job that
//                                     is being cancelled: CANCELLED)
//   not held, another incarnation     never send it again. The unit was started after the first send: ALREADY_SATISFIED
//                                     (REBOOTED); else FAILED (INTERRUPTED)
//
// An attempt that is held and that nobody knows is answered with Settled. One whose task has ended without it will be reported,
// is kept as late_outcome, and then settled.
//
// Deadlines: a PENDING task whose node is away ends UNDELIVERED when the node has been away for the delivery deadline; one in
// flight ends LOST when its agent would long have reported (start_within + execution deadline + grace); with the job's own
// deadline everything ends. After a restart of the controller the clocks of absence start anew and nobody is lost for a while.
#include "controller/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace muster {
namespace {

size_t Index(TaskState state) { return static_cast<size_t>(state); }

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

// If the wall clock was set back since these times were written, they lie ahead, and so would every deadline that counts from them.
void NotAfter(Time now, StoredJob& job) {
  job.spec.created = std::min(job.spec.created, now);
  for (Task& task : job.tasks) {
    task.first_sent = std::min(task.first_sent, now);
    task.last_sent = std::min(task.last_sent, now);
  }
}

}  // namespace

Engine::Engine(EngineConfig config, Loaded loaded, Time now)
    : config_(config), started_(now), revision_(loaded.revision) {
  for (const NodeSeen& seen : loaded.nodes) {
    Node& node = nodes_[seen.node];
    node.hello.node = seen.node;
    node.hello.aliases = seen.aliases;
    node.away_since = now;
    node.is_stored = true;
  }
  for (const StoredRequest& request : loaded.requests) RememberRequest(request);
  for (StoredJob& stored : loaded.jobs) {
    NotAfter(now, stored);
    AddJob(std::move(stored.spec), std::move(stored.status), std::move(stored.tasks));
  }
  DropEndedJobs();
}

void Engine::AddJob(JobSpec spec, JobStatus status, std::vector<Task> tasks) {
  const std::string id = spec.id;
  RememberRequest({spec.request_id, spec.request_digest, id});
  Job& job = jobs_[id];
  job.spec = std::move(spec);
  job.status = std::move(status);
  job.tasks = std::move(tasks);
  for (const Task& task : job.tasks) {
    const auto [it, is_new] = nodes_.try_emplace(task.node);
    if (is_new) it->second.away_since = started_;
    job.nodes.push_back(&it->second);
    ++job.counts[Index(task.state)];
  }
  if (IsTerminal(job.status.state)) {
    ended_.push_back(id);
  } else {
    active_.insert(id);
    active_tasks_ += job.tasks.size();
  }
}

void Engine::RememberRequest(const StoredRequest& request) {
  if (request.request_id.empty()) return;
  const Request entry{request.job, request.request_digest};
  if (!requests_.insert_or_assign(request.request_id, entry).second) return;
  request_order_.push_back(request.request_id);
  if (request_order_.size() <= config_.max_requests) return;
  requests_.erase(request_order_.front());
  request_order_.pop_front();
}

void Engine::Step(Time now, const Event& event, Actions* actions) {
  std::visit([this, now, actions](const auto& e) { On(now, e, actions); }, event);
}

void Engine::On(Time now, const JobSubmitted& event, Actions* actions) {
  if (const auto it = requests_.find(event.spec.request_id); it != requests_.end()) {
    if (it->second.digest == event.spec.request_digest) {
      actions->replies.push_back({event.request, it->second.job});
    } else {
      actions->replies.push_back(
          {event.request, MakeStatus(absl::StatusCode::kAlreadyExists,
                                     "request_id {} was used for another request, which made {}; "
                                     "use a new one",
                                     event.spec.request_id, JobName(it->second.job))});
    }
    return;
  }
  if (absl::Status status = CheckLimits(event); !status.ok()) {
    actions->replies.push_back({event.request, status});
    return;
  }
  // By name, so that a task is found by its node; names have no other order in here.
  std::vector<std::string> nodes = event.nodes;
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::vector<Task> tasks;
  tasks.reserve(nodes.size());
  ++revision_;
  for (const std::string& node : nodes) {
    Task task;
    task.node = node;
    task.updated = now;
    task.revision = revision_;
    tasks.push_back(std::move(task));
  }
  JobStatus status;
  status.revision = revision_;
  actions->records.push_back(JobCreated{event.spec, std::move(nodes), revision_});
  actions->replies.push_back({event.request, event.spec.id});
  AddJob(event.spec, std::move(status), std::move(tasks));
}

absl::Status Engine::CheckLimits(const JobSubmitted& event) const {
  if (active_.size() >= config_.max_active_jobs) {
    return MakeStatus(absl::StatusCode::kResourceExhausted,
                      "{} jobs are running, as many as may; wait for one to end or cancel it",
                      active_.size());
  }
  if (active_tasks_ + event.nodes.size() > config_.max_active_tasks) {
    return MakeStatus(
        absl::StatusCode::kResourceExhausted,
        "{} tasks are running and {} more are asked for, with {} the limit; wait for a job to end "
        "or cancel it",
        active_tasks_, event.nodes.size(), config_.max_active_tasks);
  }
  return absl::OkStatus();
}

void Engine::On(Time now, const JobActionRequested& event, Actions* actions) {
  Job* job = FindJob(event.job);
  if (job == nullptr) {
    // Not in memory is ended or unknown; the API has looked it up, so it has ended, and cancelling that changes nothing.
    actions->replies.push_back({event.request, event.job});
    return;
  }
  actions->replies.push_back({event.request, event.job});
  if (job->status.state != JobState::kRunning) return;
  job->status.state = JobState::kCancelling;
  job->status.detail = fmt::format("cancelled by {}", event.by);
  SaveStatus(*job, actions);
  for (size_t i = 0; i < job->tasks.size(); ++i) {
    Task& task = job->tasks[i];
    if (task.state == TaskState::kPending) {
      Change(now, *job, task, TaskState::kCancelled, Reason::kCancelled,
             fmt::format("cancelled by {} before it was sent", event.by), actions);
    } else if (IsInFlight(task.state) && job->nodes[i]->session != 0) {
      actions->sends.push_back(
          {job->nodes[i]->session,
           Cancel{task.node, {TaskName(job->spec.id, task.node), task.attempt}}});
    }
  }
}

void Engine::On(Time now, const SessionUp& event, Actions* actions) {
  const Hello& hello = event.hello;
  const auto [it, is_new] = nodes_.try_emplace(hello.node);
  Node& node = it->second;
  NoteReplacement(now, hello, node, actions);
  if (!node.is_stored || node.hello.aliases != hello.aliases) {
    node.is_stored = true;
    actions->records.push_back(NodeSeen{hello.node, hello.aliases, now});
  }
  node.session = event.session;
  node.hello = hello;

  const std::set<AttemptKey> held(hello.held.begin(), hello.held.end());
  for (const std::string& id : active_) {
    Job& job = jobs_.at(id);
    const auto task =
        std::lower_bound(job.tasks.begin(), job.tasks.end(), hello.node,
                         [](const Task& t, const std::string& name) { return t.node < name; });
    if (task == job.tasks.end() || task->node != hello.node || !IsInFlight(task->state)) continue;
    const bool is_held = held.contains({TaskName(id, task->node), task->attempt});
    Reconcile(now, job, static_cast<size_t>(task - job.tasks.begin()), is_held, actions);
  }
  for (const AttemptKey& key : hello.held) {
    const auto found = FindTask(key);
    const bool is_known = found && found->first->tasks[found->second].attempt == key.attempt;
    if (!is_known) actions->sends.push_back({event.session, Settled{hello.node, key}});
  }
}

void Engine::NoteReplacement(Time now, const Hello& hello, Node& node, Actions* actions) {
  while (!node.replacements.empty() && now - node.replacements.front() > config_.conflict_window) {
    node.replacements.pop_front();
  }
  if (node.session == 0 || node.hello.incarnation == hello.incarnation) return;
  node.replacements.push_back(now);
  if (node.replacements.size() >= config_.conflict_replacements && !node.in_conflict) {
    node.in_conflict = true;
    node.away_since = now;
    actions->conflicts.push_back({hello.node, true});
  }
}

void Engine::Reconcile(Time now, Job& job, size_t index, bool is_held, Actions* actions) {
  Task& task = job.tasks[index];
  const Node& node = *job.nodes[index];
  const bool is_cancelling = job.status.state == JobState::kCancelling;
  if (is_held) {
    if (is_cancelling) {
      actions->sends.push_back(
          {node.session, Cancel{task.node, {TaskName(job.spec.id, task.node), task.attempt}}});
    }
    return;
  }
  if (node.hello.incarnation == task.incarnation) {
    if (is_cancelling) {
      return Change(now, job, task, TaskState::kCancelled, Reason::kCancelled,
                    "cancelled; the agent had not received it", actions);
    }
    return Resend(now, job, index, actions);
  }
  if (WasStartedWithin(node.hello.status, job.spec.work, now - task.first_sent)) {
    return Change(
        now, job, task, TaskState::kAlreadySatisfied, Reason::kRebooted,
        "the node came back with a new ledger, and its unit was started after the command was sent",
        actions);
  }
  Change(now, job, task, TaskState::kFailed, Reason::kInterrupted,
         "the node came back with a new ledger (rebooted, or its state directory was removed); "
         "whether the command "
         "ran is not known",
         actions);
}

// Sends again what the agent says it does not hold, but not for ever: an agent that dies of the command would come back for it
// each time, and each time is a new deadline.
void Engine::Resend(Time now, Job& job, size_t index, Actions* actions) {
  Task& task = job.tasks[index];
  if (const std::optional<Time> deadline = JobDeadline(job); deadline && now >= *deadline) {
    return Change(now, job, task, TaskState::kUndelivered, Reason::kJobDeadline,
                  "sent, but the agent had not received it by the job's deadline", actions);
  }
  if (now >= std::max(task.first_sent, started_) + job.spec.policy.delivery_deadline) {
    return Change(now, job, task, TaskState::kUndelivered, Reason::kNotHeld,
                  "sent, but the agent had not taken it by the delivery deadline", actions);
  }
  SendCommand(now, job, index, actions);
}

void Engine::On(Time now, const SessionDown& event, Actions*) {
  const auto it = nodes_.find(event.node);
  if (it == nodes_.end() || it->second.session != event.session) return;
  it->second.session = 0;
  it->second.away_since = now;
}

void Engine::On(Time now, const ReportReceived& event, Actions* actions) {
  const Report& report = event.report;
  const auto settle = [&event, &report, actions] {
    actions->sends.push_back({event.session, Settled{report.node, report.key}});
  };
  const auto found = FindTask(report.key);
  if (!found || found->first->tasks[found->second].attempt != report.key.attempt ||
      found->first->tasks[found->second].node != report.node) {
    if (report.outcome) settle();
    return;
  }
  Job& job = *found->first;
  Task& task = job.tasks[found->second];
  if (!report.outcome) {
    if (task.state == TaskState::kDispatched) {
      Change(now, job, task, TaskState::kRunning, Reason::kNone, {}, actions);
    }
    return;
  }
  if (IsInFlight(task.state)) {
    TakeOutcome(now, job, task, *report.outcome, actions);
  } else if (IsTerminal(task.state) && !task.outcome && !task.late_outcome &&
             report.outcome->state != OutcomeState::kNotHeld) {
    task.late_outcome = report.outcome;
    Save(now, job, task, actions);
  }
  settle();
}

void Engine::TakeOutcome(Time now, Job& job, Task& task, const Outcome& outcome, Actions* actions) {
  TaskState state = StateFor(outcome.state);
  Reason reason = outcome.reason;
  if (outcome.state == OutcomeState::kNotHeld && job.status.state == JobState::kCancelling) {
    state = TaskState::kCancelled;
    reason = Reason::kCancelled;
  } else if (outcome.state == OutcomeState::kUnspecified ||
             outcome.state > OutcomeState::kNotHeld) {
    reason = Reason::kUnknownOutcome;
  }
  task.outcome = outcome;
  Change(now, job, task, state, reason, outcome.detail, actions);
}

void Engine::Change(Time now, Job& job, Task& task, TaskState to, Reason reason, std::string detail,
                    Actions* actions) {
  if (!IsTransition(task.state, to)) return;
  --job.counts[Index(task.state)];
  ++job.counts[Index(to)];
  task.state = to;
  task.reason = reason;
  task.detail = std::move(detail);
  Save(now, job, task, actions);
}

void Engine::Save(Time now, Job& job, Task& task, Actions* actions) {
  task.updated = now;
  task.revision = ++revision_;
  job.status.revision = revision_;
  actions->records.push_back(TaskChanged{job.spec.id, task});
}

void Engine::SaveStatus(Job& job, Actions* actions) {
  job.status.revision = ++revision_;
  actions->records.push_back(JobChanged{job.spec.id, job.status});
}

Engine::Job* Engine::FindJob(const std::string& id) {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}

std::optional<std::pair<Engine::Job*, size_t>> Engine::FindTask(const AttemptKey& key) {
  // "jobs/{id}/tasks/{node}"
  constexpr std::string_view kJobs = "jobs/";
  constexpr std::string_view kTasks = "/tasks/";
  const size_t slash = key.task.find(kTasks);
  if (!key.task.starts_with(kJobs) || slash == std::string::npos) return std::nullopt;
  Job* job = FindJob(key.task.substr(kJobs.size(), slash - kJobs.size()));
  if (job == nullptr) return std::nullopt;
  const std::string node = key.task.substr(slash + kTasks.size());
  const auto task =
      std::lower_bound(job->tasks.begin(), job->tasks.end(), node,
                       [](const Task& t, const std::string& name) { return t.node < name; });
  if (task == job->tasks.end() || task->node != node) return std::nullopt;
  return std::pair(job, static_cast<size_t>(task - job->tasks.begin()));
}

}  // namespace muster
