#include "tests/sim/world/memory_store.h"

#include <algorithm>
#include <set>

namespace muster::sim {
namespace {

auto FindTask(std::vector<Task>& tasks, const std::string& node) {
  const auto it = std::lower_bound(tasks.begin(), tasks.end(), node,
                                   [](const Task& t, const std::string& n) { return t.node < n; });
  return it != tasks.end() && it->node == node ? it : tasks.end();
}

bool HasLost(const StoredJob& job) {
  return std::any_of(job.tasks.begin(), job.tasks.end(),
                     [](const Task& task) { return task.state == TaskState::kLost; });
}

absl::Status Contradiction(const std::string& what) { return absl::InternalError(what); }

}  // namespace

const StoredJob* Image::Find(const std::string& job) const {
  const auto it = jobs_.find(job);
  return it == jobs_.end() ? nullptr : &it->second;
}

const Task* Image::Find(const std::string& job, const std::string& node) const {
  const StoredJob* found = Find(job);
  if (found == nullptr) return nullptr;
  auto& tasks = const_cast<std::vector<Task>&>(found->tasks);
  const auto it = FindTask(tasks, node);
  return it == tasks.end() ? nullptr : &*it;
}

absl::Status Image::Apply(const Record& record) {
  return std::visit([this](const auto& one) { return Add(one); }, record);
}

absl::Status Image::Advance(uint64_t revision) {
  if (revision <= revision_) {
    return Contradiction(fmt::format("revision {} after {}", revision, revision_));
  }
  revision_ = revision;
  return absl::OkStatus();
}

absl::Status Image::Add(const JobCreated& record) {
  MUSTER_RETURN_IF_ERROR(Advance(record.revision));
  StoredJob& job = jobs_[record.spec.id];
  if (!job.spec.id.empty()) return Contradiction("a second job " + record.spec.id);
  job.spec = record.spec;
  job.status.revision = record.revision;
  if (!std::is_sorted(record.nodes.begin(), record.nodes.end())) {
    return Contradiction("the nodes of a job are not sorted");
  }
  for (const std::string& node : record.nodes) {
    Task task;
    task.node = node;
    task.updated = record.spec.created;
    task.revision = record.revision;
    job.tasks.push_back(std::move(task));
  }
  requests_.push_back({record.spec.request_id, record.spec.request_digest, record.spec.id});
  return absl::OkStatus();
}

absl::Status Image::Add(const JobChanged& record) {
  const auto it = jobs_.find(record.job);
  if (it == jobs_.end()) return Contradiction("no job " + record.job);
  MUSTER_RETURN_IF_ERROR(Advance(record.status.revision));
  it->second.status = record.status;
  return absl::OkStatus();
}

absl::Status Image::Add(const TaskChanged& record) {
  const auto it = jobs_.find(record.job);
  if (it == jobs_.end()) return Contradiction("no job " + record.job);
  const auto task = FindTask(it->second.tasks, record.task.node);
  if (task == it->second.tasks.end()) return Contradiction("no task of " + record.task.node);
  MUSTER_RETURN_IF_ERROR(Advance(record.task.revision));
  *task = record.task;
  it->second.status.revision = record.task.revision;
  return absl::OkStatus();
}

absl::Status Image::Add(const LateOutcome& record) {
  const auto it = jobs_.find(record.job);
  if (it == jobs_.end()) return Contradiction("no job " + record.job);
  const auto task = FindTask(it->second.tasks, record.node);
  if (task == it->second.tasks.end()) return Contradiction("no task of " + record.node);
  MUSTER_RETURN_IF_ERROR(Advance(record.revision));
  task->late_outcome = record.outcome;
  task->revision = record.revision;
  it->second.status.revision = record.revision;
  return absl::OkStatus();
}

absl::Status Image::Add(const JobDeleted& record) {
  jobs_.erase(record.job);
  std::erase_if(requests_, [&record](const StoredRequest& r) { return r.job == record.job; });
  return absl::OkStatus();
}

absl::Status Image::Add(const NodeSeen& record) {
  nodes_[record.node] = record;
  return absl::OkStatus();
}

Loaded Image::Load(size_t max_ended_jobs) const {
  std::set<std::string> wanted;
  for (auto it = jobs_.rbegin(); it != jobs_.rend() && wanted.size() < max_ended_jobs; ++it) {
    if (IsTerminal(it->second.status.state) && HasLost(it->second)) wanted.insert(it->first);
  }
  Loaded loaded;
  for (const auto& [id, job] : jobs_) {
    if (!IsTerminal(job.status.state)) {
      loaded.jobs.push_back(job);
    } else if (wanted.contains(id)) {
      StoredJob& ended = loaded.jobs.emplace_back(job);
      std::erase_if(ended.tasks, [](const Task& task) { return task.state != TaskState::kLost; });
    }
  }
  loaded.requests = requests_;
  for (const auto& [name, node] : nodes_) loaded.nodes.push_back(node);
  loaded.revision = revision_;
  return loaded;
}

}  // namespace muster::sim
