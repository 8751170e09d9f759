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

// What an operation that is under way cannot go on without, and is not known any more; null if nothing.
const char* MissingService(const OperationSpec& spec, const CsmCaller* caller) {
  const bool asks_hmnfd = !spec.content;
  const bool asks_cps = spec.content && spec.content->min_servers > 0;
  const bool asks_bos = spec.content && !spec.content->bos_template.empty();
  if (asks_hmnfd && (caller == nullptr || !caller->has_hmnfd())) return "hmnfd";
  if (asks_cps && (caller == nullptr || !caller->has_cps())) return "cps";
  if (asks_bos && (caller == nullptr || !caller->has_bos())) return "bos";
  return nullptr;
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

absl::StatusOr<std::unique_ptr<Csm>> ReachCsm(const ControllerConfig& config,
                                              const LoadedOperations& loaded,
                                              NodeRegistry& registry, const Clock& clock) {
  std::unique_ptr<Csm> csm;
  if (config.csm.is_used()) csm = std::make_unique<Csm>(config.csm, registry, clock);
  for (const OperationRecord& operation : loaded.operations) {
    const char* missing = MissingService(*operation.spec, csm ? csm->caller() : nullptr);
    if (missing == nullptr) continue;
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} is under way, and [csm] of the settings names no {} any more: put it "
                      "back",
                      OperationName(operation.spec->id), missing);
  }
  return csm;
}

}  // namespace muster
