// The reactor of CreateJob and CreateOperation, so that a test can stop the controller right after the operator has been answered. It deletes
// itself, as a DefaultReactor would; one of gRPC's threads.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "common/crash_point.h"

namespace muster {

class CreateReactor final : public grpc::ServerUnaryReactor {
  void OnDone() override {
    CrashPoint("controller.operator-answered");
    delete this;
  }
};

}  // namespace muster
