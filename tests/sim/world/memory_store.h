// The controller's store in memory: what was committed stays, and is given back as JobStore promises. An Image is all of it, and can be
// kept and put back, as a copy of a state directory can.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "controller/store/job_store.h"

namespace muster::sim {

class Image {
 public:
  const std::map<std::string, StoredJob>& jobs() const { return jobs_; }
  const StoredJob* Find(const std::string& job) const;
  const Task* Find(const std::string& job, const std::string& node) const;
  uint64_t revision() const { return revision_; }

  // What is wrong with the record, if it contradicts what is stored; then nothing is changed.
  absl::Status Apply(const Record& record);
  Loaded Load(size_t max_ended_jobs) const;

 private:
  absl::Status Add(const JobCreated& record);
  absl::Status Add(const JobChanged& record);
  absl::Status Add(const TaskChanged& record);
  absl::Status Add(const LateOutcome& record);
  absl::Status Add(const JobDeleted& record);
  absl::Status Add(const NodeSeen& record);
  absl::Status Advance(uint64_t revision);

  std::map<std::string, StoredJob> jobs_;
  std::vector<StoredRequest> requests_;
  std::map<std::string, NodeSeen> nodes_;
  uint64_t revision_ = 0;
};

}  // namespace muster::sim
