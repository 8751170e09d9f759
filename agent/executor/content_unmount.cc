// Unmounting.
//
//   first look    root on content, things in the way, mounts that are not in the record: REFUSED, nothing is touched
//   intent        synced; then the profile's hooks
//   round         each mount from the top, a child for each; what is busy is passed over; then a look
//     nothing is left     other mount namespaces are asked for, and whether an unmount still hangs in the kernel, which takes a mount from
//                         the table before it is done; if there is none of either: CLEAN
//     something is left   a pause, and another round, until the time is up
//   at the end    if the operator said so, a round that detaches; then who uses what is left
//
// What is mounted meanwhile and is not in the record stays.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/executor/content_attempt.h"

namespace muster {
namespace {

// umount2(2) comes back at once, or the file system's server does not answer.
constexpr Duration kUnmountPatience = 10s;
// All of /proc is looked through.
constexpr Duration kUsersPatience = 5s;
// Of what is left, in a sentence.
constexpr size_t kMaxNamed = 5;

std::string Named(const std::vector<std::string>& targets) {
  const size_t shown = std::min(targets.size(), kMaxNamed);
  const std::string more =
      targets.size() > shown ? fmt::format(" and {} more", targets.size() - shown) : "";
  return fmt::format("{}{}", fmt::join(targets.begin(), targets.begin() + shown, ", "), more);
}

}  // namespace

void ContentAttempt::Unmount(const ContentTree& tree, Actions* actions) {
  if (stage_ == Stage::kFirstLook && !is_recorded_) return UnmountFirst(tree, actions);
  if (tree.mounts.empty()) return LookElsewhere(tree, actions);
  if (stage_ == Stage::kLastLook) return GiveUpUnmount(tree, actions);
  if (std::exchange(is_after_round_, false)) return WaitForNextRound(actions);
  stage_ = Stage::kRounds;
  BeginUnmountRound(tree, false, actions);
}

void ContentAttempt::UnmountFirst(const ContentTree& tree, Actions* actions) {
  if (!tree.root_on_content.empty()) {
    return Finish(
        OutcomeState::kRefused, Reason::kRootOnCps,
        fmt::format("{}, so it can only be shut down; nothing was done", tree.root_on_content),
        actions);
  }
  if (tree.mounts.empty()) return LookElsewhere(tree, actions);
  if (!tree.in_the_way.empty()) {
    return Finish(OutcomeState::kRefused, Reason::kNotRemountable,
                  fmt::format("{}; nothing was done", fmt::join(tree.in_the_way, "; ")), actions);
  }
  if (const auto unrecorded = Compare(tree).unrecorded; !unrecorded.empty()) {
    return Finish(OutcomeState::kRefused, Reason::kNotRecorded,
                  fmt::format("the record does not have {}; nothing was done", Named(unrecorded)),
                  actions);
  }
  WriteTheIntent(actions);
}

void ContentAttempt::BeginUnmountRound(const ContentTree& tree, bool is_last, Actions* actions) {
  const std::vector<std::string> unrecorded = Compare(tree).unrecorded;
  todo_ = tree.mounts;
  next_ = todo_.size();
  stays_.assign(todo_.size(), false);
  for (size_t i = 0; i < todo_.size(); ++i) {
    const auto& target = todo_[i].recorded.target;
    stays_[i] = std::find(unrecorded.begin(), unrecorded.end(), target) != unrecorded.end();
  }
  trouble_.clear();
  has_hung_ = false;
  is_only_busy_ = true;
  is_last_round_ = is_last;
  UnmountNext(actions);
}

// From the top. What is needed by something that stays, stays.
void ContentAttempt::UnmountNext(Actions* actions) {
  while (next_ > 0 && stays_[next_ - 1]) LetStay(--next_);
  if (next_ == 0) {
    is_after_round_ = true;
    return Look(actions);
  }
  if (is_last_round_ ? now_ >= execution_deadline_ : is_time_up()) {
    stage_ = Stage::kLastLook;
    return Look(actions);
  }
  const ContentMount& mount = todo_[--next_];
  const auto& asked = std::get<UnmountContent>(work_);
  UnmountOne task{mount.id, mount.recorded.target, "", "", false, false};
  if (mount.recorded.kind == MountKind::kLoop) {
    task.loop_device = mount.device;
    task.loop_file = mount.recorded.source;
  }
  task.is_lazy = is_last_round_ && asked.is_lazy;
  task.is_forced = is_last_round_ && asked.is_forced;
  // However it ends: one that hangs may come to its end later.
  if (is_last_round_) has_detached_ = true;
  Run(Child::kMount, std::move(task), kUnmountPatience, actions);
}

void ContentAttempt::LetStay(size_t i) {
  for (const size_t needed : todo_[i].needs) stays_[needed] = true;
}

void ContentAttempt::OnUnmounted(const ChildResult& result, Actions* actions) {
  if (result.is_hung) has_hung_ = true;
  if (result.error == 0) return UnmountNext(actions);
  if (trouble_.size() < kMaxNamed)
    trouble_.push_back(fmt::format("{}: {}", todo_[next_].recorded.target, result.text));
  if (result.error != EBUSY) is_only_busy_ = false;
  LetStay(next_);
  UnmountNext(actions);
}

// Nothing is mounted here; but a process may have taken a copy of the table with it.
void ContentAttempt::LookElsewhere(const ContentTree& tree, Actions* actions) {
  is_after_round_ = false;
  beside_.clear();
  if (tree.has_sbps_root) beside_ += "; its root comes by SBPS, which loses nothing";
  if (!tree.foreign.empty())
    beside_ += fmt::format("; not CPS's, and left alone: {}", Named(tree.foreign));
  Run(Child::kElsewhere, FindUsers{{}, profile_}, kUsersPatience, actions);
}

void ContentAttempt::OnLookedElsewhere(const ChildResult& result, Actions* actions) {
  if (!result.text.empty() || result.error != 0) {
    const std::string why = result.error == 0 ? result.text
                                              : "who has mount namespaces of its own could not be "
                                                "found out: " +
                                                    result.text;
    const bool is_over = !is_recorded_ || stage_ == Stage::kLastLook || is_time_up();
    if (!is_over) return WaitForNextRound(actions);
    return Finish(OutcomeState::kFailed, Reason::kBusy, why, actions);
  }
  next_ = 0;
  ProbeNext(actions);
}

// A child that hangs, even one of an agent that is gone, holds the lock of its target: another one is told so at once. Else it finds nothing
// to unmount. Without a record any child that hangs counts.
void ContentAttempt::ProbeNext(Actions* actions) {
  const auto& mounts = record().mounts;
  if (mounts.empty() && next_++ == 0)
    return Run(Child::kProbe, FindHung{}, kUnmountPatience, actions);
  if (next_ >= mounts.size()) return FinishClean(actions);
  Run(Child::kProbe, UnmountOne{0, mounts[next_++].target, "", "", false, false}, kUnmountPatience,
      actions);
}

void ContentAttempt::OnProbed(const ChildResult& result, Actions* actions) {
  if (record().mounts.empty() && result.error != 0) {
    return Finish(result.is_hung ? OutcomeState::kTimedOut : OutcomeState::kFailed, Reason::kHung,
                  fmt::format("no content is in the table, but {}", result.text), actions);
  }
  if (!result.is_hung) return ProbeNext(actions);
  const std::string& target = record().mounts[next_ - 1].target;
  if (is_recorded_ && stage_ != Stage::kLastLook && !is_time_up()) return WaitForNextRound(actions);
  Finish(OutcomeState::kTimedOut, Reason::kHung,
         fmt::format("{} is gone from the table, and its unmount has not come back", target),
         actions);
}

void ContentAttempt::FinishClean(Actions* actions) {
  const auto* asked = std::get_if<UnmountContent>(&work_);
  const bool may_be_detached =
      is_recovered_ && asked != nullptr && (asked->is_lazy || asked->is_forced);
  if (has_detached_ || may_be_detached) {
    return Finish(
        OutcomeState::kFailed, Reason::kDetached,
        "what was in use is detached, as was asked: whoever used it still may" + hook_trouble_,
        actions);
  }
  if (is_recorded_) {
    return Finish(OutcomeState::kSucceeded, Reason::kClean,
                  fmt::format("no content is mounted any more, of {} mounts{}",
                              record().mounts.size(), hook_trouble_),
                  actions);
  }
  if (record().mounts.empty()) {
    return Finish(OutcomeState::kNotApplicable, Reason::kNotAClient,
                  "no content is mounted" + beside_, actions);
  }
  Finish(OutcomeState::kAlreadySatisfied, Reason::kClean,
         "no content is mounted; nothing had to be done", actions);
}

void ContentAttempt::GiveUpUnmount(const ContentTree& tree, Actions* actions) {
  const auto& asked = std::get<UnmountContent>(work_);
  if ((asked.is_lazy || asked.is_forced) && !is_last_round_) {
    return BeginUnmountRound(tree, true, actions);
  }
  left_.clear();
  FindUsers users{{}, profile_};
  for (const ContentMount& mount : tree.mounts) {
    left_.push_back(mount.recorded.target);
    users.devices.push_back(mount.device);
  }
  Run(Child::kUsers, std::move(users), kUsersPatience, actions);
}

void ContentAttempt::OnUsersFound(const ChildResult& result, Actions* actions) {
  FinishUnmount(result.error == 0 ? result.text : "", actions);
}

void ContentAttempt::FinishUnmount(const std::string& users, Actions* actions) {
  std::string detail = fmt::format("still mounted: {}", Named(left_));
  if (!users.empty()) {
    detail += "; " + users;
  } else if (!trouble_.empty()) {
    detail += fmt::format("; {}", fmt::join(trouble_, "; "));
  }
  detail += hook_trouble_;
  if (has_hung_) return Finish(OutcomeState::kTimedOut, Reason::kHung, std::move(detail), actions);
  const bool is_busy = !trouble_.empty() && is_only_busy_;
  Finish(OutcomeState::kFailed, is_busy ? Reason::kBusy : Reason::kPartial, std::move(detail),
         actions);
}

}  // namespace muster
