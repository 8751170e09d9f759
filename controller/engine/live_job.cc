#include "controller/engine/live_job.h"

#include <algorithm>
#include <utility>

namespace muster {

LiveJob::LiveJob(JobSpec job_spec, JobStatus job_status, uint32_t job_number,
                 TokenBucket job_bucket)
    : spec(std::move(job_spec)),
      status(std::move(job_status)),
      number(job_number),
      bucket(job_bucket) {}

void LiveJob::Count(const LiveTask& task, int sign) {
  const auto add = [sign](uint32_t& to) { to += static_cast<uint32_t>(sign); };
  add(counts[static_cast<size_t>(task.state)]);
  if (IsInFlight(task.state) && task.node->session != 0) add(in_flight);
  if (task.state == TaskState::kPending && task.attempt > 0) add(in_backoff);
  if (IsTerminal(task.state) && task.attempt > 0) add(started_ended);
}

uint32_t LiveJob::ended() const {
  return size() - count(TaskState::kPending) - count(TaskState::kDispatched) -
         count(TaskState::kRunning) - count(TaskState::kVerifying);
}

uint32_t LiveJob::failures() const {
  uint32_t sum = 0;
  for (size_t state = 0; state < counts.size(); ++state) {
    if (IsFailure(static_cast<TaskState>(state))) sum += counts[state];
  }
  return sum;
}

uint32_t LiveJob::proven() const {
  return count(TaskState::kSucceeded) + count(TaskState::kAlreadySatisfied);
}

uint32_t LiveJob::open() const {
  return count(TaskState::kDispatched) + count(TaskState::kRunning) + count(TaskState::kVerifying) +
         in_backoff;
}

bool LiveJob::has_too_many_failures() const {
  const uint32_t allowed = in_canary() ? 0 : AmountOf(spec.policy.max_failures, size());
  return failures() > allowed;
}

bool LiveJob::is_stopped() const {
  return status.state == JobState::kRunning && !status.detail.empty();
}

bool LiveJob::is_held() const {
  return status.state == JobState::kPaused || (spec.is_guided && !pace);
}

Time LiveJob::NextToken() const {
  if (!spec.is_guided) return bucket.NextToken();
  return pace ? std::max(bucket.NextToken(), pace->NextToken()) : Time::max();
}

void LiveJob::TakeToken(Time now) {
  bucket.Take(now);
  if (pace) pace->Take(now);
}

std::optional<Time> LiveJob::deadline() const {
  if (!spec.policy.deadline) return std::nullopt;
  return spec.created + *spec.policy.deadline;
}

bool LiveJob::is_resend(const LiveTask& task) const {
  return resends.contains(static_cast<uint32_t>(&task - tasks.data()));
}

std::optional<uint32_t> LiveJob::Find(const std::string& node) const {
  const auto task =
      std::lower_bound(tasks.begin(), tasks.end(), node,
                       [](const LiveTask& t, const std::string& n) { return t.node->name < n; });
  if (task == tasks.end() || task->node->name != node) return std::nullopt;
  return static_cast<uint32_t>(task - tasks.begin());
}

}  // namespace muster
