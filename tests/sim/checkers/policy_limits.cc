// No more is started than the policy allows: max_parallel and ramp, canaries, failures, retries and their spacing, and one unit of a node
// for one job at a time. Recomputed from the store's tasks and from who is attached, after each batch that started something; none of
// it in the engine's words.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

bool IsFailed(TaskState state) {
  return state == TaskState::kFailed || state == TaskState::kTimedOut || state == TaskState::kLost;
}

bool IsProven(TaskState state) {
  return state == TaskState::kSucceeded || state == TaskState::kAlreadySatisfied;
}

// The most that may run at once when so many have ended: with a ramp 1, 2, 4 …, each wave as the one before has ended.
uint64_t Wave(const Policy& policy, uint64_t ended) {
  if (!policy.ramp) return policy.max_parallel;
  uint64_t wave = 1;
  for (uint64_t sum = 1; sum <= ended; sum += wave) wave *= 2;
  return std::min<uint64_t>(policy.max_parallel, wave);
}

uint64_t Share(const CountOrPercent& amount, uint64_t all) {
  return amount.basis_points ? all * *amount.basis_points / 10'000 : amount.count;
}

uint64_t Canaries(const StoredJob& job) {
  const std::optional<CountOrPercent>& canary = job.spec.policy.canary;
  if (!canary) return 0;
  uint64_t count = Share(*canary, job.tasks.size());
  if (canary->basis_points.value_or(0) > 0) count = std::max<uint64_t>(count, 1);
  return std::min<uint64_t>(count, job.tasks.size());
}

bool IsOrca(const std::string& unit) { return unit.find("orca") != std::string::npos; }

bool MayBeOneUnit(const Work& a, const Work& b) {
  const auto* first = std::get_if<RestartUnit>(&a);
  const auto* second = std::get_if<RestartUnit>(&b);
  if (first == nullptr || second == nullptr) return false;
  if (first->unit == second->unit) return true;
  return (first->unit.empty() && IsOrca(second->unit)) ||
         (second->unit.empty() && IsOrca(first->unit));
}

class PolicyLimitsChecker final : public Checker {
 public:
  using Checker::Checker;
  const char* name() const override { return "policy-limits"; }

  // Times of two lives of the controller cannot be compared: somebody may have set the clock.
  void OnStart(const Loaded&) override {
    rates_.clear();
    tries_.clear();
  }
  void OnRecord(const Record& record, const Image& before) override {
    const auto* changed = std::get_if<TaskChanged>(&record);
    if (changed == nullptr) return;
    const Task* was = before.Find(changed->job, changed->task.node);
    if (was == nullptr) return;
    const Task& task = changed->task;
    if (task.state == TaskState::kPending) tries_[{changed->job, task.node}] = task.updated;
    const bool is_sent_again = task.attempt == was->attempt && IsInFlight(was->state) &&
                               IsInFlight(task.state) && task.last_sent == task.updated;
    if (is_sent_again) return CheckStart(*before.Find(changed->job), task);
    if (task.state != TaskState::kDispatched || task.attempt == was->attempt) return;
    starts_[changed->job].insert(task.node);
    CheckStart(*before.Find(changed->job), task);
  }

  void OnStoreReplaced(const Image&) override { is_replaced_ = true; }

  void OnBatch(const std::vector<Record>&, const Image& now) override {
    for (const auto& [id, nodes] : starts_) {
      const StoredJob* job = now.Find(id);
      if (job == nullptr) continue;
      CheckCounts(*job);
      CheckConflicts(*job, nodes, now);
    }
    starts_.clear();
  }

 private:
  void CheckStart(const StoredJob& job, const Task& task) {
    const std::string& id = job.spec.id;
    if (job.status.state != JobState::kRunning) {
      Fail(fmt::format("job {} is {}, and node {} is started", id, Name(job.status.state),
                       task.node));
    }
    // Names that were used in a future that a restored store does not know are left out.
    const uint32_t last_name = job.spec.policy.retries + (is_replaced_ ? 2 : 1);
    if (task.attempt > last_name) {
      Fail(fmt::format("job {} node {}: try {} of {}", id, task.node, task.attempt, last_name));
    }
    CheckFailures(job);
    CheckRate(job, task.last_sent);
    const auto last = tries_.find({id, task.node});
    if (last != tries_.end() && task.last_sent == task.first_sent &&
        task.first_sent - last->second < 10s) {
      Fail(fmt::format("job {} node {}: try {} starts {} ms after the end of the one before", id,
                       task.node, task.attempt, (task.first_sent - last->second) / 1ms));
    }
  }

  // As it is before the start: what ends later in the batch could not be known.
  void CheckFailures(const StoredJob& job) {
    uint64_t proven = 0, failed = 0;
    for (const Task& task : job.tasks) {
      proven += IsProven(task.state);
      failed += IsFailed(task.state);
    }
    const Policy& policy = job.spec.policy;
    const uint64_t allowed =
        proven < Canaries(job) ? 0 : Share(policy.max_failures, job.tasks.size());
    if (failed > allowed) {
      Fail(fmt::format("job {}: one is started with {} failures, {} may be", job.spec.id, failed,
                       allowed));
    }
  }

  void CheckCounts(const StoredJob& job) {
    const Policy& policy = job.spec.policy;
    const auto& attached = world().controller().attached();
    uint64_t in_flight = 0, ended = 0, proven = 0, open = 0;
    for (const Task& task : job.tasks) {
      if (IsInFlight(task.state) && attached.contains(task.node)) ++in_flight;
      if (IsTerminal(task.state) && task.attempt > 0) ++ended;
      proven += IsProven(task.state);
      open += IsInFlight(task.state) || (task.state == TaskState::kPending && task.attempt > 0);
    }
    if (in_flight > Wave(policy, ended)) {
      Fail(fmt::format("job {}: {} in flight after {} have ended, {} may be", job.spec.id,
                       in_flight, ended, Wave(policy, ended)));
    }
    const uint64_t canaries = Canaries(job);
    if (proven < canaries && proven + open > canaries) {
      Fail(fmt::format("job {}: {} are started and {} proven, of {} canaries", job.spec.id, open,
                       proven, canaries));
    }
  }

  void CheckConflicts(const StoredJob& job, const std::set<std::string>& started,
                      const Image& now) {
    for (const auto& [id, other] : now.jobs()) {
      if (id == job.spec.id || IsTerminal(other.status.state) ||
          !MayBeOneUnit(job.spec.work, other.spec.work)) {
        continue;
      }
      for (const std::string& node : started) {
        const Task* task = now.Find(id, node);
        if (task == nullptr || !IsInFlight(task->state)) continue;
        Fail(fmt::format("jobs {} and {} both have a unit of {} under way", job.spec.id, id, node));
      }
    }
  }

  // Any number of starts takes as long as the rate says, but for what a bucket saves up in 100 ms.
  void CheckRate(const StoredJob& job, Time start) {
    const Rate& rate = job.spec.policy.rate;
    if (rate.starts == 0) return;
    std::vector<Time>& times = rates_[job.spec.id];
    times.push_back(start);
    const auto saved = std::max<int64_t>(1, 100ms * rate.starts / rate.per);
    for (size_t count = 2; count <= times.size(); count *= 2) {
      const Duration span = start - times[times.size() - count];
      const int64_t allowed = span * rate.starts / rate.per + saved + 1;
      if (static_cast<int64_t>(count) > allowed) {
        Fail(fmt::format("job {}: {} starts in {} ms", job.spec.id, count, span / 1ms));
      }
    }
  }

  std::map<std::string, std::set<std::string>> starts_;        // of this batch
  std::map<std::string, std::vector<Time>> rates_;             // when each job started tasks
  std::map<std::pair<std::string, std::string>, Time> tries_;  // when the last try of a task ended
  bool is_replaced_ = false;
};

}  // namespace

std::unique_ptr<Checker> PolicyLimits(World& world) {
  return std::make_unique<PolicyLimitsChecker>(world);
}

}  // namespace muster::sim
