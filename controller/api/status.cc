// GetStatus: the controller's own state.
#include "common/version.h"
#include "controller/api/controller_service.h"
#include "controller/store/policy_proto.h"

namespace muster {

v1::ControllerStatus ControllerService::Status() const {
  v1::ControllerStatus status;
  status.set_version(kVersion);
  status.mutable_epoch()->set_store_id(options_.epoch.store_id);
  status.mutable_epoch()->set_counter(options_.epoch.counter);
  *status.mutable_start_time() = ToProto(started_);
  status.set_known_nodes(static_cast<uint32_t>(registry_.All().size()));
  status.set_attached_nodes(static_cast<uint32_t>(registry_.attached_count()));
  if (const std::optional<Time> read = registry_.hsm_time())
    *status.mutable_hsm_time() = ToProto(*read);
  if (options_.connections) {
    const ConnectionCounts counts = options_.connections();
    status.set_waiting_connections(static_cast<uint32_t>(counts.waiting));
    status.set_opening_connections(static_cast<uint32_t>(counts.opening));
  }
  for (const RefusalCount& refusal : refusals_.Counts()) {
    v1::RefusalCount& proto = *status.add_refusals();
    proto.set_reason(Name(refusal.reason));
    proto.set_count(refusal.count);
    proto.set_last_source(refusal.last_source);
    proto.set_last_detail(refusal.last_detail);
    *proto.mutable_last_time() = ToProto(refusal.last);
  }
  return status;
}

}  // namespace muster
