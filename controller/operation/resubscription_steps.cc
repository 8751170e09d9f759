// The order of the steps, and what follows from time.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controller/operation/resubscription.h"

namespace muster {

void Resubscription::Advance(Time now, OperationActions* actions) {
  if (IsTerminal(status_.state)) return;
  if (std::optional<std::string> news = pace_.TakeNews()) Note(now, std::move(*news));
  if (current_ == kBaseline) LookAtBaseline(now);
  if (current_ == kNodes) CheckJob(now);
  if (current_ == kOthers) JudgeOthers(now);
  if (current_ < kStepCount && current_ != kNodes && now - step_began_ >= kServiceDeadline) {
    EndStep(now, OperationState::kFailed,
            fmt::format("given up after {} min; the last was: {}", kServiceDeadline / 1min,
                        step().detail));
  }
  if (MustStop()) CancelRest(now);
  if (current_ == kStepCount) {
    Finish(now);
  } else {
    Begin(now);
    Ask(now, actions);
  }
  if (std::exchange(is_changed_, false)) actions->records.push_back({spec_, status_, false});
}

std::optional<Time> Resubscription::NextDeadline() const {
  if (IsTerminal(status_.state)) return std::nullopt;
  Time next = current_ == kNodes ? Time::max() : step_began_ + kServiceDeadline;
  if (WantsProbe() && !IsUnderWay(ServiceCall::kProbeHmnfd)) next = std::min(next, next_probe_);
  if (WantsList() && !IsUnderWay(ServiceCall::kListSubscribers)) next = std::min(next, next_list_);
  return next;
}

bool Resubscription::WantsProbe() const { return current_ == kHmnfd || current_ == kNodes; }

bool Resubscription::WantsList() const {
  return current_ == kTargets || current_ == kOthers ||
         (current_ == kNodes && proof_.waiting() > 0);
}

void Resubscription::Ask(Time now, OperationActions* actions) {
  if (WantsProbe() && now >= next_probe_ && !IsUnderWay(ServiceCall::kProbeHmnfd)) {
    next_probe_ = now + kProbeInterval;
    Call(ServiceCall::kProbeHmnfd, actions);
  }
  if (WantsList() && now >= next_list_ && !IsUnderWay(ServiceCall::kListSubscribers)) {
    next_list_ = now + kListInterval;
    Call(ServiceCall::kListSubscribers, actions);
  }
  const bool asks_hsm = current_ == kOthers && !has_hmnfd_in_hsm_ && hsm_trouble_.empty();
  if (asks_hsm && !IsUnderWay(ServiceCall::kFindHmnfdInHsm))
    Call(ServiceCall::kFindHmnfdInHsm, actions);
}

void Resubscription::Call(ServiceCall call, OperationActions* actions) {
  under_way_[static_cast<size_t>(call)] = true;
  actions->calls.push_back({spec_->id, call});
}

void Resubscription::Begin(Time now) {
  if (step().state != OperationState::kPending) return;
  step().state = OperationState::kRunning;
  step_began_ = next_probe_ = next_list_ = now;
  is_changed_ = true;
}

void Resubscription::SayDetail(const std::string& detail) {
  if (current_ == kStepCount || step().detail == detail) return;
  step().detail = detail;
  is_changed_ = true;
}

void Resubscription::Note(Time now, std::string text) {
  std::vector<OperationNote>& notes = status_.notes;
  if (notes.size() == kMaxNotes) notes.erase(notes.begin());
  notes.push_back({now, std::move(text)});
  is_changed_ = true;
}

void Resubscription::EndStep(Time now, OperationState state, std::string detail) {
  step().state = state;
  step().detail = std::move(detail);
  ++current_;
  step_began_ = now;
  is_changed_ = true;
}

// What is not in it is subscribed when any agent of it is.
void Resubscription::LookAtBaseline(Time now) {
  const ResubscriptionSpec& asked = spec_->resubscription;
  if (asked.baseline.empty())
    return EndStep(now, OperationState::kSucceeded,
                   "not known; any agent's subscription of a node counts");
  const auto known =
      std::count_if(asked.nodes.begin(), asked.nodes.end(),
                    [&](const std::string& node) { return asked.baseline.contains(node); });
  EndStep(now, OperationState::kSucceeded,
          fmt::format("{} of {} nodes, whose agents have to be subscribed again", known,
                      asked.nodes.size()));
}

// The engine has refused to make the job: if it has made it, that was shown before.
void Resubscription::CheckJob(Time now) {
  if (has_job_) return;
  EndStep(
      now, OperationState::kFailed,
      "no job could be made, for as many jobs or tasks are under way as may be; wait for one to "
      "end, and type this again");
}

void Resubscription::JudgeOthers(Time now) {
  const bool has_asked_hsm = has_hmnfd_in_hsm_ || !hsm_trouble_.empty();
  if (!has_bss_ || !has_asked_hsm) return;
  if (!*has_bss_ && has_restarted_bss_ && now - step_began_ < kBssDeadline) return;
  std::string missing;
  if (!*has_bss_) missing = fmt::format("BSS has no subscription; restart it: {}", kRestartBssHint);
  if (has_hmnfd_in_hsm_ && !*has_hmnfd_in_hsm_) {
    missing += fmt::format("{}HMNFD has none at HSM, so nobody is told of anything; restart it: {}",
                           missing.empty() ? "" : "; ", kRestartHmnfdHint);
  }
  if (!lost_.empty()) {
    missing += fmt::format(
        "{}{} of the nodes that were proven have no subscription any more, {} among them: type it "
        "again with --only-missing",
        missing.empty() ? "" : "; ", lost_.size(), lost_.front());
  }
  if (!missing.empty()) return EndStep(now, OperationState::kFailed, missing);
  EndStep(now, OperationState::kSucceeded,
          hsm_trouble_.empty()
              ? "BSS is subscribed, and HMNFD is at HSM"
              : "BSS is subscribed; whether HMNFD is at HSM is not known: " + hsm_trouble_);
}

// Without HMNFD and targets there is nothing to do; without all nodes the others are still looked at.
bool Resubscription::MustStop() const {
  if (current_ == kStepCount) return false;
  if (is_cancelled_ && current_ != kNodes) return true;
  return std::any_of(status_.steps.begin(), status_.steps.begin() + kNodes,
                     [](const auto& step) { return step.state == OperationState::kFailed; });
}

void Resubscription::CancelRest(Time now) {
  while (current_ < kStepCount) EndStep(now, OperationState::kCancelled, "");
}

void Resubscription::Finish(Time now) {
  status_.state = is_cancelled_ ? OperationState::kCancelled : OperationState::kSucceeded;
  std::string failed;
  for (const OperationStep& step : status_.steps) {
    if (step.state != OperationState::kFailed) continue;
    if (!is_cancelled_) status_.state = OperationState::kFailed;
    failed += fmt::format("{}{}: {}", failed.empty() ? "" : "; ", step.title, step.detail);
  }
  status_.detail = failed.empty() ? status_.steps[kNodes].detail : failed;
  status_.ended = now;
  is_changed_ = true;
}

}  // namespace muster
