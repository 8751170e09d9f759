// Everything is as it is now; the job itself looks again when each of its tasks is started.
#include "controller/api/outlook.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "controller/engine/conflict.h"
#include "controller/engine/plan.h"
#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

// Jobs under way that are looked at, and ended ones among which the newest of the same kind is looked for.
constexpr size_t kMaxRivals = 20;
constexpr size_t kMaxEarlier = 50;
// Tasks of the earlier one that are looked at; enough for a median.
constexpr size_t kMaxTimed = 1000;
constexpr size_t kTaskPage = 10'000;

// "6.2 s", "4 min 10 s"; to be read, not to be reckoned with.
std::string InWords(Duration duration) {
  const auto ms = std::chrono::round<std::chrono::milliseconds>(duration).count();
  if (ms < 60'000) return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  return fmt::format("{} min {} s", ms / 60'000, ms % 60'000 / 1000);
}

std::string CountAndSet(const std::vector<std::string>& nodes) {
  return fmt::format("{} ({})", FoldNodeSet(nodes), nodes.size());
}

// Targets that another job has, too, by what the engine would say of them.
struct Shared {
  std::vector<std::string> at_work;  // it is at them, and nobody else may be
  std::vector<std::string> to_come;  // whoever is first there is at them
};

void Sort(const Task& task, Shared* shared) {
  if (IsInFlight(task.state)) shared->at_work.push_back(task.node);
  if (task.state == TaskState::kPending) shared->to_come.push_back(task.node);
}

size_t SizeOf(const JobSummary& job) {
  return std::accumulate(job.counts.begin(), job.counts.end(), size_t{0});
}

Shared SharedByTarget(const std::string& job, const std::set<std::string>& targets,
                      JobReader& reader) {
  Shared shared;
  for (const std::string& node : targets) {
    const absl::StatusOr<Task> task = reader.GetTask(job, node);
    if (task.ok()) Sort(*task, &shared);
  }
  return shared;
}

Shared SharedByTask(const std::string& job, const std::set<std::string>& targets,
                    JobReader& reader) {
  Shared shared;
  std::string after;
  while (true) {
    const absl::StatusOr<std::vector<Task>> tasks = reader.ListTasks(job, kTaskPage, after);
    if (!tasks.ok() || tasks->empty()) return shared;
    for (const Task& task : *tasks) {
      if (targets.contains(task.node)) Sort(task, &shared);
    }
    if (tasks->size() < kTaskPage) return shared;
    after = tasks->back().node;
  }
}

// A task that is asked for by itself costs a few times as much as one of a list.
Shared SharedWith(const JobSummary& job, const std::set<std::string>& targets, JobReader& reader) {
  const bool are_few = targets.size() < SizeOf(job) / 4;
  return (are_few ? SharedByTarget : SharedByTask)(job.spec.id, targets, reader);
}

void AddRival(const JobSummary& job, const Shared& shared, OnConflict on_conflict,
              std::vector<std::string>& remarks) {
  const bool refuses = on_conflict == OnConflict::kRefuse;
  const std::string name = fmt::format("jobs/{} of {}", job.spec.id, job.spec.created_by);
  if (!shared.at_work.empty()) {
    remarks.push_back(fmt::format(
        "{} is at the same unit of {}; {}", name, CountAndSet(shared.at_work),
        refuses ? "nodes that it is still at are REFUSED here"
                : "this one waits there until it has ended (--on-conflict refuse does not wait)"));
  }
  if (!shared.to_come.empty()) {
    remarks.push_back(fmt::format("{} is to do the same unit of {}, too, and may come first; {}",
                                  name, CountAndSet(shared.to_come),
                                  refuses ? "nodes that it is at then are REFUSED here"
                                          : "this one waits then until it has ended there"));
  }
}

void AddRivals(const Work& work, const Policy& policy, const std::vector<std::string>& nodes,
               JobReader& reader, std::vector<std::string>& remarks) {
  absl::StatusOr<std::vector<JobSummary>> jobs =
      reader.ListJobs(kMaxRivals + 1, "",
                      {.states = {JobState::kRunning, JobState::kPaused, JobState::kCancelling}});
  if (!jobs.ok()) return;
  const bool are_more = jobs->size() > kMaxRivals;
  if (are_more) jobs->pop_back();
  const std::set<std::string> targets(nodes.begin(), nodes.end());
  for (const JobSummary& job : *jobs) {
    if (!TouchSameUnit(job.spec.work, work)) continue;
    AddRival(job, SharedWith(job, targets, reader), policy.on_conflict, remarks);
  }
  if (are_more) {
    remarks.push_back(
        fmt::format("more than {} jobs are under way, and only the newest were looked at for such "
                    "that are at the same unit: `muster job list` shows all",
                    kMaxRivals));
  }
}

// Agents that are there and would refuse.
void AddUnable(const Work& work, const Policy& policy, const std::vector<std::string>& nodes,
               const NodeRegistry& registry, std::vector<std::string>& remarks) {
  std::map<std::string, std::vector<std::string>> unable;
  Work to_send = work;
  if (auto* restart = std::get_if<RestartUnit>(&to_send); restart != nullptr && policy.since)
    restart->satisfied_age = Duration::zero();
  const std::vector<std::string> required = RequiredFeatures(to_send);
  for (const NodeInfo& node : registry.List(nodes)) {
    if (node.presence != Presence::kAttached) continue;
    for (const std::string& feature : required) {
      const std::vector<std::string>& has = node.hello.features;
      if (std::find(has.begin(), has.end(), feature) == has.end())
        unable[feature].push_back(node.xname);
    }
  }
  for (const auto& [feature, those] : unable) {
    remarks.push_back(
        fmt::format("REFUSED, since their agents lack the feature {}: {}; update them", feature,
                    CountAndSet(those)));
  }
}

bool IsSameKind(const Work& a, const Work& b) {
  return a.index() == b.index() && (std::get_if<RestartUnit>(&a) == nullptr || TouchSameUnit(a, b));
}

// Of the tasks that succeeded at once: from the first word sent to the end.
std::vector<Duration> TimesOf(const JobSummary& job, JobReader& reader) {
  std::vector<Duration> times;
  const absl::StatusOr<std::vector<Task>> tasks = reader.ListTasks(job.spec.id, kMaxTimed, "");
  if (!tasks.ok()) return times;
  for (const Task& task : *tasks) {
    const bool counts = task.state == TaskState::kSucceeded && task.attempt == 1 &&
                        task.first_sent != Time{} && task.updated > task.first_sent;
    if (counts) times.push_back(task.updated - task.first_sent);
  }
  std::sort(times.begin(), times.end());
  return times;
}

void AddEarlier(const Work& work, const Policy& policy, size_t node_count, JobReader& reader,
                std::vector<std::string>& remarks) {
  const absl::StatusOr<std::vector<JobSummary>> jobs = reader.ListJobs(
      kMaxEarlier, "", {.states = {JobState::kSucceeded, JobState::kFailed, JobState::kCancelled}});
  if (!jobs.ok()) return;
  for (const JobSummary& job : *jobs) {
    if (!IsSameKind(job.spec.work, work)) continue;
    const std::vector<Duration> times = TimesOf(job, reader);
    if (times.empty()) continue;
    const Duration median = times[times.size() / 2];
    const Duration most = times[(times.size() * 95 + 99) / 100 - 1];
    const auto all = static_cast<uint32_t>(node_count);
    remarks.push_back(
        fmt::format("in jobs/{} half of the nodes took {} or less, 95 of 100 took {} or less; with "
                    "that this one takes {} to {} if all are there",
                    job.spec.id, InWords(median), InWords(most),
                    InWords(RolloutDuration(policy, work, all, median)),
                    InWords(RolloutDuration(policy, work, all, most))));
    return;
  }
}

}  // namespace

std::vector<std::string> OutlookOf(const Work& work, const Policy& policy,
                                   const std::vector<std::string>& nodes,
                                   const NodeRegistry& registry, JobReader& reader) {
  std::vector<std::string> remarks;
  AddRivals(work, policy, nodes, reader, remarks);
  AddUnable(work, policy, nodes, registry, remarks);
  AddEarlier(work, policy, nodes.size(), reader, remarks);
  return remarks;
}

}  // namespace muster
