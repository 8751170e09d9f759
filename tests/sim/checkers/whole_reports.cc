// The nodes of a report are those that were asked for, each once and each ended.
#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

class WholeReportsChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "whole-reports"; }

  void OnRequest(const Request& request) override {
    if (!request.is_submission()) return;
    targets_[request.spec.id] = {request.nodes.begin(), request.nodes.end()};
  }
  void AtRest() override {
    for (const auto& [id, job] : world().controller().image().jobs()) {
      std::multiset<std::string> nodes;
      for (const Task& task : job.tasks) {
        nodes.insert(task.node);
        if (!IsTerminal(task.state)) {
          Fail(fmt::format("job {} node {}: {}", id, task.node, Name(task.state)));
        }
      }
      const std::set<std::string>& targets = targets_[id];
      if (!std::equal(nodes.begin(), nodes.end(), targets.begin(), targets.end())) {
        Fail(fmt::format("job {}: {} nodes in the report, {} were asked for, or others", id,
                         nodes.size(), targets.size()));
      }
      CheckEnd(job);
    }
  }

 private:
  // The rule of the job's end, in other words than job.cc has it.
  void CheckEnd(const StoredJob& job) {
    bool is_all_good = true;
    bool is_any_good = false;
    for (const Task& task : job.tasks) {
      const bool is_good =
          task.state == TaskState::kSucceeded || task.state == TaskState::kAlreadySatisfied;
      is_any_good |= is_good;
      is_all_good &= is_good || task.state == TaskState::kNotApplicable;
    }
    const bool has_succeeded = job.status.state == JobState::kSucceeded;
    if (has_succeeded != (is_all_good && is_any_good)) {
      Fail(fmt::format("job {} is {}, which its tasks do not say", job.spec.id,
                       Name(job.status.state)));
    }
  }

  std::map<std::string, std::set<std::string>> targets_;
};

}  // namespace

std::unique_ptr<Checker> WholeReports(World& world) {
  return std::make_unique<WholeReportsChecker>(world);
}

}  // namespace muster::sim
