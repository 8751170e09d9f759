// A task succeeds on evidence: the unit was started anew since, and that instance was up for the settle time. Looked up in what the
// simulated systemd did, not in what the report says.
#include <fmt/format.h>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/machine.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

class EvidenceOfSuccessChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "evidence"; }

  void OnOutcome(const Machine& machine, const AttemptKey& key, const Outcome& outcome) override {
    if (outcome.state != OutcomeState::kSucceeded) return;
    const TaskPath path = PathOf(key.task);
    const StoredJob* job = world().controller().image().Find(path.job);
    const auto* restart = job == nullptr ? nullptr : std::get_if<RestartUnit>(&job->spec.work);
    if (restart == nullptr || !outcome.evidence.after) return;
    const std::string& id = outcome.evidence.after->invocation_id;
    const Invocation* instance = machine.systemd().Find(id);
    if (instance == nullptr || !instance->active) {
      return Fail(fmt::format("{}: SUCCEEDED by {}, which never was up", key.task, id));
    }
    const Duration lived = instance->ended.value_or(world().now()) - *instance->active;
    if (lived < restart->settle) {
      Fail(fmt::format("{}: SUCCEEDED by {}, which was up for {} ms of a settle time of {} ms",
                       key.task, id, lived / 1ms, restart->settle / 1ms));
    }
  }

  void OnRecord(const Record& record, const Image& before) override {
    const auto* changed = std::get_if<TaskChanged>(&record);
    if (changed == nullptr || changed->task.state != TaskState::kSucceeded) return;
    const StoredJob* job = before.Find(changed->job);
    if (job == nullptr || !std::holds_alternative<RestartUnit>(job->spec.work)) return;
    const Task& task = changed->task;
    const auto fail = [this, &changed, &task](const char* what) {
      Fail(fmt::format("job {} node {}: SUCCEEDED {}", changed->job, task.node, what));
    };
    if (!task.outcome) return fail("without an outcome");
    const Evidence& evidence = task.outcome->evidence;
    if (!evidence.after) return fail("without the unit's state after it");
    if (evidence.after->active_state != "active") return fail("and the unit is not active");
    if (evidence.after->invocation_id.empty()) return fail("and the unit has no InvocationID");
    if (evidence.before && evidence.before->invocation_id == evidence.after->invocation_id) {
      return fail("and the unit was not started anew");
    }
    for (const auto& machine : world().machines()) {
      if (machine->node() == task.node &&
          machine->systemd().Find(evidence.after->invocation_id) != nullptr)
        return;
    }
    fail("by an instance that no machine has had");
  }
};

}  // namespace

std::unique_ptr<Checker> EvidenceOfSuccess(World& world) {
  return std::make_unique<EvidenceOfSuccessChecker>(world);
}

}  // namespace muster::sim
