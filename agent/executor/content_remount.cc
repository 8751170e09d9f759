// Mounting again.
//
//   first look   all of it is there: it is read, ALREADY_SATISFIED; something else is where it was: REFUSED, nothing is touched
//   intent       synced
//   round        each mount that is missing, from the bottom, a child for each; it ends with the first that fails, for what lies on that
//                would be mounted on what is below it; then a look
//     nothing is missing     each projected mount is read from, in a child; then the profile's hooks
//     something is missing   a pause, and another round, until the time is up
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>
#include <utility>

#include "agent/executor/content_attempt.h"

namespace muster {
namespace {

// CPS may have to fetch the content first; then the mount helper waits for it. The child goes on when we do not.
constexpr Duration kMountPatience = 60s;
constexpr Duration kReadPatience = 10s;

}  // namespace

void ContentAttempt::Remount(const MountTable& table, const ContentTree& tree, Actions* actions) {
  if (stage_ == Stage::kFirstLook && !is_recorded_) return RemountFirst(table, tree, actions);
  const Comparison comparison = Compare(tree);
  if (comparison.missing.empty()) {
    wanted_ = record().mounts;
    next_ = 0;
    return ReadNext(actions);
  }
  if (stage_ == Stage::kLastLook) return GiveUpRemount(comparison.missing.size(), actions);
  if (std::exchange(is_after_round_, false)) return WaitForNextRound(actions);
  stage_ = Stage::kRounds;
  wanted_.clear();
  for (const RecordedMount* mount : comparison.missing) wanted_.push_back(*mount);
  next_ = 0;
  trouble_.clear();
  has_hung_ = false;
  RemountNext(actions);
}

void ContentAttempt::RemountFirst(const MountTable& table, const ContentTree& tree,
                                  Actions* actions) {
  if (record().mounts.empty()) {
    return Finish(OutcomeState::kNotApplicable, Reason::kNotAClient,
                  "no content of this node is recorded", actions);
  }
  const Comparison comparison = Compare(tree);
  if (comparison.missing.empty()) {
    wanted_ = record().mounts;
    next_ = 0;
    return ReadNext(actions);
  }
  // What is mounted, but for what is recorded: all that is left at a place is something else.
  std::multiset<std::string> others;
  for (const Mount& mount : table.mounts) others.insert(mount.target);
  std::set<const RecordedMount*> missing(comparison.missing.begin(), comparison.missing.end());
  for (const RecordedMount& recorded : record().mounts) {
    if (missing.contains(&recorded)) continue;
    if (const auto own = others.find(recorded.target); own != others.end()) others.erase(own);
  }
  for (const RecordedMount* recorded : missing) {
    if (recorded->is_stacked || !others.contains(recorded->target)) continue;
    return Finish(
        OutcomeState::kRefused, Reason::kTargetTaken,
        fmt::format("something else is mounted at {}; nothing was done", recorded->target),
        actions);
  }
  WriteTheIntent(actions);
}

void ContentAttempt::RemountNext(Actions* actions) {
  if (next_ == wanted_.size()) {
    is_after_round_ = true;
    return Look(actions);
  }
  if (is_time_up()) {
    stage_ = Stage::kLastLook;
    return Look(actions);
  }
  const RecordedMount& mount = wanted_[next_++];
  Run(Child::kMount, MountOne{mount, ExpectedBelow(mount), profile_}, kMountPatience, actions);
}

// How many mounts are to be at its place before it: what was there before content, and what the record has there.
size_t ContentAttempt::ExpectedBelow(const RecordedMount& mount) const {
  size_t below = mount.is_stacked ? 1 : 0;
  for (const RecordedMount& other : record().mounts) {
    if (other == mount) break;
    if (other.target == mount.target) below += other.is_stacked ? 2 : 1;
  }
  return below;
}

void ContentAttempt::OnMounted(const ChildResult& result, Actions* actions) {
  if (result.error == 0) return RemountNext(actions);
  is_after_round_ = true;
  has_hung_ = result.is_hung;
  trouble_.push_back(fmt::format("{}: {}", wanted_[next_ - 1].target, result.text));
  Look(actions);
}

void ContentAttempt::ReadNext(Actions* actions) {
  while (next_ < wanted_.size() && wanted_[next_].kind != MountKind::kProjected) ++next_;
  if (next_ < wanted_.size())
    return Run(Child::kReading, ReadDirectory{wanted_[next_++].target}, kReadPatience, actions);
  next_ = 0;
  if (!is_recorded_) {
    return Finish(OutcomeState::kAlreadySatisfied, Reason::kContentMounted,
                  fmt::format("{} mounts are there and can be read; nothing had to be done",
                              record().mounts.size()),
                  actions);
  }
  RunHooks(profile_->after_remount, actions);
}

// Just after a rebuild the first read may take its time.
void ContentAttempt::OnRead(const ChildResult& result, Actions* actions) {
  if (result.error == 0) return ReadNext(actions);
  if (stage_ != Stage::kLastLook && !is_time_up()) return WaitForNextRound(actions);
  Finish(result.is_hung ? OutcomeState::kTimedOut : OutcomeState::kFailed,
         result.is_hung ? Reason::kHung : Reason::kPartial,
         fmt::format("everything is mounted, and {} cannot be read: {}", wanted_[next_ - 1].target,
                     result.text),
         actions);
}

void ContentAttempt::GiveUpRemount(size_t missing_count, Actions* actions) {
  const size_t all = record().mounts.size();
  Finish(has_hung_ ? OutcomeState::kTimedOut : OutcomeState::kFailed,
         has_hung_ ? Reason::kHung : Reason::kPartial,
         fmt::format("{} of {} mounts are there; {}", all - missing_count, all,
                     fmt::join(trouble_, "; ")),
         actions);
}

}  // namespace muster
