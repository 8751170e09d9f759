// An agent writes down what it is about to do before it asks systemd for it.
#include <fmt/format.h>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/machine.h"

namespace muster::sim {
namespace {

class IntentFirstChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "intent-first"; }

  void OnCall(const Machine& machine, const std::string& unit,
              const std::optional<AttemptKey>& key) override {
    if (!key) Fail(fmt::format("{} restarts {} without an intent", machine.node(), unit));
  }
};

}  // namespace

std::unique_ptr<Checker> IntentFirst(World& world) {
  return std::make_unique<IntentFirstChecker>(world);
}

}  // namespace muster::sim
