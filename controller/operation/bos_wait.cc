#include "controller/operation/bos_wait.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

// Of those that failed, so many are told with their reason.
constexpr size_t kMaxExamples = 3;

std::string FailuresOf(const BosProgress& progress) {
  std::vector<std::string> nodes;
  std::string examples;
  for (const auto& [node, why] : progress.failed) {
    if (nodes.size() < kMaxExamples) examples += fmt::format("; {}: {}", node, why);
    nodes.push_back(node);
  }
  return fmt::format("{} failed: {}{}", nodes.size(), FoldNodeSet(nodes), examples);
}

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

BosWait::BosWait(BosSession session, bool was_asked, Time deadline)
    : ServiceWait(kBosInterval, deadline),
      session_(std::make_shared<const BosSession>(std::move(session))),
      was_asked_(was_asked) {}

ServiceCallWanted BosWait::Question() {
  was_asked_ = true;
  return {"", is_made_ ? ServiceCall::kLookAtBosSession : ServiceCall::kMakeBosSession, session_};
}

bool BosWait::Hear(const ServiceNews& news) {
  if (const auto* made = std::get_if<BosSessionMade>(&news.news); made != nullptr && !is_made_) {
    Hear(*made);
    return true;
  }
  const auto* seen = std::get_if<BosSessionSeen>(&news.news);
  if (seen == nullptr || !is_made_) return false;
  if (seen->progress.ok()) {
    Hear(*seen->progress);
  } else if (MayPass(seen->progress.status())) {
    Say(Message(seen->progress.status()));
  } else {
    Fail(Message(seen->progress.status()));
  }
  return true;
}

void BosWait::Hear(const BosSessionMade& made) {
  if (made.status.ok()) {
    is_made_ = true;
    Say(fmt::format("BOS session {} of {} node{}", session_->name, session_->nodes.size(),
                    session_->nodes.size() == 1 ? "" : "s"));
    AskAtOnce();
  } else if (MayPass(made.status)) {
    Say(Message(made.status));
  } else {
    Fail(Message(made.status));
  }
}

void BosWait::Hear(const BosProgress& progress) {
  std::string text = fmt::format("{} of {} {}", progress.done, session_->nodes.size(),
                                 session_->is_boot ? "booted" : "shut down");
  for (const auto& [what, count] : progress.open) text += fmt::format(", {} {}", count, what);
  if (!progress.failed.empty()) text += "; " + FailuresOf(progress);
  if (!progress.is_complete) return Say(fmt::format("BOS session {}: {}", session_->name, text));
  if (progress.done == session_->nodes.size()) return Succeed(std::move(text));
  Fail(fmt::format("BOS session {} is complete, but {}", session_->name, text));
}

std::string BosWait::WhatGoesOn() const {
  if (!was_asked_) return "";
  return fmt::format("BOS {} on with its session {}", is_made_ ? "goes" : "may go", session_->name);
}

std::string BosWait::GivenUp() const {
  return fmt::format("given up after {} min; the last was: {}. {}", kBosDeadline / 1min,
                     detail().empty() ? "no answer of BOS" : detail(), WhatGoesOn());
}

}  // namespace muster
