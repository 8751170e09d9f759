// Nobody is given up too early: not within the grace after a start of the controller, not while a command may still be started; and
// a node that is away is not UNDELIVERED before its delivery deadline.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/limits.h"
#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

// EngineConfig::restart_grace.
constexpr Duration kRestartGrace = 30s;

class PatienceChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "patience"; }

  void OnStart(const Loaded& loaded) override {
    sent_.clear();
    loaded_.clear();
    for (const StoredJob& job : loaded.jobs) loaded_.insert(job.spec.id);
  }
  // Again, without a change of the task's state.
  void OnSend(const std::string&, const ControllerMessage& message) override {
    if (const auto* command = std::get_if<Command>(&message)) sent_.insert(command->key);
  }
  void OnRecord(const Record& record, const Image& before) override {
    const auto* changed = std::get_if<TaskChanged>(&record);
    if (changed == nullptr) return;
    if (changed->task.state == TaskState::kDispatched) {
      sent_.insert({TaskName(changed->job, changed->task.node), changed->task.attempt});
    }
    if (changed->task.state == TaskState::kUndelivered) CheckUndelivered(*changed, before);
    if (changed->task.state != TaskState::kLost) return;
    const Task& task = changed->task;
    const Task* was = before.Find(changed->job, task.node);
    const StoredJob* job = before.Find(changed->job);
    if (was == nullptr || IsTerminal(was->state)) return;
    const Time now = world().controller().Now();
    const Time started = world().controller().started();
    const bool is_of_this_life = sent_.contains({TaskName(changed->job, task.node), task.attempt});
    if (!is_of_this_life && now < started + kRestartGrace) {
      Fail(fmt::format("job {} node {}: LOST {} ms after the controller's start", changed->job,
                       task.node, (now - started) / 1ms));
    }
    Duration may_start = limits::kStartWithin;
    if (job->spec.policy.deadline) {
      // The clock may have been set back since a life that has ended.
      const Time created =
          loaded_.contains(changed->job) ? std::min(job->spec.created, started) : job->spec.created;
      may_start = std::min(may_start, created + *job->spec.policy.deadline - task.last_sent);
    }
    if (now < task.last_sent + may_start) {
      Fail(fmt::format("job {} node {}: LOST {} ms after it was sent, and may still be started",
                       changed->job, task.node, (now - task.last_sent) / 1ms));
    }
  }

 private:
  // Nobody waits for less than the delivery deadline, counted from the submission or the controller's start.
  void CheckUndelivered(const TaskChanged& changed, const Image& before) {
    const StoredJob* job = before.Find(changed.job);
    const Reason reason = changed.task.reason;
    if (job == nullptr || (reason != Reason::kNotAttached && reason != Reason::kNotHeld)) return;
    const Time now = world().controller().Now();
    const Time since =
        loaded_.contains(changed.job) ? world().controller().started() : job->spec.created;
    if (now >= since + job->spec.policy.delivery_deadline) return;
    Fail(fmt::format("job {} node {}: UNDELIVERED after {} ms", changed.job, changed.task.node,
                     (now - since) / 1ms));
  }

  // Of this life of the controller.
  std::set<AttemptKey> sent_;
  std::set<std::string> loaded_;
};

}  // namespace

std::unique_ptr<Checker> Patience(World& world) { return std::make_unique<PatienceChecker>(world); }

}  // namespace muster::sim
