#include "controller/operation/content_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "common/ascii.h"
#include "controller/nodeset/node_set.h"
#include "controller/operation/bos_wait.h"
#include "controller/operation/cps_wait.h"

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

// What is written by FoldNodeSet.
std::vector<std::string> Expand(const std::string& folded) {
  if (folded.empty()) return {};
  absl::StatusOr<std::vector<std::string>> nodes = ExpandNodeSet(folded);
  return nodes.ok() ? *std::move(nodes) : std::vector<std::string>();
}

std::vector<std::string> Without(const std::vector<std::string>& nodes,
                                 const std::vector<std::string>& others) {
  const std::unordered_set<std::string_view> left_out(others.begin(), others.end());
  std::vector<std::string> rest;
  for (const std::string& node : nodes)
    if (!left_out.contains(node)) rest.push_back(node);
  return rest;
}

// BOS allows 45 characters, and a UUID has 32 without its dashes.
std::string SessionName(bool is_boot, std::string id) {
  std::erase(id, '-');
  return fmt::format("muster-{}-{}", is_boot ? "boot" : "off", id);
}

}  // namespace

OperationStatus ContentPhase::NewStatus(const ContentSpec& spec) {
  OperationStatus status;
  for (const ContentStep step : StepsOf(spec))
    status.steps.push_back({TitleOf(step), OperationState::kPending, "", ""});
  return status;
}

ContentPhase::ContentPhase(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
                           const Engine* engine, Time now)
    : spec_(std::move(spec)), steps_(StepsOf(*spec_->content)), status_(std::move(status)) {
  while (!is_over() && IsTerminal(step().state)) ++current_;
  if (engine == nullptr || is_over()) return;
  const auto found = engine->jobs().find(CurrentJob());
  if (found == engine->jobs().end() || IsTerminal(found->second.status.state)) {
    if (step().state == OperationState::kRunning && step().job.empty()) BeginWait(now, true);
    return;
  }
  has_job_ = true;
  is_cancelled_ = found->second.status.state == JobState::kCancelling;
  for (const LiveTask& task : found->second.tasks)
    if (IsTerminal(task.state)) ends_[task.node->name] = {task.state, task.reason};
}

const std::string& ContentPhase::CurrentJob() const {
  static const std::string kNone;
  switch (kind()) {
    case ContentStep::kRecord:
      return asked().record_job;
    case ContentStep::kUnmount:
    case ContentStep::kRemount:
      return asked().job;
    case ContentStep::kUnmountServers:
      return asked().servers_job;
    default:
      return kNone;
  }
}

OperationStep* ContentPhase::Find(ContentStep kind) {
  const auto found = std::find(steps_.begin(), steps_.end(), kind);
  return found == steps_.end() ? nullptr : &status_.steps[found - steps_.begin()];
}

std::vector<std::string> ContentPhase::NodesNow() {
  switch (kind()) {
    case ContentStep::kRecord:
      return asked().nodes;
    case ContentStep::kRemount:
      return Without(asked().nodes, asked().rooted);
    case ContentStep::kBoot:
      return asked().rooted;
    case ContentStep::kFindServers:
      return Expand(Find(ContentStep::kUnmount)->nodes);
    default:
      return Expand(step().nodes);
  }
}

void ContentPhase::Advance(Time now, OperationActions* actions) {
  if (IsTerminal(status_.state)) return;
  if (is_cancelled_ && !has_job_) CancelRest();
  is_submitted_ = false;
  while (!is_over() && !has_job_ && !is_submitted_) {
    if (wait_ != nullptr) {
      wait_->Advance(now, spec_->id, actions);
      Say(wait_->detail());
      if (!wait_->end()) break;
      OnWaitEnded(now, actions);
    } else if (step().state == OperationState::kPending) {
      Begin(now, actions);
    } else {
      // The engine has refused to make the job: if it had made it, that would have been shown before.
      EndStep(OperationState::kFailed,
              "no job could be made, for as many jobs or tasks are under way as may be");
      CancelRest();
    }
  }
  if (is_over()) Finish(now);
  if (std::exchange(is_changed_, false)) actions->records.push_back({spec_, status_, false});
}

void ContentPhase::Begin(Time now, OperationActions* actions) {
  if (kind() != ContentStep::kCpsReady && NodesNow().empty()) {
    if (!step().nodes.empty())
      return EndStep(OperationState::kFailed,
                     "its nodes cannot be read from the store: " + step().nodes);
    return EndStep(OperationState::kSucceeded, "nothing to do");
  }
  step().state = OperationState::kRunning;
  is_changed_ = true;
  if (CurrentJob().empty() || kind() == ContentStep::kUnmountServers) return BeginWait(now, false);
  BeginJob(now, actions);
}

void ContentPhase::BeginWait(Time now, bool is_resumed) {
  switch (kind()) {
    case ContentStep::kFindServers:
      wait_ = std::make_unique<CpsWait>(0, false, now + kFindServersDeadline);
      return;
    case ContentStep::kUnmountServers:
      wait_ = std::make_unique<CpsWait>(asked().min_servers, true, now + kCpsDeadline);
      return;
    case ContentStep::kCpsReady:
      wait_ = std::make_unique<CpsWait>(asked().min_servers, false, now + kCpsDeadline);
      return;
    case ContentStep::kShutDown:
    case ContentStep::kBoot: {
      const bool is_boot = kind() == ContentStep::kBoot;
      wait_ = std::make_unique<BosWait>(
          BosSession{SessionName(is_boot, spec_->id), is_boot, asked().bos_template, NodesNow()},
          is_resumed, now + kBosDeadline);
      return;
    }
    default:
      return;  // a job
  }
}

void ContentPhase::OnWaitEnded(Time now, OperationActions* actions) {
  const std::unique_ptr<ServiceWait> wait = std::move(wait_);
  const bool is_good = wait->end()->state == OperationState::kSucceeded;
  if (is_good && kind() == ContentStep::kUnmountServers) {
    servers_ = static_cast<const CpsWait&>(*wait).servers().size();
    Say(wait->end()->detail);
    return BeginJob(now, actions);
  }
  if (is_good && kind() == ContentStep::kFindServers)
    SplitServers(static_cast<const CpsWait&>(*wait).servers());
  // Without CPS nothing is unmounted on those who may serve it, nor mounted where nothing would come.
  const bool goes_on =
      is_good || (kind() != ContentStep::kFindServers && kind() != ContentStep::kCpsReady);
  EndStep(wait->end()->state, wait->end()->detail);
  if (!goes_on) CancelRest();
}

void ContentPhase::SplitServers(const std::vector<std::string>& servers) {
  const std::vector<std::string> nodes = NodesNow();
  const std::vector<std::string> others = Without(nodes, servers);
  Find(ContentStep::kUnmount)->nodes = FoldNodeSet(others);
  Find(ContentStep::kUnmountServers)->nodes = FoldNodeSet(Without(nodes, others));
}

void ContentPhase::BeginJob(Time now, OperationActions* actions) {
  JobSubmitted job;
  job.nodes = NodesNow();
  job.spec.id = CurrentJob();
  job.spec.work = WorkNow();
  job.spec.policy = PolicyNow();
  job.spec.created_by = spec_->created_by;
  job.spec.created = now;
  job.spec.request_id = job.spec.id;
  job.spec.request_digest = spec_->request_digest;
  job.spec.operation = spec_->id;
  ends_.clear();
  is_submitted_ = true;
  step().job = job.spec.id;
  is_changed_ = true;
  actions->events.push_back(std::move(job));
}

Work ContentPhase::WorkNow() const {
  const ContentSpec& content = asked();
  if (kind() == ContentStep::kRecord) return InspectContent{};
  if (kind() == ContentStep::kRemount) return RemountContent{content.content};
  return UnmountContent{content.content, {}, content.is_lazy, content.is_forced};
}

Policy ContentPhase::PolicyNow() const {
  if (kind() == ContentStep::kRecord) return RecordPolicy(asked().policy);
  Policy policy = asked().policy;
  if (kind() != ContentStep::kUnmountServers) return policy;
  const auto spare = static_cast<uint32_t>(servers_ - asked().min_servers);
  if (policy.max_parallel == 0 || policy.max_parallel > spare) policy.max_parallel = spare;
  policy.canary.reset();
  return policy;
}

std::optional<Time> ContentPhase::NextDeadline() const {
  return wait_ == nullptr ? std::nullopt : wait_->NextDeadline();
}

void ContentPhase::Take(Time now, const ServiceNews& news, OperationActions*) {
  if (wait_ != nullptr) wait_->Take(now, news);
}

void ContentPhase::Take(Time, const Record& record) {
  if (is_over()) return;
  const std::string* id = JobOf(record);
  if (id == nullptr || *id != CurrentJob()) return;
  if (std::holds_alternative<JobCreated>(record)) has_job_ = true;
  if (const auto* task = std::get_if<TaskChanged>(&record);
      task != nullptr && IsTerminal(task->task.state)) {
    ends_[task->task.node] = {task->task.state, task->task.reason};
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
  NoteRooted();
  if (kind() == ContentStep::kRecord) return OnRecorded();
  const OperationState state = job.state == JobState::kSucceeded   ? OperationState::kSucceeded
                               : job.state == JobState::kCancelled ? OperationState::kCancelled
                                                                   : OperationState::kFailed;
  EndStep(state, job.detail.empty() ? Ends() : fmt::format("{}; {}", Ends(), job.detail));
  // Stopped by its policy: nothing more is taken away then.
  if (std::any_of(ends_.begin(), ends_.end(),
                  [](const auto& end) { return end.second.reason == Reason::kMaxFailures; })) {
    CancelRest();
  }
}

// Those whom BOS will shut down.
void ContentPhase::NoteRooted() {
  OperationStep* shut_down = Find(ContentStep::kShutDown);
  if (shut_down == nullptr) return;
  std::vector<std::string> nodes = Expand(shut_down->nodes);
  for (const auto& [node, end] : ends_)
    if (end.reason == Reason::kRootOnCps) nodes.push_back(node);
  shut_down->nodes = FoldNodeSet(nodes);
}

void ContentPhase::OnRecorded() {
  const bool is_rooted_well = Find(ContentStep::kShutDown) != nullptr;
  bool is_complete = true;
  std::vector<std::string> recorded;
  for (const auto& [node, end] : ends_) {
    if (end.state == TaskState::kSucceeded) recorded.push_back(node);
    // As it should be: a record, nothing to record, or what another step does.
    is_complete = is_complete &&
                  (end.state == TaskState::kSucceeded || end.state == TaskState::kNotApplicable ||
                   (is_rooted_well && end.reason == Reason::kRootOnCps));
  }
  Find(ContentStep::kUnmount)->nodes = FoldNodeSet(recorded);
  EndStep(is_complete ? OperationState::kSucceeded : OperationState::kFailed, Ends());
}

// "17 succeeded, 2 not applicable, 1 refused".
std::string ContentPhase::Ends() const {
  std::map<TaskState, size_t> counts;
  for (const auto& [node, end] : ends_) ++counts[end.state];
  std::string text = fmt::format("{} nodes", ends_.size());
  const char* before = ": ";
  for (const auto& [state, count] : counts) {
    std::string name = LowerCase(Name(state));
    std::replace(name.begin(), name.end(), '_', ' ');
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

void ContentPhase::CancelRest() {
  std::string goes_on = wait_ == nullptr ? "" : wait_->WhatGoesOn();
  wait_.reset();
  while (!is_over()) EndStep(OperationState::kCancelled, std::exchange(goes_on, ""));
}

void ContentPhase::Say(const std::string& detail) {
  if (step().detail == detail) return;
  step().detail = detail;
  is_changed_ = true;
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
