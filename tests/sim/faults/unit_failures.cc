// Units that fail, hang, die later, crash-loop, hit their start limit, are masked or are not there; some change their mind.
#include "tests/sim/faults/faults.h"

namespace muster::sim {
namespace {

constexpr uint64_t kBehaviours = static_cast<uint64_t>(Behaviour::kDependencyFails) + 1;

}  // namespace

void UnitFailures(World& world, Random random) {
  const auto percent = static_cast<uint32_t>(random.Between(2, 60));
  // In some runs all units have one trouble.
  const bool is_uniform = random.Chance(20);
  const auto uniform = static_cast<Behaviour>(random.Below(kBehaviours));
  for (size_t i = 0; i < world.node_count(); ++i) {
    Systemd& systemd = world.machines()[i]->systemd();
    for (const std::string& unit : systemd.units()) {
      if (!random.Chance(percent)) continue;
      systemd.SetBehaviour(
          unit, is_uniform ? uniform : static_cast<Behaviour>(random.Below(kBehaviours)));
    }
  }
  const Duration often = random.Between(1s, 20s);
  Often(world, random.Fork(), often, [&world](Random& r) {
    Systemd& systemd = AnyNode(world, r).systemd();
    const std::vector<std::string> units = systemd.units();
    const Behaviour next =
        r.Chance(50) ? Behaviour::kGood : static_cast<Behaviour>(r.Below(kBehaviours));
    systemd.SetBehaviour(units[r.Below(units.size())], next);
  });
}

}  // namespace muster::sim
