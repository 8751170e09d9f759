// One operation on projected content: the phase before a rebuild of CPS's etcd, or the one after it. Pure; owned by Operations.
//
//   unmount   record            a job has every node say what is mounted; its tasks' outcomes are the records, durable before anything is
//                               unmounted
//             find servers      CPS says which workers serve it
//             unmount           a job unmounts it where there is any, by the records
//             unmount servers   the same on those workers, never on so many at once that too few are left alone
//             shut down         a session of BOS shuts down the nodes that have their root on it
//   remount   CPS ready         CPS is well, and enough workers serve it
//             remount           a job mounts it again, by the records
//             boot              a session of BOS boots the nodes that have their root on it
//
// The steps of CPS and BOS are there if the operator wants them (content_steps.h). A node that fails in one step does not hold up the others:
// what the phase has come to is for the gate to say (content_gate.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/engine/engine.h"
#include "controller/engine/record.h"
#include "controller/operation/action.h"
#include "controller/operation/content_steps.h"
#include "controller/operation/operation.h"
#include "controller/operation/service_news.h"
#include "controller/operation/service_wait.h"

namespace muster {

// For how long CPS may be asked who serves it, and be waited for before anything is mounted again. An etcd that is replaced takes minutes.
inline constexpr Duration kFindServersDeadline = 2min;
inline constexpr Duration kCpsDeadline = 30min;

class ContentPhase {
 public:
  static OperationStatus NewStatus(const ContentSpec& spec);

  // Goes on where `status` says; `engine` has the job of that step if it is under way, and is only looked at here. Null for a new one.
  // What waits for a service gets its whole time anew.
  ContentPhase(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
               const Engine* engine, Time now);

  // What a service has answered.
  void Take(Time now, const ServiceNews& news, OperationActions*);
  // A change of one of its jobs, or of a task of them.
  void Take(Time now, const Record& record);
  // Starts nothing more; ends when its job has.
  void Cancel(Time now, const std::string& by, OperationActions* actions);
  void Advance(Time now, OperationActions* actions);
  std::optional<Time> NextDeadline() const;

  const OperationSpec& spec() const { return *spec_; }
  const OperationStatus& status() const { return status_; }

 private:
  struct TaskEnd {
    TaskState state{};
    Reason reason{};
  };

  const ContentSpec& asked() const { return *spec_->content; }
  bool is_over() const { return current_ == steps_.size(); }
  OperationStep& step() { return status_.steps[current_]; }
  ContentStep kind() const { return steps_[current_]; }
  // Of the step that is this; null if the phase has none.
  OperationStep* Find(ContentStep kind);
  // Empty: the current step is no job.
  const std::string& CurrentJob() const;
  // Whom the current step is about.
  std::vector<std::string> NodesNow();

  void Begin(Time now, OperationActions* actions);
  // `is_resumed`: it was begun in an earlier life of the controller.
  void BeginWait(Time now, bool is_resumed);
  void BeginJob(Time now, OperationActions* actions);
  Work WorkNow() const;
  Policy PolicyNow() const;
  void OnWaitEnded(Time now, OperationActions* actions);
  void SplitServers(const std::vector<std::string>& servers);
  void OnJobEnded(const JobStatus& job);
  void OnRecorded();
  void NoteRooted();
  void EndStep(OperationState state, std::string detail);
  void Say(const std::string& detail);
  std::string Ends() const;
  void CancelRest();
  void Finish(Time now);

  const std::shared_ptr<const OperationSpec> spec_;
  const std::vector<ContentStep> steps_;
  OperationStatus status_;
  size_t current_ = 0;         // step
  bool is_submitted_ = false;  // its job, with the events that the engine has not been shown yet
  bool has_job_ = false;
  bool is_changed_ = false;
  bool is_cancelled_ = false;
  std::unique_ptr<ServiceWait> wait_;    // of a step that asks a service
  size_t servers_ = 0;                   // workers that served CPS when it was asked last
  std::map<std::string, TaskEnd> ends_;  // of the step's job, by node
};

}  // namespace muster
