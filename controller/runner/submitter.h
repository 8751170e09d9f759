// How requests of operators and news of agents reach the runner. Implemented by Runner. Any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/engine/event.h"
#include "controller/engine/job.h"
#include "controller/operation/operation.h"

namespace muster {

// Called once, on the runner's thread when what it says is durable, or at once on the caller's with an error; must not block.
using JobDone = std::function<void(absl::StatusOr<std::string> job_id)>;

// What the operators' API asks of the runner. RESOURCE_EXHAUSTED at once, by `done`, when its mailbox is full, and UNAVAILABLE when
// it is stopping.
class JobControl {
 public:
  virtual ~JobControl() = default;
  // Answers with the id of the new job, or of the one that was made with the same request_id and digest; ALREADY_EXISTS
  // if the request_id was used for something else.
  virtual void Submit(JobSpec spec, std::vector<std::string> nodes, JobDone done) = 0;
  // On a job that is known to exist. FAILED_PRECONDITION where its state does not allow the action.
  virtual void Act(JobAction action, const std::string& job_id, const std::string& by,
                   JobDone done) = 0;

  // Answers with the id of the operation, likewise; FAILED_PRECONDITION while another one of its kind is under way. `remarks` become its
  // first notes.
  virtual void SubmitOperation(OperationSpec spec, std::vector<std::string> remarks,
                               JobDone done) = 0;
  // On an operation that is known to exist.
  virtual void CancelOperation(const std::string& id, const std::string& by, JobDone done) = 0;

  // Calls `changed` on the runner's thread, shortly and without blocking, after each commit that touched the job or operation, until
  // Unsubscribe returns.
  using SubscriptionId = uint64_t;
  virtual SubscriptionId Subscribe(const std::string& id, std::function<void()> changed) = 0;
  virtual void Unsubscribe(SubscriptionId id) = 0;
};

// What sessions tell the runner. False when the mailbox is full: the session must be closed, its agent will attach again.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  // SessionDown is always taken: post one for each SessionUp that was, and no other.
  virtual bool Post(Event event) = 0;
};

}  // namespace muster
