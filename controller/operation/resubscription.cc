#include "controller/operation/resubscription.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace muster {
namespace {

// BSS subscribes as this agent of this node (boot-script-service, scn.go).
constexpr char kBssNode[] = "x0";
constexpr char kBssAgent[] = "boot-script-service";

// A pace with a tenth of a start a second.
Rate RateOf(double starts_a_second) {
  return {static_cast<uint32_t>(std::max(1L, std::lround(starts_a_second * 10))), 10s};
}

bool Differs(double a, double b) { return std::abs(a - b) > 0.01 * std::max(a, b); }

bool HasBss(const Subscribers& subscribers) {
  const auto bss = subscribers.find(kBssNode);
  return bss != subscribers.end() &&
         std::find(bss->second.begin(), bss->second.end(), kBssAgent) != bss->second.end();
}

}  // namespace

OperationStatus Resubscription::NewStatus() {
  OperationStatus status;
  for (const char* title :
       {"who was subscribed before", "HMNFD takes subscriptions", "who has to be restarted",
        "nodes restarted and subscribed", "other clients of HMNFD"}) {
    status.steps.push_back({title, OperationState::kPending, "", ""});
  }
  return status;
}

Resubscription::Resubscription(std::shared_ptr<const OperationSpec> spec, OperationStatus status,
                               const LiveJob* job, Time now)
    : spec_(std::move(spec)),
      status_(std::move(status)),
      step_began_(now),
      has_job_(job != nullptr),
      next_probe_(now),
      next_list_(now),
      proof_(spec_->resubscription.second_look, spec_->resubscription.appear_within,
             spec_->resubscription.baseline),
      pace_(spec_->resubscription.floor, spec_->resubscription.ceiling) {
  while (current_ < status_.steps.size() && IsTerminal(step().state)) ++current_;
  if (job == nullptr) return;
  is_cancelled_ = job->status.state == JobState::kCancelling;
  for (const LiveTask& task : job->tasks) {
    if (task.state == TaskState::kVerifying) proof_.Expect(task.node->name, task.attempt, now);
    if (task.state == TaskState::kSucceeded) proven_.insert(task.node->name);
  }
}

void Resubscription::Take(Time now, const ServiceNews& news, OperationActions* actions) {
  std::visit([&](const auto& one) { On(now, one, actions); }, news.news);
}

// ---- what the services say

void Resubscription::On(Time now, const HmnfdProbed& news, OperationActions* actions) {
  under_way_[static_cast<size_t>(ServiceCall::kProbeHmnfd)] = false;
  const bool is_ready = news.state == HmnfdProbed::State::kReady;
  if (current_ == kNodes) {
    if (is_ready) {
      pace_.OnReady(now, news.latency);
    } else {
      pace_.OnNotReady(now, news.detail);
      // Anything else may pass by itself.
      if (news.state == HmnfdProbed::State::kNoHealthKey) RestartHmnfd(now, news, actions);
    }
    return SetPace(actions);
  }
  if (current_ != kHmnfd || IsUnderWay(ServiceCall::kRestartHmnfd)) return;
  if (is_ready) return EndStep(now, OperationState::kSucceeded, "ready");
  const bool is_denied = news.state == HmnfdProbed::State::kDenied;
  if (!is_denied && hmnfd_restarts_ == 0 && RestartHmnfd(now, news, actions))
    return SayDetail("restarting deployment/cray-hmnfd");
  std::string wait = "waiting: " + news.detail;
  if (news.state == HmnfdProbed::State::kNoHealthKey || news.state == HmnfdProbed::State::kNotReady)
    wait += fmt::format("; if its etcd was rebuilt, restart it: {}", kRestartHmnfdHint);
  SayDetail(wait);
}

// False: it may not, or is about it.
bool Resubscription::RestartHmnfd(Time now, const HmnfdProbed& news, OperationActions* actions) {
  if (!spec_->resubscription.restarts_hmnfd || hmnfd_restarts_ == kMaxHmnfdRestarts ||
      IsUnderWay(ServiceCall::kRestartHmnfd))
    return false;
  ++hmnfd_restarts_;
  Note(now, fmt::format("restarting deployment/cray-hmnfd: {}", news.detail));
  Call(ServiceCall::kRestartHmnfd, actions);
  return true;
}

void Resubscription::On(Time now, const SubscribersListed& news, OperationActions* actions) {
  under_way_[static_cast<size_t>(ServiceCall::kListSubscribers)] = false;
  if (!news.subscribers.ok()) {
    const std::string trouble = Message(news.subscribers.status());
    if (trouble != trouble_) Note(now, "HMNFD's list cannot be read: " + trouble);
    trouble_ = trouble;
    if (current_ != kNodes) SayDetail("waiting: " + trouble);
    return;
  }
  if (!trouble_.empty()) Note(now, "HMNFD's list can be read again");
  trouble_.clear();
  const Subscribers& subscribers = **news.subscribers;
  if (current_ == kTargets) return ChooseTargets(now, subscribers, actions);
  if (current_ == kOthers) return CheckBss(now, subscribers, actions);
  if (current_ != kNodes) return;
  for (ProofVerdict& verdict : proof_.Take(news.asked, subscribers)) {
    actions->events.push_back(ProofGiven{spec_->resubscription.job, std::move(verdict.node),
                                         verdict.attempt, verdict.holds, verdict.reason,
                                         std::move(verdict.detail)});
  }
  pace_.OnListed(proof_.overdue(), proof_.due());
}

void Resubscription::On(Time now, const RolloutEnded& news, OperationActions*) {
  under_way_[static_cast<size_t>(news.call)] = false;
  if (news.status.ok()) {
    if (news.call == ServiceCall::kRestartBss) step_began_ = now;  // from now on it may subscribe
    Note(now, news.call == ServiceCall::kRestartBss ? "deployment/cray-bss was restarted"
                                                    : "deployment/cray-hmnfd was restarted");
    return;
  }
  if (news.call == ServiceCall::kRestartHmnfd && current_ == kHmnfd)
    EndStep(now, OperationState::kFailed, Message(news.status));
  if (news.call == ServiceCall::kRestartHmnfd && current_ == kNodes)
    Note(now, "deployment/cray-hmnfd was not restarted: " + Message(news.status));
  if (news.call == ServiceCall::kRestartBss && current_ == kOthers)
    EndStep(now, OperationState::kFailed, Message(news.status));
}

void Resubscription::On(Time now, const HsmAsked& news, OperationActions*) {
  under_way_[static_cast<size_t>(ServiceCall::kFindHmnfdInHsm)] = false;
  if (news.has_hmnfd.ok()) {
    has_hmnfd_in_hsm_ = *news.has_hmnfd;
    return;
  }
  hsm_trouble_ = Message(news.has_hmnfd.status());
  Note(now, "HSM could not be asked for HMNFD's own subscription: " + hsm_trouble_);
}

// ---- what they mean

void Resubscription::ChooseTargets(Time now, const Subscribers& subscribers,
                                   OperationActions* actions) {
  const ResubscriptionSpec& asked = spec_->resubscription;
  std::vector<std::string> nodes;
  size_t subscribed = 0;
  for (const std::string& node : asked.nodes) {
    std::string missing;
    const bool is_there = IsSubscribed(node, asked.baseline, subscribers, &missing);
    if (is_there) ++subscribed;
    if (!is_there || !asked.only_missing) nodes.push_back(node);
  }
  std::string detail = fmt::format("{} of {} nodes are subscribed, {} will be restarted",
                                   subscribed, asked.nodes.size(), nodes.size());
  if (subscribed > 0 && !asked.only_missing)
    detail +=
        "; a subscription has no time, so of those that are subscribed the list cannot show "
        "that they subscribed anew";
  EndStep(now, OperationState::kSucceeded, std::move(detail));
  if (nodes.empty()) return EndStep(now, OperationState::kSucceeded, "nothing to do");
  JobSubmitted job;
  job.spec.id = asked.job;
  job.spec.work = asked.work;
  job.spec.policy = asked.policy;
  job.spec.created_by = spec_->created_by;
  job.spec.created = now;
  job.spec.request_id = spec_->id;
  job.spec.request_digest = spec_->request_digest;
  job.spec.operation = spec_->id;
  job.spec.is_guided = true;
  job.nodes = std::move(nodes);
  actions->events.push_back(std::move(job));
  step().job = asked.job;
}

void Resubscription::CheckBss(Time now, const Subscribers& subscribers, OperationActions* actions) {
  if (IsUnderWay(ServiceCall::kRestartBss)) return;
  lost_.clear();
  std::string missing;
  std::copy_if(proven_.begin(), proven_.end(), std::back_inserter(lost_),
               [&](const std::string& node) {
                 return !IsSubscribed(node, spec_->resubscription.baseline, subscribers, &missing);
               });
  has_bss_ = HasBss(subscribers);
  if (*has_bss_ || !spec_->resubscription.restarts_bss || has_restarted_bss_) return;
  has_restarted_bss_ = true;
  has_bss_.reset();
  step_began_ = now;
  SayDetail("restarting deployment/cray-bss, whose subscription is missing");
  Call(ServiceCall::kRestartBss, actions);
}

void Resubscription::SetPace(OperationActions* actions) {
  const double rate = pace_.rate();
  if (!Differs(rate, told_rate_)) return;
  told_rate_ = rate;
  actions->events.push_back(
      PaceSet{spec_->resubscription.job, rate > 0 ? RateOf(rate) : Rate{0, 1s}});
}

void Resubscription::Take(Time now, const Record& record) {
  if (std::holds_alternative<JobCreated>(record)) has_job_ = true;
  if (const auto* job = std::get_if<JobChanged>(&record)) {
    // Also by who has cancelled the job alone: the operation cannot go on without it.
    if (job->status.state == JobState::kCancelling) is_cancelled_ = true;
    if (current_ != kNodes || !IsTerminal(job->status.state)) return;
    const OperationState state =
        job->status.state == JobState::kSucceeded   ? OperationState::kSucceeded
        : job->status.state == JobState::kCancelled ? OperationState::kCancelled
                                                    : OperationState::kFailed;
    return EndStep(now, state, job->status.detail);
  }
  const auto* changed = std::get_if<TaskChanged>(&record);
  if (changed == nullptr) return;
  const Task& task = changed->task;
  if (task.state == TaskState::kVerifying) return proof_.Expect(task.node, task.attempt, now);
  proof_.Forget(task.node);
  if (task.state == TaskState::kSucceeded) proven_.insert(task.node);
  if (task.state == TaskState::kDispatched) pace_.OnStarted(now);
  const bool is_unproven =
      task.reason == Reason::kNotSubscribed || task.reason == Reason::kVanished;
  const bool has_failed = task.state == TaskState::kFailed || task.state == TaskState::kTimedOut ||
                          task.state == TaskState::kPending;
  if (has_failed && task.attempt > 0 && !is_unproven) pace_.OnFailed(now);
}

void Resubscription::Cancel(Time now, const std::string& by, OperationActions* actions) {
  if (std::exchange(is_cancelled_, true)) return;
  Note(now, "cancelled by " + by);
  if (current_ == kNodes)
    actions->events.push_back(
        JobActionRequested{0, JobAction::kCancel, spec_->resubscription.job, by});
}

}  // namespace muster
