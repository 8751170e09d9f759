// Whether a request for a job or an operation can be done, and what it means with every default filled in. Pure.
#pragma once

#include <optional>
#include <string>

#include "common/status.h"
#include "common/work.h"
#include "controller/engine/job.h"
#include "controller/operation/operation.h"
#include "muster/v1/controller.pb.h"

namespace muster {

struct CheckedRequest {
  std::string request_id;  // made if none was given
  std::string digest;      // SHA-256 of the request but for its id and validate_only
  Work work;
  Policy policy;
};

// `now` is the controller's clock. INVALID_ARGUMENT with the field, what is wrong with it, and what it may be.
absl::StatusOr<CheckedRequest> CheckRequest(const v1::CreateJobRequest& request, Time now);

struct CheckedOperation {
  std::string request_id;
  std::string digest;
  // One of them: without nodes and jobs. Of content the name may be empty.
  ResubscriptionSpec resubscription;
  std::optional<ContentSpec> content;
};

// Likewise.
absl::StatusOr<CheckedOperation> CheckRequest(const v1::CreateOperationRequest& request, Time now);

// As systemctl reads it: a name without the suffix of a unit type is a service's. INVALID_ARGUMENT for what systemd would never take
// (systemd.unit(5)), and for a template without an instance.
absl::StatusOr<std::string> CheckUnitName(const std::string& name);

}  // namespace muster
