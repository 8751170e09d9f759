// The controller's pure core: every job and task, who is attached, and what to do next.
//
// No clock, no thread, no I/O, no randomness: Step and Advance take the time and append actions, which the runner does in the
// order of action.h: commit, send, answer. Time never goes back. Owned by the runner; its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/limits.h"
#include "common/time.h"
#include "controller/engine/action.h"
#include "controller/engine/event.h"
#include "controller/engine/job.h"
#include "controller/engine/record.h"
#include "controller/engine/task.h"

namespace muster {

struct EngineConfig {
  Duration start_within = limits::kStartWithin;
  // From an agent's own deadline until its report must be here.
  Duration report_grace = 15s;
  // After a start of the controller nothing that was sent before it is declared lost for this long: agents are only just coming
  // back.
  Duration restart_grace = 30s;
  // This many sessions that replaced a live one of another incarnation, within the window, are a conflict.
  size_t conflict_replacements = 3;
  Duration conflict_window = 1min;
  // Jobs that have not ended, and their tasks; more are refused.
  size_t max_active_jobs = 1000;
  size_t max_active_tasks = 1'000'000;
  // Ended jobs that are kept in memory for outcomes that come late.
  size_t max_ended_jobs = 100;
  // The newest requests, whose ids are remembered: one that is repeated later makes a second job.
  size_t max_requests = 100'000;
};

class Engine {
 public:
  // `loaded` is what the store holds. Nobody is attached; every clock that runs while a node is away starts at `now`.
  Engine(EngineConfig config, Loaded loaded, Time now);

  // Takes in what happened.
  void Step(Time now, const Event& event, Actions* actions);
  // Does what follows from all that was taken in, and from the time: deadlines, dispatch, jobs that end. Once for each batch of events.
  void Advance(Time now, Actions* actions);
  // When to call Advance even if nothing happens.
  std::optional<Time> NextDeadline() const;

 private:
  struct Node {
    SessionId session = 0;  // 0: away
    Hello hello;            // of the session, or of the last one
    Time away_since{};
    bool is_stored = false;
    std::deque<Time> replacements;  // of live sessions by other incarnations
    bool in_conflict = false;
    bool can_take() const { return session != 0 && !in_conflict; }
  };
  struct Job {
    JobSpec spec;
    JobStatus status;
    std::vector<Task> tasks;   // sorted by node
    std::vector<Node*> nodes;  // of each task
    TaskCounts counts{};
    size_t first_pending = 0;  // no task before it is PENDING
  };

  void On(Time now, const JobSubmitted& event, Actions* actions);
  void On(Time now, const JobActionRequested& event, Actions* actions);
  void On(Time now, const SessionUp& event, Actions* actions);
  void On(Time now, const SessionDown& event, Actions* actions);
  void On(Time now, const ReportReceived& event, Actions* actions);

  absl::Status CheckLimits(const JobSubmitted& event) const;
  void AddJob(JobSpec spec, JobStatus status, std::vector<Task> tasks);
  void RememberRequest(const StoredRequest& request);
  void NoteReplacement(Time now, const Hello& hello, Node& node, Actions* actions);
  void Resend(Time now, Job& job, size_t index, Actions* actions);
  void Reconcile(Time now, Job& job, size_t index, bool is_held, Actions* actions);
  void TakeOutcome(Time now, Job& job, Task& task, const Outcome& outcome, Actions* actions);

  void EndConflicts(Time now, Actions* actions);
  void Expire(Time now, Job& job, size_t index, Actions* actions);
  void Dispatch(Time now, Job& job, Actions* actions);
  void DispatchTask(Time now, Job& job, size_t index, Actions* actions);
  void SendCommand(Time now, Job& job, size_t index, Actions* actions);
  void FinishIfDone(Time now, Job& job, Actions* actions);
  void DropEndedJobs();

  void Change(Time now, Job& job, Task& task, TaskState to, Reason reason, std::string detail,
              Actions* actions);
  void Save(Time now, Job& job, Task& task, Actions* actions);
  void SaveStatus(Job& job, Actions* actions);

  std::optional<Time> DeadlineOf(const Job& job, size_t index) const;
  std::optional<Time> JobDeadline(const Job& job) const;
  Job* FindJob(const std::string& id);
  // The job and the task's index that a key names, if they are in memory.
  std::optional<std::pair<Job*, size_t>> FindTask(const AttemptKey& key);

  EngineConfig config_;
  Time started_;
  uint64_t revision_ = 0;
  size_t active_tasks_ = 0;
  std::map<std::string, Node> nodes_;
  std::map<std::string, Job> jobs_;  // by id, which is by time
  std::set<std::string> active_;     // jobs that have not ended
  std::deque<std::string> ended_;    // in the order in which they ended
  struct Request {
    std::string job;
    std::string digest;
  };
  std::map<std::string, Request> requests_;
  std::deque<std::string> request_order_;  // the keys of requests_, the oldest first
};

}  // namespace muster
