// Errors as they leave the process: the codes of Abseil are gRPC's.
#pragma once

#include <grpcpp/support/status.h>

#include "common/status.h"

namespace muster {

inline grpc::Status GrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), Message(status));
}

}  // namespace muster
