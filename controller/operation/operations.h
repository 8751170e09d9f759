// All operations that have not ended, beside the engine. Pure: no clock, no thread, no I/O.
//
// In each batch the runner lets it take what came; then it steps the engine with its events, shows it the engine's records and has it advance;
// again, until there are no more events. Owned by the runner; its thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "controller/engine/engine.h"
#include "controller/engine/request_memory.h"
#include "controller/operation/action.h"
#include "controller/operation/content_phase.h"
#include "controller/operation/resubscription.h"

namespace muster {

// An operator's operation, checked and resolved. Answered by Reply with its id. FAILED_PRECONDITION while another one of its kind runs: two
// would work against each other.
struct OperationSubmitted {
  RequestId request = 0;
  OperationSpec spec;
  std::vector<std::string> remarks = {};  // its first notes
};

// Answered by Reply. One that has ended is left as it is.
struct OperationCancelled {
  RequestId request = 0;
  std::string operation;
  std::string by;
};

using OperationEvent = std::variant<OperationSubmitted, OperationCancelled, ServiceNews>;

// What the store gives back at start: the operations that have not ended, and the requests that made the newest.
struct LoadedOperations {
  std::vector<OperationRecord> operations;
  std::vector<StoredRequest> requests;
};

class Operations {
 public:
  // `engine` is only looked at, and only here.
  Operations(LoadedOperations loaded, const Engine& engine, Time now);

  void Step(Time now, OperationEvent event, OperationActions* actions);
  void Observe(Time now, const Record& record);
  void Advance(Time now, OperationActions* actions);
  std::optional<Time> NextDeadline() const;

 private:
  void On(Time now, OperationSubmitted event, OperationActions* actions);
  void On(Time now, OperationCancelled event, OperationActions* actions);
  void On(Time now, ServiceNews event, OperationActions* actions);
  void Add(std::shared_ptr<const OperationSpec> spec, OperationStatus status, const Engine* engine,
           Time now);

  using Procedure = std::variant<Resubscription, ContentPhase>;

  std::map<std::string, Procedure> running_;                       // by id
  std::unordered_map<std::string, std::string> operation_of_job_;  // ids
  RequestMemory requests_;
};

}  // namespace muster
