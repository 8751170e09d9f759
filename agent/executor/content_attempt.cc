// What unmounting and remounting have in common: looking, hooks, rounds, time, and the end.
//
// Time: some of it is kept for a last look, so that the report says how things are and who is in the way. No child is begun after that but for
// the look, and none is waited for beyond the execution deadline.
#include "agent/executor/content_attempt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "agent/mount/mount_options.h"
#include "common/limits.h"

namespace muster {
namespace {

// Kept of the execution deadline for the last look, or a fifth of it if that is less.
constexpr Duration kForLastLook = 10s;
// Between rounds: doubled each time, up to the second.
constexpr Duration kFirstPause = 1s;
constexpr Duration kLongestPause = 10s;

Work WorkOf(const LedgerEntry& entry) {
  return entry.intent.content ? *entry.intent.content : Work{};
}

}  // namespace

bool IsContentWork(const Work& work) {
  return std::holds_alternative<InspectContent>(work) || ChangesContent(work);
}

ContentAttempt::ContentAttempt(const Command& command, const std::string& boot_id,
                               std::shared_ptr<const ContentProfile> profile, Time now)
    : HeldAttempt(command.key),
      boot_id_(boot_id),
      profile_(std::move(profile)),
      work_(command.work),
      intent_boot_id_(boot_id),
      execution_deadline_(now + command.execution_deadline) {}

ContentAttempt::ContentAttempt(const LedgerEntry& entry, const std::string& boot_id,
                               std::shared_ptr<const ContentProfile> profile)
    : HeldAttempt(entry.intent.key, entry.outcome),
      boot_id_(boot_id),
      profile_(std::move(profile)),
      work_(WorkOf(entry)),
      intent_boot_id_(entry.intent.boot_id),
      execution_deadline_(Time(Duration(entry.intent.deadline_boottime_ns))) {
  if (outcome_) phase_ = Phase::kDone;
}

void ContentAttempt::Begin(Time now, Actions* actions) {
  now_ = began_ = now;
  progress_at_ = now + limits::kProgressAfter;
  if (intent_boot_id_ != boot_id_) execution_deadline_ = now + kDeadlineAfterReboot;
  const Duration left = std::max(execution_deadline_ - now, Duration::zero());
  give_up_at_ = execution_deadline_ - std::min(kForLastLook, left / 5);
  Look(actions);
}

const ContentRecord& ContentAttempt::record() const {
  if (const auto* unmount = std::get_if<UnmountContent>(&work_)) return unmount->record;
  if (const auto* remount = std::get_if<RemountContent>(&work_)) return remount->record;
  static const ContentRecord kNone;
  return kNone;
}

void ContentAttempt::Look(Actions* actions) {
  phase_ = Phase::kReading;
  actions->push_back(ReadMounts{key_});
}

void ContentAttempt::OnMountsRead(Time now, const MountTable& table, Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kReading) return;
  const ContentTree tree = BuildContentTree(table, *profile_);
  if (is_recorded_ && intent_boot_id_ != boot_id_) return JudgeAfterReboot(tree, actions);
  if (std::holds_alternative<InspectContent>(work_)) return Inspect(tree, actions);
  return is_unmount() ? Unmount(tree, actions) : Remount(table, tree, actions);
}

void ContentAttempt::Inspect(const ContentTree& tree, Actions* actions) {
  if (!tree.root_on_content.empty()) {
    return Finish(OutcomeState::kRefused, Reason::kRootOnCps,
                  fmt::format("{}, so it can only be shut down", tree.root_on_content), actions);
  }
  if (tree.mounts.empty()) return LookElsewhere(tree, actions);
  if (!tree.in_the_way.empty()) {
    return Finish(OutcomeState::kRefused, Reason::kNotRemountable,
                  fmt::format("{}", fmt::join(tree.in_the_way, "; ")), actions);
  }
  ContentRecord record = tree.Record();
  if (const size_t size = SizeOf(record); size > kMaxRecordBytes) {
    return Finish(OutcomeState::kRefused, Reason::kNotRemountable,
                  fmt::format("the record of {} mounts takes {} bytes, and {} are the most",
                              record.mounts.size(), size, kMaxRecordBytes),
                  actions);
  }
  const auto projected =
      std::count_if(record.mounts.begin(), record.mounts.end(),
                    [](const RecordedMount& mount) { return mount.kind == MountKind::kProjected; });
  std::string detail =
      fmt::format("{} mounts, {} of them projected", record.mounts.size(), projected);
  outcome_.emplace().evidence.content = std::move(record);
  Finish(OutcomeState::kSucceeded, Reason::kContentMounted, std::move(detail), actions);
}

ContentAttempt::Comparison ContentAttempt::Compare(const ContentTree& tree) const {
  std::multimap<std::string, const RecordedMount*> present;
  for (const ContentMount& mount : tree.mounts)
    present.emplace(mount.recorded.target, &mount.recorded);
  Comparison comparison;
  for (const RecordedMount& recorded : record().mounts) {
    const auto [first, last] = present.equal_range(recorded.target);
    const auto same = std::find_if(
        first, last, [&](const auto& entry) { return IsSameMount(recorded, *entry.second); });
    if (same == last) {
      comparison.missing.push_back(&recorded);
    } else {
      present.erase(same);
    }
  }
  for (const auto& [target, mount] : present) comparison.unrecorded.push_back(target);
  return comparison;
}

// The node has booted since, which unmounts everything; what is mounted now was mounted by the boot, and was never asked for or forbidden.
void ContentAttempt::JudgeAfterReboot(const ContentTree& tree, Actions* actions) {
  const bool is_as_wanted = is_unmount() ? tree.mounts.empty() && tree.root_on_content.empty()
                                         : Compare(tree).missing.empty();
  if (is_as_wanted) {
    return Finish(OutcomeState::kAlreadySatisfied, Reason::kRebooted,
                  is_unmount() ? "the node has booted since, and no content is mounted"
                               : "the node has booted since, and all content is mounted",
                  actions);
  }
  Finish(OutcomeState::kFailed, Reason::kInterrupted,
         fmt::format("the node has booted since; {} mounts of content are there now",
                     tree.mounts.size()),
         actions);
}

void ContentAttempt::WriteTheIntent(Actions* actions) {
  phase_ = Phase::kWritingIntent;
  Intent intent;
  intent.key = key_;
  intent.boot_id = boot_id_;
  intent.deadline_boottime_ns =
      static_cast<uint64_t>(execution_deadline_.time_since_epoch().count());
  intent.content = work_;
  actions->push_back(WriteIntent{std::move(intent)});
}

void ContentAttempt::OnIntentWritten(Time now, const absl::Status& status, Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kWritingIntent) return;
  if (!status.ok()) {
    return Finish(OutcomeState::kRefused, Reason::kLedger,
                  fmt::format("write the intent to {}: {}; nothing was done", Describe(work_),
                              Message(status)),
                  actions);
  }
  is_recorded_ = true;
  if (is_unmount()) return RunHooks(profile_->before_unmount, actions);
  stage_ = Stage::kRounds;
  Look(actions);
}

// One after the other; next_ is the one that is next. A hook is run once for each attempt, if at all: after a crash it is not repeated.
void ContentAttempt::RunHooks(const std::vector<ContentHook>& hooks, Actions* actions) {
  const bool is_skipped = is_recovered_ || is_time_up();
  if (stage_ != Stage::kHooks && is_skipped && !hooks.empty())
    hook_trouble_ += is_recovered_ ? "; whether the hooks were run is not known"
                                   : "; no hook was run, for the time was up";
  stage_ = Stage::kHooks;
  if (next_ < hooks.size() && !is_skipped) {
    const ContentHook& hook = hooks[next_++];
    return Run(Child::kHook, RunHook{hook}, hook.deadline + 1s, actions);
  }
  next_ = 0;
  if (is_unmount()) {
    stage_ = is_time_up() ? Stage::kLastLook : Stage::kRounds;
    return Look(actions);
  }
  Finish(
      hook_trouble_.empty() ? OutcomeState::kSucceeded : OutcomeState::kFailed,
      hook_trouble_.empty() ? Reason::kContentMounted : Reason::kPartial,
      fmt::format("{} mounts are there and can be read{}", record().mounts.size(), hook_trouble_),
      actions);
}

void ContentAttempt::OnHookEnded(const ChildResult& result, Actions* actions) {
  if (result.error != 0) hook_trouble_ += "; the hook failed: " + result.text;
  RunHooks(is_unmount() ? profile_->before_unmount : profile_->after_remount, actions);
}

void ContentAttempt::Run(Child child, ChildTask task, Duration patience, Actions* actions) {
  phase_ = Phase::kInChild;
  child_ = child;
  // One that looks has a moment, whatever the time.
  const Duration most = std::max<Duration>(execution_deadline_ - now_, 1s);
  actions->push_back(RunChild{key_, std::move(task), std::min(patience, most)});
}

void ContentAttempt::OnChildEnded(Time now, const ChildResult& result, Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kInChild) return;
  switch (child_) {
    case Child::kHook:
      return OnHookEnded(result, actions);
    case Child::kMount:
      return is_unmount() ? OnUnmounted(result, actions) : OnMounted(result, actions);
    case Child::kUsers:
      return OnUsersFound(result, actions);
    case Child::kProbe:
      return OnProbed(result, actions);
    case Child::kElsewhere:
      return OnLookedElsewhere(result, actions);
    case Child::kReading:
      return OnRead(result, actions);
  }
}

void ContentAttempt::WaitForNextRound(Actions* actions) {
  if (is_time_up()) {
    stage_ = Stage::kLastLook;
    return Look(actions);
  }
  phase_ = Phase::kWaiting;
  const Duration pause = std::min(kFirstPause * (1 << std::min(round_, 10)), kLongestPause);
  wake_at_ = std::min(now_ + pause, give_up_at_);
  ++round_;
}

void ContentAttempt::OnCancel(Time now, Actions* actions) {
  now_ = now;
  if (phase_ == Phase::kRecording || phase_ == Phase::kDone) return;
  if (!is_recorded_ && phase_ != Phase::kWritingIntent) {
    return Finish(OutcomeState::kCancelled, Reason::kCancelled,
                  "cancelled before anything was done", actions);
  }
  give_up_at_ = std::min(give_up_at_, now);
  if (phase_ == Phase::kWaiting) WaitForNextRound(actions);
}

std::optional<Time> ContentAttempt::deadline() const {
  if (phase_ == Phase::kDone || phase_ == Phase::kRecording) return std::nullopt;
  std::optional<Time> next = progress_at_;
  if (phase_ == Phase::kWaiting && (!next || wake_at_ < *next)) next = wake_at_;
  return next;
}

void ContentAttempt::OnDeadline(Time now, Actions* actions) {
  now_ = now;
  if (phase_ == Phase::kDone || phase_ == Phase::kRecording) return;
  if (progress_at_ && now >= *progress_at_) {
    progress_at_.reset();
    is_reported_running_ = true;
    actions->push_back(SendReport{key_, std::nullopt});
  }
  if (phase_ != Phase::kWaiting || now < wake_at_) return;
  if (is_time_up()) stage_ = Stage::kLastLook;
  Look(actions);
}

void ContentAttempt::Finish(OutcomeState state, Reason reason, std::string detail,
                            Actions* actions) {
  if (!outcome_) outcome_.emplace();
  outcome_->state = state;
  outcome_->reason = reason;
  outcome_->detail = CutDetail(std::move(detail));
  outcome_->evidence.duration = now_ - began_;
  outcome_->evidence.recovered = is_recovered_;
  phase_ = Phase::kRecording;
  if (is_recorded_) {
    actions->push_back(WriteOutcome{key_, *outcome_});
  } else {
    OnOutcomeWritten(actions);
  }
}

void ContentAttempt::OnOutcomeWritten(Actions* actions) {
  if (phase_ != Phase::kRecording) return;
  phase_ = Phase::kDone;
  is_done_ = true;
  actions->push_back(SendReport{key_, outcome_});
}

}  // namespace muster
