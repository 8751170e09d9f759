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
#include <unordered_map>
#include <vector>

#include "common/limits.h"
#include "common/time.h"
#include "controller/engine/action.h"
#include "controller/engine/alarm_queue.h"
#include "controller/engine/event.h"
#include "controller/engine/job.h"
#include "controller/engine/live_job.h"
#include "controller/engine/record.h"
#include "controller/engine/request_memory.h"
#include "controller/engine/task.h"

namespace muster {

struct EngineConfig {
  Duration start_within = limits::kStartWithin;
  // From an agent's own deadline until its report must be here.
  Duration report_grace = 15s;
  // After a start of the controller nothing that was sent before it is declared lost for this long: agents are only just coming
  // back.
  Duration restart_grace = 30s;  // or more, with a large fleet
  // This many sessions that replaced a live one of another incarnation, within the window, are a conflict.
  size_t conflict_replacements = 3;
  Duration conflict_window = 1min;
  // Jobs that have not ended, and their tasks; more are refused.
  size_t max_active_jobs = 1000;
  size_t max_active_tasks = 1'000'000;
  // Ended jobs with tasks LOST that are kept in memory, for their outcomes may yet come.
  size_t max_ended_jobs = 100;
  // The newest requests, whose ids are remembered: one that is repeated later makes a second job.
  size_t max_requests = 100'000;
};

class Engine {
 public:
  // `loaded` is what the store holds. Nobody is attached; every clock that runs while a node is away starts at `now`.
  Engine(EngineConfig config, Loaded loaded, Time now);
  Engine(Engine&&) = default;

  // Takes in what happened.
  void Step(Time now, Event event, Actions* actions);
  // Does what follows from all that was taken in, and from the time: deadlines, dispatch, jobs that end. Once for each batch of events.
  void Advance(Time now, Actions* actions);
  // When to call Advance even if nothing happens. It may be early.
  std::optional<Time> NextDeadline() const;

  // Every job in memory, for whoever checks the engine against what it should be.
  const std::map<std::string, LiveJob>& jobs() const { return jobs_; }

 private:
  void On(Time now, JobSubmitted event, Actions* actions);
  void On(Time now, JobActionRequested event, Actions* actions);
  void On(Time now, SessionUp event, Actions* actions);
  void On(Time now, SessionDown event, Actions* actions);
  void On(Time now, ReportReceived event, Actions* actions);
  void On(Time now, PaceSet event, Actions* actions);
  void On(Time now, ProofGiven event, Actions* actions);

  // Memory.
  absl::Status CheckLimits(const JobSubmitted& event) const;
  LiveJob& AddJob(JobSpec spec, JobStatus status, TokenBucket bucket);
  void AddTask(LiveJob& job, LiveTask task);
  void Prepare(Time now, LiveJob& job, const std::vector<std::string>& names);
  void LoadJob(Time now, StoredJob stored);
  LiveNode& NodeOf(const std::string& name);
  LiveJob* FindJob(const std::string& id);
  // The task that a key names, if it is in memory.
  std::optional<TaskRef> FindTask(const std::string& node, const AttemptKey& key);
  void KeepLost(LiveJob& job);
  void Forget(const std::string& job);

  // What operators want of a job.
  absl::Status Act(Time now, LiveJob& job, const JobActionRequested& event, Actions* actions);
  void Cancel(Time now, LiveJob& job, const std::string& by, Actions* actions);
  void Resume(Time now, LiveJob& job, Actions* actions);

  // Sessions and what comes from them.
  void NoteAhead(const std::string& node, const AttemptKey& key);
  bool IsAhead(TaskRef ref, uint32_t attempt) const;
  void SettleAhead(TaskRef ref, Actions* actions) const;
  void NoteReplacement(Time now, const Hello& hello, LiveNode& node, Actions* actions);
  void SetSession(LiveNode& node, SessionId session);
  void RefreshNode(Time now, LiveNode& node);
  void Reconcile(Time now, TaskRef ref, const Hello& hello, bool is_held, Actions* actions);
  void TakeOutcome(Time now, TaskRef ref, Outcome outcome, Actions* actions);
  void EndTry(Time now, TaskRef ref, LastTry end, Actions* actions);
  void EndWell(Time now, TaskRef ref, LastTry end, Actions* actions);
  bool CanTryAgain(Time now, const LiveJob& job, const LiveTask& task, const LastTry& end) const;

  // Dispatch.
  void Refresh(Time now, TaskRef ref);
  void Dispatch(Time now, LiveJob& job, Actions* actions);
  std::optional<uint32_t> NextToStart(Time now, LiveJob& job);
  std::optional<uint32_t> NextCanary(LiveJob& job) const;
  const LiveJob* Rival(TaskRef ref) const;
  bool MayStart(Time now, TaskRef ref, Actions* actions);
  void Start(Time now, TaskRef ref, Actions* actions);
  bool HasToken(Time now, LiveJob& job);
  void Resend(Time now, LiveJob& job, Actions* actions);
  void SendCommand(Time now, TaskRef ref, Actions* actions);
  void SendCancel(TaskRef ref, Actions* actions) const;
  void StopForFailures(Time now, LiveJob& job, Actions* actions);
  void FinishIfDone(Time now, LiveJob& job, Actions* actions);

  // Deadlines.
  void EndConflicts(Time now, Actions* actions);
  void RingAlarms(Time now, Actions* actions);
  void Arm(Time now, TaskRef ref);
  void ArmJob(LiveJob& job, Time at);
  std::optional<Time> DeadlineOf(Time now, const LiveJob& job, const LiveTask& task) const;
  void Expire(Time now, TaskRef ref, Actions* actions);

  // Changes. Each is a record and a revision.
  void Move(LiveJob& job, LiveTask& task, TaskState to);
  void Change(Time now, TaskRef ref, TaskState to, LastTry why, Actions* actions);
  // Ends a PENDING task: as its last try did, if there was one.
  void EndPending(Time now, TaskRef ref, TaskState to, Reason reason, std::string detail,
                  Actions* actions);
  void Save(Time now, TaskRef ref, LastTry why, Actions* actions);
  void SaveStatus(LiveJob& job, Actions* actions);

  EngineConfig config_;
  Time started_;
  uint64_t revision_ = 0;
  size_t active_jobs_ = 0;
  size_t active_tasks_ = 0;
  std::unordered_map<std::string, LiveNode> nodes_;
  std::set<std::string> in_conflict_;    // nodes
  std::map<std::string, LiveJob> jobs_;  // by id, which is by time
  std::unordered_map<uint32_t, LiveJob*> by_number_;
  uint32_t next_number_ = 0;
  std::set<uint32_t> changed_;     // jobs that Advance has to look at, by number
  std::deque<std::string> ended_;  // jobs in memory that have ended, in that order
  AlarmQueue alarms_;
  RequestMemory requests_;
};

}  // namespace muster
