// Theory of operation.
//
// A job's tasks wait PENDING. Those whose node is attached are ready, and Advance starts ready ones as far as the policy lets it: a
// slot is free (max_parallel, or less on the ramp), the rate has a token, nobody else has the same unit of the node under way,
// and the canaries have been proven or this is one of them. A slot is held by a task that is in flight on an attached node, so that nodes
// which go away hold up nobody. What is started is recorded with its attempt, incarnation and time before it is sent (the runner
// commits first); so whatever the controller forgets in a crash, it never forgets that it may have sent something.
//
// When a node attaches, each task that is in flight on it is compared with what the agent holds:
//
//   held                              its report will come
//   not held, the same incarnation    it never arrived: send it again, under the policy's limits, until the delivery deadline, then
//                                     UNDELIVERED (in a job that is being cancelled, or has too many failures: CANCELLED)
//   not held, another incarnation     never send it again. The unit was started after the first send: ALREADY_SATISFIED
//                                     (REBOOTED), if it is no canary; else the try ended INTERRUPTED
//
// An attempt that is held and that nobody knows is answered with Settled, but for one that the task may still come to. One whose task
// has ended without it will be reported, is kept as late_outcome, and then settled.
//
// A try that failed for a reason that may pass goes back to PENDING while the policy has retries left, and waits for its backoff.
// What it came to is kept, for the task ends so if there is no other try: the operator cancels, the node stays away, too many others fail.
//
// Deadlines: a PENDING task whose node is away ends UNDELIVERED when the node has been away for the delivery deadline; one in
// flight ends LOST when its agent would long have reported (start_within + execution deadline + grace); with the job's own
// deadline everything ends. After a restart of the controller the clocks of absence start anew and nobody is lost for a while.
//
// Nothing of the policy is remembered but what the tasks tell: the wave of the ramp, the stage of the canaries and the number of failures are
// computed from the counts, so that they are the same after a restart.
//
// This file: memory, and what operators ask for. Sessions are in attach.cc, starting and ending in dispatch.cc, time in deadlines.cc.
#include "controller/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/limits.h"
#include "controller/engine/spread.h"

namespace muster {
namespace {

// If the wall clock was set back since these times were written, they lie ahead, and so would every deadline that counts from them.
void NotAfter(Time now, StoredJob& job) {
  job.spec.created = std::min(job.spec.created, now);
  for (Task& task : job.tasks) {
    task.first_sent = std::min(task.first_sent, now);
    task.last_sent = std::min(task.last_sent, now);
    task.updated = std::min(task.updated, now);
  }
}

// The bucket of a job that has been running: empty since its last start, whatever had been saved up before it.
TokenBucket BucketOf(const StoredJob& job, Time now) {
  std::optional<Time> last;
  for (const Task& task : job.tasks) {
    if (task.attempt > 0) last = std::max(last.value_or(Time()), task.first_sent);
  }
  const Rate& rate = job.spec.policy.rate;
  return last ? TokenBucket(rate, *last) : TokenBucket::ForNewJob(rate, now);
}

std::unique_ptr<LastTry> LastTryOf(Task& task) {
  TaskState state = task.outcome ? StateFor(task.outcome->state) : TaskState::kFailed;
  if (task.state == TaskState::kVerifying && !task.outcome) {
    state = TaskState::kAlreadySatisfied;  // REBOOTED, which no agent reports
  } else if (task.state == TaskState::kPending && !IsTransition(TaskState::kPending, state)) {
    state = TaskState::kFailed;  // the agent had done it, and the proof failed
  }
  return std::make_unique<LastTry>(
      LastTry{state, task.reason, std::move(task.detail), std::move(task.outcome)});
}

}  // namespace

Engine::Engine(EngineConfig config, Loaded loaded, Time now)
    : config_(config),
      started_(now),
      revision_(loaded.revision),
      requests_(config.max_requests, JobName) {
  nodes_.reserve(loaded.nodes.size());
  for (const NodeSeen& seen : loaded.nodes) {
    LiveNode& node = NodeOf(seen.node);
    node.aliases = seen.aliases;
    node.is_stored = true;
  }
  // Everybody comes back within the window of limits::kReconnectPerAgent; twice that, for those who fail at first.
  const auto fleet = static_cast<int64_t>(loaded.nodes.size());
  config_.restart_grace =
      std::max<Duration>(config_.restart_grace, 2 * fleet * limits::kReconnectPerAgent);
  for (const StoredRequest& request : loaded.requests) requests_.Remember(request);
  for (StoredJob& stored : loaded.jobs) {
    NotAfter(now, stored);
    LoadJob(now, std::move(stored));
  }
}

LiveNode& Engine::NodeOf(const std::string& name) {
  const auto [it, is_new] = nodes_.try_emplace(name);
  if (is_new) {
    it->second.name = name;
    it->second.away_since = started_;
    it->second.incarnation = std::make_shared<const std::string>();
  }
  return it->second;
}

LiveJob& Engine::AddJob(JobSpec spec, JobStatus status, TokenBucket bucket) {
  requests_.Remember({spec.request_id, spec.request_digest, spec.id});
  const std::string id = spec.id;
  const uint32_t number = next_number_++;
  LiveJob& job =
      jobs_
          .emplace(std::piecewise_construct, std::forward_as_tuple(id),
                   std::forward_as_tuple(std::move(spec), std::move(status), number, bucket))
          .first->second;
  by_number_.emplace(number, &job);
  changed_.insert(number);
  return job;
}

void Engine::AddTask(LiveJob& job, LiveTask task) {
  const TaskRef ref{&job, static_cast<uint32_t>(job.tasks.size())};
  if (!IsTerminal(task.state)) task.node->tasks.push_back(ref);
  job.Recount(task);
  job.tasks.push_back(std::move(task));
}

void Engine::LoadJob(Time now, StoredJob stored) {
  const TokenBucket bucket = BucketOf(stored, now);
  LiveJob& job = AddJob(std::move(stored.spec), std::move(stored.status), bucket);
  job.tasks.reserve(stored.tasks.size());
  std::vector<std::string> names;
  for (Task& from : stored.tasks) {
    LiveTask task;
    task.node = &NodeOf(from.node);
    task.incarnation = std::make_shared<const std::string>(std::move(from.incarnation));
    task.first_sent = from.first_sent;
    task.last_sent = from.last_sent;
    task.execution_deadline = from.execution_deadline;
    task.attempt = from.attempt;
    task.state = from.state;
    task.has_outcome = from.outcome || from.late_outcome;
    if (from.state == TaskState::kPending && from.attempt > 0) {
      task.last_try = LastTryOf(from);
      task.not_before = from.updated + RetryDelay(job.spec.id, from.node, from.attempt);
    }
    if (IsInFlight(from.state) || IsTerminal(from.state)) task.reason = from.reason;
    if (from.state == TaskState::kVerifying) {
      // What the agent reported has no reason: then it is the one for which there was another try.
      if (from.outcome && from.outcome->reason == Reason::kNone)
        task.reason = std::exchange(from.reason, Reason::kNone);
      task.last_try = LastTryOf(from);
      task.verifying_since = from.updated;
    }
    AddTask(job, std::move(task));
    names.push_back(std::move(from.node));
  }
  Prepare(now, job, names);
}

// What a job needs beside its tasks before it can be run.
void Engine::Prepare(Time now, LiveJob& job, const std::vector<std::string>& names) {
  if (IsTerminal(job.status.state)) {
    ended_.push_back(job.spec.id);
    return;
  }
  job.ready = ReadySet(job.tasks.size());
  job.canary_size = CanarySize(job.spec.policy, job.size());
  if (job.canary_size > 0) job.canary_order = SpreadOverCabinets(names);
  ++active_jobs_;
  active_tasks_ += job.tasks.size();
  for (uint32_t i = 0; i < job.size(); ++i) {
    Refresh(now, {&job, i});
    Arm(now, {&job, i});
  }
  if (const std::optional<Time> deadline = job.deadline()) ArmJob(job, *deadline);
}

LiveJob* Engine::FindJob(const std::string& id) {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}

// An ended job leaves memory.
void Engine::Forget(const std::string& id) {
  const auto it = jobs_.find(id);
  by_number_.erase(it->second.number);
  changed_.erase(it->second.number);
  jobs_.erase(it);
}

// Of an ended job only the tasks whose outcome may yet come, as after a reload. No alarm of its rings any more.
void Engine::KeepLost(LiveJob& job) {
  by_number_.erase(job.number);
  std::erase_if(job.tasks, [](const LiveTask& task) { return task.state != TaskState::kLost; });
  job.tasks.shrink_to_fit();
  job.ready = ReadySet();
  job.canary_order = {};
  job.counts = {};
  job.started_ended = 0;
  for (const LiveTask& task : job.tasks) job.Recount(task);
}

void Engine::Step(Time now, Event event, Actions* actions) {
  std::visit([this, now, actions](auto& e) { On(now, std::move(e), actions); }, event);
}

void Engine::On(Time now, JobSubmitted event, Actions* actions) {
  if (const auto made = requests_.Find(event.spec.request_id, event.spec.request_digest)) {
    actions->replies.push_back({event.request, *made});
    return;
  }
  if (absl::Status status = CheckLimits(event); !status.ok()) {
    actions->replies.push_back({event.request, status});
    return;
  }
  // By name, so that a task is found by its node; names have no other order in here.
  std::vector<std::string> nodes = std::move(event.nodes);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());

  LiveJob& job = AddJob(event.spec, {}, TokenBucket::ForNewJob(event.spec.policy.rate, now));
  job.status.revision = ++revision_;
  job.tasks.reserve(nodes.size());
  for (const std::string& name : nodes) {
    LiveTask task;
    task.node = &NodeOf(name);
    AddTask(job, std::move(task));
  }
  Prepare(now, job, nodes);
  actions->records.push_back(JobCreated{event.spec, std::move(nodes), revision_});
  actions->replies.push_back({event.request, event.spec.id});
}

absl::Status Engine::CheckLimits(const JobSubmitted& event) const {
  if (active_jobs_ >= config_.max_active_jobs) {
    return MakeStatus(absl::StatusCode::kResourceExhausted,
                      "{} jobs are running, as many as may; wait for one to end or cancel it",
                      active_jobs_);
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

void Engine::On(Time now, JobActionRequested event, Actions* actions) {
  // One that is not in memory has ended: the API has looked it up.
  LiveJob* job = FindJob(event.job);
  const bool is_active = job != nullptr && !IsTerminal(job->status.state);
  absl::Status status;
  if (is_active) {
    status = Act(now, *job, event, actions);
  } else if (event.action == JobAction::kDelete) {
    actions->records.push_back(JobDeleted{event.job});
    if (job != nullptr) {
      std::erase(ended_, event.job);
      Forget(event.job);
    }
  } else if (event.action != JobAction::kCancel) {
    status = MakeStatus(absl::StatusCode::kFailedPrecondition, "{} has ended", JobName(event.job));
  }
  if (status.ok()) {
    actions->replies.push_back({event.request, event.job});
  } else {
    actions->replies.push_back({event.request, status});
  }
}

absl::Status Engine::Act(Time now, LiveJob& job, const JobActionRequested& event,
                         Actions* actions) {
  const JobState state = job.status.state;
  if (event.action == JobAction::kDelete) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} is {}: only a job that has ended can be deleted; cancel it first",
                      JobName(event.job), Name(state));
  }
  if (event.action == JobAction::kCancel) {
    if (state != JobState::kCancelling) Cancel(now, job, event.by, actions);
    return absl::OkStatus();
  }
  if (state == JobState::kCancelling) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{} is being cancelled",
                      JobName(event.job));
  }
  if (event.action == JobAction::kPause && job.is_stopped()) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} starts nothing more, it is {}; what runs cannot be paused",
                      JobName(event.job), job.status.detail);
  }
  if (event.action == JobAction::kPause && state == JobState::kRunning) {
    job.status.state = JobState::kPaused;
    job.status.detail = fmt::format("paused by {}", event.by);
    SaveStatus(job, actions);
  } else if (event.action == JobAction::kResume && state == JobState::kPaused) {
    Resume(now, job, actions);
  }
  return absl::OkStatus();
}

void Engine::Resume(Time now, LiveJob& job, Actions* actions) {
  job.status.state = JobState::kRunning;
  job.status.detail.clear();
  job.resumed = now;
  SaveStatus(job, actions);
  for (uint32_t i = 0; i < job.size(); ++i) Arm(now, {&job, i});
}

void Engine::Cancel(Time now, LiveJob& job, const std::string& by, Actions* actions) {
  const std::string stopped = job.is_stopped() ? job.status.detail + "; " : "";
  job.status.state = JobState::kCancelling;
  job.status.detail = fmt::format("{}cancelled by {}", stopped, by);
  SaveStatus(job, actions);
  for (uint32_t i = 0; i < job.size(); ++i) {
    const TaskRef ref{&job, i};
    if (job.tasks[i].state == TaskState::kPending) {
      EndPending(now, ref, TaskState::kCancelled, Reason::kCancelled,
                 fmt::format("cancelled by {} before it was sent", by), actions);
    } else if (job.resends.contains(i)) {
      Change(now, ref, TaskState::kCancelled,
             {{},
              Reason::kCancelled,
              fmt::format("cancelled by {}; the agent had not received it", by),
              {}},
             actions);
    } else if (IsInFlight(job.tasks[i].state)) {
      SendCancel(ref, actions);
    }
  }
}

}  // namespace muster
