// Where musterd listens. Owned by main.
#pragma once

#include <memory>

#include "common/status.h"
#include "common/time.h"
#include "controller/api/controller_service.h"
#include "controller/config.h"
#include "controller/edge/acceptor.h"
#include "controller/edge/refusals.h"

namespace muster {

// What listens. Who connects waits until somebody serves.
struct Ports {
  std::unique_ptr<Acceptor> agents;
  std::unique_ptr<Acceptor> operators;

  ConnectionCounts counts() const {
    return {agents->waiting() + operators->waiting(), agents->opening() + operators->opening()};
  }
};

// FAILED_PRECONDITION or INVALID_ARGUMENT with the address and what is wrong with it. What is lent outlives the ports. The limit of
// descriptors is raised as far as it goes.
absl::StatusOr<Ports> Listen(const ControllerConfig& config, Refusals& refusals,
                             const Clock& clock);

}  // namespace muster
