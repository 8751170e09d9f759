// A task that is said not to have run has not run, and does not run later: UNDELIVERED, REFUSED, NOT_APPLICABLE and CANCELLED have no
// effect.
#include <fmt/format.h>

#include <set>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/machine.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

bool SaysNothingWasDone(TaskState state) {
  return state == TaskState::kUndelivered || state == TaskState::kRefused ||
         state == TaskState::kNotApplicable || state == TaskState::kCancelled;
}

class NothingHiddenChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "nothing-hidden"; }

  void OnTouched(const Machine&, const AttemptKey& key) override {
    effects_.insert(key);
    const TaskPath path = PathOf(key.task);
    const Task* task = world().controller().image().Find(path.job, path.node);
    if (task != nullptr && task->attempt == key.attempt) Check(path.job, *task);
  }
  void OnRecord(const Record& record, const Image&) override {
    if (const auto* changed = std::get_if<TaskChanged>(&record)) Check(changed->job, changed->task);
  }

  void OnStoreReplaced(const Image&) override { effects_.clear(); }

 private:
  void Check(const std::string& job, const Task& task) {
    if (!SaysNothingWasDone(task.state)) return;
    if (!effects_.contains({TaskName(job, task.node), task.attempt})) return;
    Fail(fmt::format("job {} node {} attempt {} is {} ({}), and its unit was restarted", job,
                     task.node, task.attempt, Name(task.state), Name(task.reason)));
  }

  std::set<AttemptKey> effects_;
};

}  // namespace

std::unique_ptr<Checker> NothingHidden(World& world) {
  return std::make_unique<NothingHiddenChecker>(world);
}

}  // namespace muster::sim
