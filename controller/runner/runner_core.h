// What the runner does with a batch, without its thread, its mailbox and its store: the engine, who waits for an answer, and the order
// of things. Each phase is a call of its own, so that a simulation can stop the controller dead between any two.
//
//   Take each mail of the batch, Advance  ->  commit records() and operations()  ->  Deliver: conflicts, sends, calls, answers
//
// What Deliver says is never taken back, so records() must be durable before it, and a batch that is not committed must be the
// core's last. Owned by the runner; its thread only.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "common/time.h"
#include "controller/engine/engine.h"
#include "controller/inventory/node_registry.h"
#include "controller/operation/content_records.h"
#include "controller/operation/operations.h"
#include "controller/operation/service_caller.h"
#include "controller/runner/mailbox.h"
#include "controller/runner/submitter.h"
#include "controller/session/transport.h"

namespace muster {

class RunnerCore {
 public:
  // What is lent outlives the core. Without `services` no operation that needs one may be submitted, and none is loaded; without `records`
  // none on content.
  RunnerCore(Engine engine, Transport& transport, NodeRegistry& nodes,
             ServiceCaller* services = nullptr, LoadedOperations operations = {}, Time now = {},
             ContentRecords* records = nullptr);

  // When to Advance even if no mail comes.
  std::optional<Time> NextDeadline() const;

  void Take(Time now, Mail mail);
  void Advance(Time now);
  const std::vector<Record>& records() const { return actions_.records; }
  const std::vector<OperationRecord>& operations() const { return operation_actions_.records; }
  struct Batch {
    std::vector<Record> records;
    std::vector<OperationRecord> operations;
  };
  // Ends the batch and gives its records back, for those who watch.
  Batch Deliver();

  // Answers everybody who waits, and forgets them.
  void AnswerAll(const absl::Status& status);

  const Engine& engine() const { return engine_; }

 private:
  template <typename Request>
  auto Await(Request* request);
  bool AddRecord(Command* command);

  Transport& transport_;
  NodeRegistry& nodes_;
  ServiceCaller* services_;
  ContentRecords* content_;
  Engine engine_;
  Operations operations_;
  Actions actions_;  // of this batch
  OperationActions operation_actions_;
  size_t observed_ = 0;  // records of this batch that the operations have seen
  RequestId next_request_ = 1;
  std::map<RequestId, JobDone> waiting_;
};

}  // namespace muster
