// What operations want done. The runner does it with the engine's actions of the same batch: the events are stepped by the engine, the records
// are committed with the engine's, and calls and answers come after that.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/engine/action.h"
#include "controller/engine/event.h"
#include "controller/operation/operation.h"
#include "controller/operation/service_news.h"

namespace muster {

// An operation is now so. The first record of an id makes it.
struct OperationRecord {
  std::shared_ptr<const OperationSpec> spec;
  OperationStatus status;
  bool is_new = false;
};

struct ServiceCallWanted {
  std::string operation;
  ServiceCall call{};
  std::shared_ptr<const BosSession> session = nullptr;  // of calls to BOS
};

struct OperationActions {
  std::vector<Event> events;
  std::vector<OperationRecord> records;
  std::vector<ServiceCallWanted> calls;
  std::vector<Reply> replies;
};

}  // namespace muster
