// An attempt starts its unit at most once, whatever crashes and however often it is sent. Over a store that was
// put back to what it was, that holds for each ledger: a node that has lost its own, too, has nobody left who could know.
#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/machine.h"

namespace muster::sim {
namespace {

class OneEffectChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "one-effect"; }

  void OnStarted(const Machine& machine, const AttemptKey& key) override {
    std::set<std::string>& lives = effects_[key];
    const bool is_new = lives.insert(machine.incarnation()).second;
    if (is_new && (lives.size() == 1 || is_replaced_)) return;
    Fail(fmt::format("attempt {} of {} has a second effect, on {}", key.attempt, key.task,
                     machine.node()));
  }
  void OnStoreReplaced(const Image&) override { is_replaced_ = true; }

 private:
  std::map<AttemptKey, std::set<std::string>> effects_;  // the ledgers' incarnations
  bool is_replaced_ = false;
};

}  // namespace

std::unique_ptr<Checker> OneEffect(World& world) {
  return std::make_unique<OneEffectChecker>(world);
}

}  // namespace muster::sim
