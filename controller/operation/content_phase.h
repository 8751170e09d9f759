// One operation on projected content: the phase before a rebuild of CPS's etcd, or the one after it. Pure; owned by Operations.
//
//   unmount   record    a job has every node say what is mounted; its tasks' outcomes are the records, durable before anything is unmounted
//             unmount   a job unmounts it where there is any, by the records
//   remount   remount   a job mounts it again, by the records
//
// A node that fails in one step does not hold up the others: what the phase has come to is for the gate to say (content_gate.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/engine/engine.h"
#include "controller/engine/record.h"
#include "controller/operation/action.h"
#include "controller/operation/operation.h"
#include "controller/operation/service_news.h"

namespace muster {

class ContentPhase {
 public:
  static OperationStatus NewStatus(const ContentSpec& spec);

  // Goes on where `status` says; `engine` has the job of that step if it is under way, and is only looked at here. Null for a new one.
  ContentPhase(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
               const Engine* engine, Time now);

  // It asks no service for anything.
  void Take(Time, const ServiceNews&, OperationActions*) {}
  // A change of one of its jobs, or of a task of them.
  void Take(Time now, const Record& record);
  // Starts nothing more; ends when its job has.
  void Cancel(Time now, const std::string& by, OperationActions* actions);
  void Advance(Time now, OperationActions* actions);
  std::optional<Time> NextDeadline() const { return std::nullopt; }

  const OperationSpec& spec() const { return *spec_; }
  const OperationStatus& status() const { return status_; }

 private:
  const ContentSpec& asked() const { return *spec_->content; }
  OperationStep& step() { return status_.steps[current_]; }
  bool is_recording() const { return asked().is_unmount && current_ == 0; }
  const std::string& CurrentJob() const {
    return is_recording() ? asked().record_job : asked().job;
  }

  void Begin(Time now, OperationActions* actions);
  std::vector<std::string> NodesOfStep() const;
  void EndStep(OperationState state, std::string detail);
  void OnJobEnded(const JobStatus& job);
  std::string Ends() const;
  void Finish(Time now);

  const std::shared_ptr<const OperationSpec> spec_;
  OperationStatus status_;
  size_t current_ = 0;  // step
  bool has_job_ = false;
  bool is_changed_ = false;
  bool is_cancelled_ = false;
  std::map<std::string, TaskState> ends_;  // of the step's job, by node
  std::vector<std::string> recorded_;      // nodes that have content and whose record is kept
};

}  // namespace muster
