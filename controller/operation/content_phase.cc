#include "controller/operation/content_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace muster {
namespace {

// Recording changes nothing, so that nothing has to be held back when nodes fail.
Policy RecordPolicy(const Policy& policy) {
  Policy recording;
  recording.max_parallel = policy.max_parallel;
  recording.delivery_deadline = policy.delivery_deadline;
  recording.max_failures = {0, 10'000};
  return recording;
}

// What recording may have come to that is as it should be: a record, or nothing to record.
bool IsRecorded(TaskState state) {
  return state == TaskState::kSucceeded || state == TaskState::kNotApplicable;
}

}  // namespace

OperationStatus ContentPhase::NewStatus(const ContentSpec& spec) {
  OperationStatus status;
  const std::vector<const char*> titles =
      spec.is_unmount ? std::vector{"what is mounted is recorded", "content is unmounted"}
                      : std::vector{"content is mounted again"};
  for (const char* title : titles)
    status.steps.push_back({title, OperationState::kPending, "", ""});
  return status;
}

ContentPhase::ContentPhase(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
                           const Engine* engine, Time)
    : spec_(std::move(spec)), status_(std::move(status)) {
  while (current_ < status_.steps.size() && IsTerminal(step().state)) ++current_;
  if (engine == nullptr || current_ == status_.steps.size()) return;
  const auto found = engine->jobs().find(CurrentJob());
  if (found == engine->jobs().end() || IsTerminal(found->second.status.state)) return;
  has_job_ = true;
  is_cancelled_ = found->second.status.state == JobState::kCancelling;
  for (const LiveTask& task : found->second.tasks)
    if (IsTerminal(task.state)) ends_[task.node->name] = task.state;
}

void ContentPhase::Advance(Time now, OperationActions* actions) {
  if (IsTerminal(status_.state)) return;
  if (is_cancelled_ && !has_job_)
    while (current_ < status_.steps.size()) EndStep(OperationState::kCancelled, "");
  if (current_ < status_.steps.size() && !has_job_) {
    if (step().state == OperationState::kPending) {
      Begin(now, actions);
    } else {
      // The engine has refused to make the job: if it had made it, that would have been shown before.
      EndStep(OperationState::kFailed,
              "no job could be made, for as many jobs or tasks are under way as may be");
      while (current_ < status_.steps.size()) EndStep(OperationState::kCancelled, "");
    }
  }
  if (current_ == status_.steps.size()) Finish(now);
  if (std::exchange(is_changed_, false)) actions->records.push_back({spec_, status_, false});
}

std::vector<std::string> ContentPhase::NodesOfStep() const {
  return asked().is_unmount && !is_recording() ? recorded_ : asked().nodes;
}

void ContentPhase::Begin(Time now, OperationActions* actions) {
  JobSubmitted job;
  job.nodes = NodesOfStep();
  if (job.nodes.empty()) return EndStep(OperationState::kSucceeded, "nothing to do");
  const ContentSpec& content = asked();
  job.spec.id = CurrentJob();
  if (is_recording()) {
    job.spec.work = InspectContent{};
    job.spec.policy = RecordPolicy(content.policy);
  } else {
    job.spec.policy = content.policy;
    if (content.is_unmount) {
      job.spec.work = UnmountContent{content.content, {}, content.is_lazy, content.is_forced};
    } else {
      job.spec.work = RemountContent{content.content};
    }
  }
  job.spec.created_by = spec_->created_by;
  job.spec.created = now;
  job.spec.request_id = job.spec.id;
  job.spec.request_digest = spec_->request_digest;
  job.spec.operation = spec_->id;
  ends_.clear();
  step().state = OperationState::kRunning;
  step().job = job.spec.id;
  is_changed_ = true;
  actions->events.push_back(std::move(job));
}

void ContentPhase::Take(Time, const Record& record) {
  if (current_ == status_.steps.size()) return;
  const std::string* id = JobOf(record);
  if (id == nullptr || *id != CurrentJob()) return;
  if (std::holds_alternative<JobCreated>(record)) has_job_ = true;
  if (const auto* task = std::get_if<TaskChanged>(&record);
      task != nullptr && IsTerminal(task->task.state)) {
    ends_[task->task.node] = task->task.state;
  }
  const auto* job = std::get_if<JobChanged>(&record);
  if (job == nullptr) return;
  // Also by who has cancelled the job alone: the operation cannot go on without it.
  if (job->status.state == JobState::kCancelling) is_cancelled_ = true;
  if (IsTerminal(job->status.state)) OnJobEnded(job->status);
}

void ContentPhase::OnJobEnded(const JobStatus& job) {
  has_job_ = false;
  if (job.state == JobState::kCancelled) is_cancelled_ = true;
  if (!is_recording()) {
    const OperationState state = job.state == JobState::kSucceeded   ? OperationState::kSucceeded
                                 : job.state == JobState::kCancelled ? OperationState::kCancelled
                                                                     : OperationState::kFailed;
    return EndStep(state, job.detail.empty() ? Ends() : fmt::format("{}; {}", Ends(), job.detail));
  }
  const bool is_complete = std::all_of(ends_.begin(), ends_.end(),
                                       [](const auto& end) { return IsRecorded(end.second); });
  recorded_.clear();
  for (const std::string& node : asked().nodes) {
    const auto end = ends_.find(node);
    if (end != ends_.end() && end->second == TaskState::kSucceeded) recorded_.push_back(node);
  }
  EndStep(is_complete ? OperationState::kSucceeded : OperationState::kFailed, Ends());
}

// "17 succeeded, 2 not applicable, 1 refused".
std::string ContentPhase::Ends() const {
  std::map<TaskState, size_t> counts;
  for (const auto& [node, state] : ends_) ++counts[state];
  std::string text = fmt::format("{} nodes", ends_.size());
  const char* before = ": ";
  for (const auto& [state, count] : counts) {
    std::string name = Name(state);
    for (char& c : name) c = c == '_' ? ' ' : static_cast<char>(c - 'A' + 'a');
    text += fmt::format("{}{} {}", std::exchange(before, ", "), count, name);
  }
  return text;
}

void ContentPhase::Cancel(Time now, const std::string& by, OperationActions* actions) {
  if (std::exchange(is_cancelled_, true)) return;
  if (status_.notes.size() == kMaxNotes) status_.notes.erase(status_.notes.begin());
  status_.notes.push_back({now, "cancelled by " + by});
  is_changed_ = true;
  if (has_job_)
    actions->events.push_back(JobActionRequested{0, JobAction::kCancel, CurrentJob(), by});
}

void ContentPhase::EndStep(OperationState state, std::string detail) {
  step().state = state;
  step().detail = std::move(detail);
  ++current_;
  is_changed_ = true;
}

void ContentPhase::Finish(Time now) {
  status_.state = OperationState::kSucceeded;
  std::string failed;
  for (const OperationStep& step : status_.steps) {
    if (step.state != OperationState::kFailed) continue;
    status_.state = OperationState::kFailed;
    failed += fmt::format("{}{}: {}", failed.empty() ? "" : "; ", step.title, step.detail);
  }
  if (is_cancelled_) status_.state = OperationState::kCancelled;
  status_.detail = failed.empty() ? status_.steps.back().detail : failed;
  status_.ended = now;
  is_changed_ = true;
}

}  // namespace muster
