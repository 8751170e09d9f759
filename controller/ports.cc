#include "controller/ports.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "controller/session/agent_server.h"

namespace muster {
namespace {

// As high as it may be: each agent takes one.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

}  // namespace

absl::StatusOr<Ports> Listen(const ControllerConfig& config, Refusals& refusals,
                             const Clock& clock) {
  AcceptorOptions agent_connections;
  const size_t descriptors = RaiseDescriptorLimit();
  agent_connections.limits.waiting = descriptors / 2;
  agent_connections.limits.drops_unopened = true;
  agent_connections.max_streams = kMaxStreamsOfAConnection;
  absl::StatusOr<std::unique_ptr<Acceptor>> agents =
      Acceptor::Listen(config.listen, agent_connections, refusals, clock);
  MUSTER_RETURN_IF_ERROR(agents.status());
  AcceptorOptions operator_connections;
  operator_connections.limits.waiting = std::min<size_t>(1024, descriptors / 8);
  absl::StatusOr<std::unique_ptr<Acceptor>> operators =
      Acceptor::Listen(config.operator_listen, operator_connections, refusals, clock);
  MUSTER_RETURN_IF_ERROR(operators.status());
  return Ports{*std::move(agents), *std::move(operators)};
}

}  // namespace muster
