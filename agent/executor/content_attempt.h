// One attempt on the projected content of this node: to tell what is mounted, to unmount it, or to mount it again. Pure; owned by the
// Executor. How each goes is told in content_unmount.cc and content_remount.cc.
//
// All three are level-triggered: look at the table, do what is missing, look again; so after a crash they go on with a look. At most one
// child works at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/executor/action.h"
#include "agent/executor/event.h"
#include "agent/executor/held_attempt.h"
#include "agent/mount/content_tree.h"
#include "common/messages.h"
#include "common/time.h"

namespace muster {

bool IsContentWork(const Work& work);

class ContentAttempt final : public HeldAttempt {
 public:
  // A command that was let in. `boot_id` is this node's.
  ContentAttempt(const Command& command, const std::string& boot_id,
                 std::shared_ptr<const ContentProfile> profile, Time now);
  // What the ledger held when the agent started.
  ContentAttempt(const LedgerEntry& entry, const std::string& boot_id,
                 std::shared_ptr<const ContentProfile> profile);

  void Begin(Time now, Actions* actions);
  void OnMountsRead(Time now, const MountTable& table, Actions* actions);
  void OnChildEnded(Time now, const ChildResult& result, Actions* actions);
  void OnIntentWritten(Time now, const absl::Status& status, Actions* actions);
  void OnOutcomeWritten(Actions* actions);
  void OnDeadline(Time now, Actions* actions);
  // Ends it if it has not touched anything yet; else it ends as soon as it can say how things are.
  void OnCancel(Time now, Actions* actions);

  std::optional<Time> deadline() const;
  bool has_effect() const { return ChangesContent(work_); }

 private:
  enum class Phase {
    kNew,
    kReading,        // the table
    kWritingIntent,  // from here on it may have an effect
    kInChild,        // what of, says child_
    kWaiting,        // before the next round
    kRecording,      // outcome_ is being written
    kDone,
  };
  enum class Child {
    kHook,
    kMount,      // one of todo_: unmounted or mounted
    kUsers,      // who uses what is left
    kProbe,      // whether an unmount still hangs in the kernel
    kElsewhere,  // whether other mount namespaces have any content
    kReading,    // a directory of content that was mounted again
  };
  enum class Stage {
    kFirstLook,  // nothing is touched yet
    kHooks,
    kRounds,
    kLastLook,  // the time is up: how is it now
  };

  // What the table shows of the record, in the record's order.
  struct Comparison {
    std::vector<const RecordedMount*> missing;
    std::vector<std::string> unrecorded;  // targets of content that the record does not have
  };
  Comparison Compare(const ContentTree& tree) const;

  const ContentRecord& record() const;
  bool is_unmount() const { return std::holds_alternative<UnmountContent>(work_); }
  bool is_time_up() const { return now_ >= give_up_at_; }

  void Inspect(const ContentTree& tree, Actions* actions);
  void Unmount(const ContentTree& tree, Actions* actions);
  void UnmountFirst(const ContentTree& tree, Actions* actions);
  void BeginUnmountRound(const ContentTree& tree, bool is_last, Actions* actions);
  void UnmountNext(Actions* actions);
  void LetStay(size_t i);
  void OnUnmounted(const ChildResult& result, Actions* actions);
  void OnUsersFound(const ChildResult& result, Actions* actions);
  void LookElsewhere(const ContentTree& tree, Actions* actions);
  void OnLookedElsewhere(const ChildResult& result, Actions* actions);
  void ProbeNext(Actions* actions);
  void OnProbed(const ChildResult& result, Actions* actions);
  void FinishClean(Actions* actions);
  void GiveUpUnmount(const ContentTree& tree, Actions* actions);
  void FinishUnmount(const std::string& users, Actions* actions);

  void Remount(const MountTable& table, const ContentTree& tree, Actions* actions);
  void RemountFirst(const MountTable& table, const ContentTree& tree, Actions* actions);
  void RemountNext(Actions* actions);
  size_t ExpectedBelow(const RecordedMount& mount) const;
  void OnMounted(const ChildResult& result, Actions* actions);
  void ReadNext(Actions* actions);
  void OnRead(const ChildResult& result, Actions* actions);
  void GiveUpRemount(size_t missing_count, Actions* actions);

  void JudgeAfterReboot(const ContentTree& tree, Actions* actions);
  void RunHooks(const std::vector<ContentHook>& hooks, Actions* actions);
  void OnHookEnded(const ChildResult& result, Actions* actions);
  void Look(Actions* actions);
  void WaitForNextRound(Actions* actions);
  void WriteTheIntent(Actions* actions);
  void Run(Child child, ChildTask task, Duration patience, Actions* actions);
  void Finish(OutcomeState state, Reason reason, std::string detail, Actions* actions);

  const std::string boot_id_;
  std::shared_ptr<const ContentProfile> profile_;  // never null
  Work work_;
  std::string intent_boot_id_;

  Phase phase_ = Phase::kNew;
  Child child_{};
  Stage stage_ = Stage::kFirstLook;
  Time now_{};  // of the last event
  Time began_{};
  Time execution_deadline_{};
  Time give_up_at_{};
  std::optional<Time> progress_at_;
  Time wake_at_{};  // of kWaiting
  int round_ = 0;
  bool is_last_round_ = false;  // lazily or by force, as was asked

  std::vector<ContentMount> todo_;     // of this round: to unmount, from the last
  std::vector<bool> stays_;            // of todo_: is not unmounted in this round
  std::vector<RecordedMount> wanted_;  // of this round: to mount; then to read
  size_t next_ = 0;                    // of hooks and of wanted_; of todo_, the one before
  bool is_after_round_ = false;        // the next look is
  bool has_hung_ = false;
  bool has_detached_ = false;
  bool is_only_busy_ = true;          // of this round's failures
  std::vector<std::string> trouble_;  // of this round, a phrase each
  std::string hook_trouble_;
  std::string beside_;             // what else was seen
  std::vector<std::string> left_;  // targets, at the end
};

}  // namespace muster
