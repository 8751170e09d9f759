// What must be true of every run: a file for each.
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/world/checker.h"
#include "tests/sim/world/controller.h"

namespace muster::sim {

std::unique_ptr<Checker> TerminalStatesStay(World& world);
std::unique_ptr<Checker> OneEffect(World& world);
std::unique_ptr<Checker> IntentFirst(World& world);
std::unique_ptr<Checker> NothingHidden(World& world);
std::unique_ptr<Checker> EvidenceOfSuccess(World& world);
std::unique_ptr<Checker> NothingUndone(World& world);
std::unique_ptr<Checker> WholeReports(World& world);
std::unique_ptr<Checker> WrittenBeforeSent(World& world);
std::unique_ptr<Checker> Patience(World& world);
std::unique_ptr<Checker> PolicyLimits(World& world);
std::unique_ptr<Checker> EngineCounts(World& world);
std::unique_ptr<Checker> Rest(World& world);

inline std::vector<std::unique_ptr<Checker>> AllCheckers(World& world) {
  std::vector<std::unique_ptr<Checker>> all;
  for (const auto make :
       {TerminalStatesStay, OneEffect, IntentFirst, NothingHidden, EvidenceOfSuccess, NothingUndone,
        WholeReports, WrittenBeforeSent, Patience, PolicyLimits, EngineCounts, Rest}) {
    all.push_back(make(world));
  }
  return all;
}

// The job and node of "jobs/{job}/tasks/{node}".
struct TaskPath {
  std::string job;
  std::string node;
};
inline TaskPath PathOf(const std::string& task) {
  const size_t slash = task.find('/', 5);
  return {task.substr(5, slash - 5), task.substr(slash + 7)};
}

}  // namespace muster::sim
