#include "tests/sim/world/world.h"

#include <fmt/format.h>

#include <utility>

#include "tests/sim/world/controller.h"

namespace muster::sim {

void Checker::Fail(std::string what) { world_.Fail(name(), std::move(what)); }

World::World(uint64_t seed, size_t node_count, bool is_traced)
    : node_count_(node_count), trace_(is_traced), random_(seed) {
  controller_ = std::make_unique<Controller>(*this, random_.Fork());
  network_ = std::make_unique<Network>(agenda_, random_.Fork(), *controller_);
  const bool is_ledger_volatile = random_.Chance(60);
  for (size_t i = 0; i < node_count; ++i) {
    // Two nodes a board, eight boards a cabinet, so that even few nodes are in several.
    machines_.push_back(std::make_unique<Machine>(
        *this, fmt::format("x{}c0s{}b0n{}", 1000 + i / 16, i / 2 % 8, i % 2), is_ledger_volatile));
  }
}

World::~World() = default;

void World::Add(std::unique_ptr<Checker> checker) {
  checker_list_.push_back(checker.get());
  checkers_.push_back(std::move(checker));
}

void World::Fail(const std::string& checker, std::string what) {
  if (failure_) return;
  Note("FAILED", checker, what);
  failure_ = {checker, std::move(what), now()};
}

void World::Note(const Record& record) {
  if (const auto* created = std::get_if<JobCreated>(&record)) {
    Note("job-created", created->spec.id, created->nodes.size(), Describe(created->spec.work));
  } else if (const auto* job = std::get_if<JobChanged>(&record)) {
    Note("job", job->job, Name(job->status.state), job->status.detail);
  } else if (const auto* task = std::get_if<TaskChanged>(&record)) {
    Note("task", task->job, task->task.node, task->task.attempt, Name(task->task.state),
         Name(task->task.reason));
  } else if (const auto* late = std::get_if<LateOutcome>(&record)) {
    Note("late", late->job, late->node, Name(late->outcome.state));
  } else if (const auto* deleted = std::get_if<JobDeleted>(&record)) {
    Note("job-deleted", deleted->job);
  }
}

}  // namespace muster::sim
