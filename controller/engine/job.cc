#include "controller/engine/job.h"

#include <numeric>

namespace muster {

std::string Name(JobState state) {
  switch (state) {
    case JobState::kUnspecified:
      return "UNSPECIFIED";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kPaused:
      return "PAUSED";
    case JobState::kCancelling:
      return "CANCELLING";
    case JobState::kSucceeded:
      return "SUCCEEDED";
    case JobState::kFailed:
      return "FAILED";
    case JobState::kCancelled:
      return "CANCELLED";
  }
  return "STATE_" + std::to_string(static_cast<int>(state));
}

bool IsTerminal(JobState state) { return state >= JobState::kSucceeded; }

std::string JobName(const std::string& id) { return "jobs/" + id; }

std::string TaskName(const std::string& job_id, const std::string& node) {
  return JobName(job_id) + "/tasks/" + node;
}

JobState EndState(const TaskCounts& counts, bool cancelled) {
  const auto count = [&counts](TaskState state) { return counts[static_cast<size_t>(state)]; };
  const uint32_t good = count(TaskState::kSucceeded) + count(TaskState::kAlreadySatisfied);
  const uint32_t harmless = good + count(TaskState::kNotApplicable);
  const uint32_t all = std::accumulate(counts.begin(), counts.end(), 0u);
  if (cancelled && count(TaskState::kCancelled) > 0) return JobState::kCancelled;
  return harmless == all && good > 0 ? JobState::kSucceeded : JobState::kFailed;
}

}  // namespace muster
