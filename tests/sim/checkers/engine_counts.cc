// What the engine goes by is what the store says: every state, attempt and count of every job in memory, recomputed from scratch after
// each batch. As it holds before a crash and after the reload, both states are equal.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

class EngineCountsChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "engine-counts"; }

  void OnBatch(const std::vector<Record>&, const Image& now) override {
    const Engine& engine = world().controller().engine();
    for (const auto& [id, job] : engine.jobs()) {
      const StoredJob* stored = now.Find(id);
      if (stored == nullptr) return Fail(fmt::format("job {} is in memory only", id));
      Check(job, *stored);
    }
    for (const auto& [id, job] : now.jobs()) {
      if (!IsTerminal(job.status.state) && !engine.jobs().contains(id)) {
        return Fail(fmt::format("job {} has not ended and is not in memory", id));
      }
    }
  }

 private:
  void Check(const LiveJob& job, const StoredJob& stored) {
    const std::string& id = stored.spec.id;
    if (job.status.state != stored.status.state || job.status.revision > stored.status.revision) {
      Fail(fmt::format("job {} is {} in memory and {} in the store", id, Name(job.status.state),
                       Name(stored.status.state)));
    }
    const auto& attached = world().controller().attached();
    TaskCounts counts{};
    uint32_t in_flight = 0;
    uint32_t in_backoff = 0;
    uint32_t started_ended = 0;
    auto in_store = stored.tasks.begin();
    for (const LiveTask& task : job.tasks) {
      // Of an ended job only some tasks may be in memory.
      while (in_store != stored.tasks.end() && in_store->node < task.node->name) ++in_store;
      if (in_store == stored.tasks.end()) return Fail(fmt::format("job {}: unknown task", id));
      Check(id, task, *in_store);
      ++counts[static_cast<size_t>(task.state)];
      if (IsInFlight(task.state) && attached.contains(task.node->name)) ++in_flight;
      if (task.state == TaskState::kPending && task.attempt > 0) ++in_backoff;
      if (IsTerminal(task.state) && task.attempt > 0) ++started_ended;
    }
    if (counts != job.counts || in_backoff != job.in_backoff ||
        started_ended != job.started_ended) {
      Fail(fmt::format("job {}: the counts of states are not what the tasks say", id));
    }
    if (!IsTerminal(job.status.state) && in_flight != job.in_flight) {
      Fail(fmt::format("job {}: {} in flight on attached nodes, the engine counts {}", id,
                       in_flight, job.in_flight));
    }
  }

  void Check(const std::string& id, const LiveTask& task, const Task& stored) {
    const bool is_same = task.node->name == stored.node && task.state == stored.state &&
                         task.attempt == stored.attempt &&
                         (task.attempt == 0 || *task.incarnation == stored.incarnation);
    if (!is_same) {
      return Fail(fmt::format("job {} node {}: {} attempt {} in memory, {} attempt {} in the store",
                              id, stored.node, Name(task.state), task.attempt, Name(stored.state),
                              stored.attempt));
    }
    if (task.state != TaskState::kPending || task.attempt == 0) return;
    const Duration delay = RetryDelay(id, stored.node, task.attempt);
    const Time started = world().controller().started();
    // Written by an earlier life whose clock was ahead: the delay begins with this life.
    const bool is_capped = stored.updated > started && task.not_before == started + delay;
    if (task.not_before != stored.updated + delay && !is_capped) {
      Fail(fmt::format("job {} node {}: the next try is not when it was planned", id, stored.node));
    }
  }
};

}  // namespace

std::unique_ptr<Checker> EngineCounts(World& world) {
  return std::make_unique<EngineCountsChecker>(world);
}

}  // namespace muster::sim
