// When everything has ended nothing is left: no attempt that waits to be settled, no message, no mail.
#include <fmt/format.h>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

class RestChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "rest"; }

  void AtRest() override {
    for (const auto& machine : world().machines()) {
      if (!machine->is_on()) continue;
      if (machine->held_count() > 0) {
        Fail(fmt::format("{} holds {} attempts that are not settled", machine->node(),
                         machine->held_count()));
      }
      if (machine->ledger_count() > 0) {
        Fail(fmt::format("the ledger of {} holds {} attempts", machine->node(),
                         machine->ledger_count()));
      }
    }
    if (!world().network().is_empty()) Fail("messages are on their way");
    if (!world().controller().is_idle()) Fail("the controller has something to do");
  }
};

}  // namespace

std::unique_ptr<Checker> Rest(World& world) { return std::make_unique<RestChecker>(world); }

}  // namespace muster::sim
