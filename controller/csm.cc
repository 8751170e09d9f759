#include "controller/csm.h"

#include <cstdlib>

namespace muster {
namespace {

// Out of the environment, so that no child gets it.
std::string TakeSecret() {
  const char* secret = std::getenv("MUSTERD_CLIENT_SECRET");
  const std::string copy = secret == nullptr ? "" : secret;
  unsetenv("MUSTERD_CLIENT_SECRET");
  return copy;
}

}  // namespace

Csm::Csm(const CsmConfig& config, NodeRegistry& registry, const Clock& clock)
    : services_(config, clock, TakeSecret()) {
  if (services_.subscriptions() != nullptr || services_.bos() != nullptr ||
      services_.cps() != nullptr) {
    caller_ = std::make_unique<CsmCaller>(
        services_, config.hmnfd_agents,
        [&registry](const std::string& name) {
          const absl::StatusOr<NodeInfo> node = registry.Find(name);
          return node.ok() ? std::optional(node->xname) : std::nullopt;
        },
        clock);
  }
  if (services_.nodes() == nullptr) return;
  poller_ =
      std::make_unique<HsmPoller>(*services_.nodes(), config.refresh,
                                  [&registry, &clock](const std::vector<InventoryNode>& nodes) {
                                    registry.SetHsm(nodes, clock.Now());
                                  });
}

}  // namespace muster
