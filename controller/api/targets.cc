#include "controller/api/targets.h"

#include <algorithm>

#include "controller/api/convert.h"
#include "controller/api/names.h"
#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

constexpr size_t kPage = 10'000;

absl::Status CheckStates(const v1::TasksOfJob& from) {
  if (from.states_size() > v1::TaskState_ARRAYSIZE) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "targets.from_jobs.states: {} of them; there are not so many states",
                      from.states_size());
  }
  for (const int state : from.states()) {
    if (state != v1::TASK_STATE_UNSPECIFIED && v1::TaskState_IsValid(state)) continue;
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "targets.from_jobs.states: {} is no state of a task", state);
  }
  return absl::OkStatus();
}

bool IsAmong(TaskState state, const v1::TasksOfJob& from) {
  return from.states().empty() || std::find(from.states().begin(), from.states().end(),
                                            static_cast<int>(state)) != from.states().end();
}

absl::Status AddNodes(const v1::TasksOfJob& from, JobReader& reader,
                      std::vector<std::string>& nodes) {
  const absl::StatusOr<std::string> job = ParseJobName(from.job());
  MUSTER_RETURN_IF_ERROR(job.status());
  MUSTER_RETURN_IF_ERROR(CheckStates(from));
  std::string after;
  for (size_t got = kPage; got == kPage;) {
    const absl::StatusOr<std::vector<Task>> tasks = reader.ListTasks(*job, kPage, after);
    MUSTER_RETURN_IF_ERROR(tasks.status());
    got = tasks->size();
    if (got > 0) after = tasks->back().node;
    for (const Task& task : *tasks) {
      if (IsAmong(task.state, from)) nodes.push_back(task.node);
    }
  }
  return absl::OkStatus();
}

// "jobs/… has no task that is FAILED or LOST".
absl::Status NoneLeft(const v1::Targets& targets, size_t found) {
  const v1::TasksOfJob& first = targets.from_jobs(0);
  const std::string who =
      targets.from_jobs_size() == 1
          ? first.job()
          : fmt::format("{} and {} other jobs", first.job(), targets.from_jobs_size() - 1);
  if (found > 0) {
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no targets: of the {} nodes of {} none is known any more; `muster node "
                      "list` shows those that are",
                      found, who);
  }
  std::vector<std::string> states;
  for (const int state : first.states()) states.push_back(Name(static_cast<TaskState>(state)));
  return MakeStatus(absl::StatusCode::kNotFound, "no targets: no task of {} is {}", who,
                    states.empty() ? "there" : fmt::format("{}", fmt::join(states, " or ")));
}

}  // namespace

absl::StatusOr<Resolved> ResolveTargets(const v1::Targets& targets, const NodeRegistry& registry,
                                        JobReader& reader) {
  TargetSpec spec = FromProto(targets);
  if (targets.from_jobs().empty()) return registry.Resolve(spec);
  if (targets.from_jobs_size() > kMaxFromJobs) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "targets.from_jobs: {} jobs; at most {} may be named",
                      targets.from_jobs_size(), kMaxFromJobs);
  }
  std::vector<std::string> nodes;
  for (const v1::TasksOfJob& from : targets.from_jobs())
    MUSTER_RETURN_IF_ERROR(AddNodes(from, reader, nodes));
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  const size_t found = nodes.size();
  std::vector<std::string> known;
  for (const NodeInfo& node : registry.List(nodes)) known.push_back(node.xname);
  if (!known.empty()) {
    spec.node_sets.push_back(FoldNodeSet(known));
  } else if (spec.node_sets.empty() && !spec.IsSelecting()) {
    return NoneLeft(targets, found);
  }
  return registry.Resolve(spec);
}

}  // namespace muster
