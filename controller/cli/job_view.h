// What the CLI knows of one job: the job and its tasks by node, and the names that states and reasons are shown by. Plain data,
// one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/nodeset/node_name.h"
#include "muster/v1/job.pb.h"

namespace muster::cli {

using TaskCounts = std::map<v1::TaskState, uint64_t>;

struct JobView {
  v1::Job job;
  std::map<std::string, v1::Task, NaturalOrder> tasks;  // by node

  // Keeps the newer of what is known and what came; both are told apart by their revision.
  void Apply(const v1::Task& task);
  void Apply(const v1::Job& newer);

  TaskCounts Counts() const;
  std::vector<std::string> UnfinishedNodes() const;
  // The job has ended, and so has each of its tasks, and all are here.
  bool IsComplete() const;
};

bool IsEnded(v1::JobState state);
bool IsEnded(v1::TaskState state);
// SUCCEEDED, ALREADY_SATISFIED or NOT_APPLICABLE: nobody need do anything.
bool EndedWell(v1::TaskState state);
// Those that may end better when they are tried again: what `job retry` takes. REFUSED and NOT_APPLICABLE will not; CANCELLED was
// somebody's wish.
inline constexpr v1::TaskState kRetriedStates[] = {v1::TASK_STATE_FAILED, v1::TASK_STATE_TIMED_OUT,
                                                   v1::TASK_STATE_UNDELIVERED, v1::TASK_STATE_LOST};
// PENDING after a try that did not end well.
bool WaitsForRetry(const v1::Task& task);

// Without their prefix; "" for unspecified; "STATE_99" or "REASON_99" for what this version does not know.
std::string StateName(v1::JobState state);
std::string StateName(v1::TaskState state);
std::string ReasonName(v1::Reason reason);
// "timed-out": as they are typed. All there are, in their order.
std::vector<std::string> TaskStateWords();
std::vector<std::string> JobStateWords();
// "failed,TIMED-OUT": in any case, with - or _. INVALID_ARGUMENT with the names there are.
absl::StatusOr<std::vector<v1::TaskState>> ParseTaskStates(const std::string& text);
absl::StatusOr<std::vector<v1::JobState>> ParseJobStates(const std::string& text);
// "TIMED_OUT" as people say it: "timed out".
std::string InWords(const std::string& state_name);

// "restart ORCA".
std::string WorkInWords(const v1::Work& work);

// What the job's counts add up to, as the controller told them.
TaskCounts CountsOf(const v1::Job& job);

}  // namespace muster::cli
