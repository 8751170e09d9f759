// Nothing is sent that is not durable: a command is of an attempt that the store has as sent to that incarnation, and Settled is of an
// outcome that the store has, or of an attempt that nobody waits for.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

class WrittenBeforeSentChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "written-before-sent"; }

  void OnSend(const std::string& node, const ControllerMessage& message) override {
    if (const auto* command = std::get_if<Command>(&message)) {
      const TaskPath path = PathOf(command->key.task);
      const Task* task = world().controller().image().Find(path.job, path.node);
      if (task == nullptr || !IsInFlight(task->state) || task->attempt != command->key.attempt ||
          task->incarnation != command->incarnation || path.node != node) {
        Fail(fmt::format("attempt {} of {} is sent to {}, and the store does not have it so",
                         command->key.attempt, command->key.task, node));
      }
    } else if (const auto* settled = std::get_if<Settled>(&message)) {
      const TaskPath path = PathOf(settled->key.task);
      const Task* task = world().controller().image().Find(path.job, path.node);
      // After a store was put back, a node may hold an attempt of this name that the store has yet to make; its
      // tombstone answers for it.
      if (task != nullptr && task->attempt == settled->key.attempt && IsInFlight(task->state) &&
          !is_replaced_) {
        Fail(fmt::format("attempt {} of {} is settled, and the store has no outcome",
                         settled->key.attempt, settled->key.task));
      }
      if (task != nullptr && task->state == TaskState::kLost &&
          task->attempt == settled->key.attempt && !task->outcome && !task->late_outcome &&
          IsHeld(settled->key, node)) {
        Fail(fmt::format("the late outcome of attempt {} of {} is settled and not kept",
                         settled->key.attempt, settled->key.task));
      }
    }
  }
  void OnStoreReplaced(const Image&) override { is_replaced_ = true; }

 private:
  bool IsHeld(const AttemptKey& key, const std::string& node) {
    const auto& machines = world().machines();
    return std::any_of(machines.begin(), machines.end(), [&key, &node](const auto& machine) {
      return machine->node() == node && machine->Holds(key);
    });
  }

  bool is_replaced_ = false;
};

}  // namespace

std::unique_ptr<Checker> WrittenBeforeSent(World& world) {
  return std::make_unique<WrittenBeforeSentChecker>(world);
}

}  // namespace muster::sim
