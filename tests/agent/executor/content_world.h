// A node with mounts, as the executor sees them: a kernel that refuses what a kernel refuses, children that may hang, a ledger, and an
// agent that may die between any two things.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/executor/executor.h"
#include "agent/mount/mount_options.h"

namespace muster {

// The kernel's part.
class MountWorld {
 public:
  // What the tree calls content, at this moment.
  ContentTree Tree() const { return BuildContentTree(Table(), ContentProfile()); }
  MountTable Table() const { return table_; }

  void Add(const std::string& fstype, const std::string& source, const std::string& target,
           const std::string& super_options = "rw", const std::string& loop_file = "") {
    Mount mount;
    mount.id = next_id_++;
    mount.parent = table_.mounts.empty() ? 0 : On(target);
    mount.device = fmt::format("{}:{}", loop_file.empty() ? 0 : 7, mount.id);
    mount.root = "/";
    mount.target = target;
    mount.options = super_options.substr(0, 2);
    mount.fstype = fstype;
    mount.source = source;
    mount.super_options = super_options;
    mount.propagation = "shared:1";
    if (!loop_file.empty()) table_.loop_files[mount.device] = loop_file;
    table_.mounts.push_back(std::move(mount));
  }
  void Bind(const std::string& source, const std::string& target) {
    Add("", "", target);
    Mount& bind = table_.mounts.back();
    const Mount& origin = *FindById(On(source));
    bind.device = origin.device;
    bind.root = source == origin.target ? "/" : source.substr(origin.target.size());
    bind.fstype = origin.fstype;
    bind.source = origin.source;
    bind.super_options = origin.super_options;
    bind.options = origin.options;
  }
  // An image of CPS with a squashfs in it, an overlay over that, and a bind into the overlay.
  void AddContent(int n) {
    const std::string image = fmt::format("/images/{}", n);
    Add("dvs", fmt::format("/var/lib/cps-local/{:032x}", n), image, "ro");
    Add("squashfs", "/dev/loop", fmt::format("/sq/{}", n), "ro", image + "/rootfs");
    Add("overlay", "overlay", fmt::format("/merged/{}", n), fmt::format("ro,lowerdir=/sq/{}", n));
    Bind(fmt::format("/merged/{}/bin", n), fmt::format("/bin{}", n));
  }

  ChildResult Do(const UnmountOne& task) {
    const Mount* mount = FindById(task.id);
    if (mount == nullptr) {
      if (gone_and_hung.contains(task.target)) return {EAGAIN, true, "an earlier try hangs there"};
      return {};
    }
    if (hung.contains(task.target)) return {ETIME, true, "it hangs"};
    if (!task.is_lazy && IsBusy(*mount)) return {EBUSY, false, "Device or resource busy"};
    std::erase_if(table_.mounts, [&task](const Mount& m) { return m.id == task.id; });
    if (gone_and_hung.contains(task.target)) return {ETIME, true, "it hangs"};
    return {};
  }
  ChildResult Do(const MountOne& task) {
    const RecordedMount& mount = task.mount;
    for (const ContentMount& present : Tree().mounts)
      if (IsSameMount(mount, present.recorded)) return {};
    if (hung.contains(mount.target)) return {ETIME, true, "it hangs"};
    size_t there = 0;
    for (const Mount& other : table_.mounts) there += other.target == mount.target ? 1 : 0;
    if (there > task.below) return {EBUSY, false, "something else is mounted there"};
    if (failing.contains(mount.target)) return {EIO, false, "Input/output error"};
    if (mount.kind == MountKind::kBind) {
      Bind(mount.source, mount.target);
    } else {
      const bool is_loop = mount.kind == MountKind::kLoop;
      Add(mount.fstype, is_loop ? "/dev/loop" : mount.source, mount.target,
          mounts_writable ? "rw" : mount.super_options, is_loop ? mount.source : "");
    }
    return {};
  }
  ChildResult Do(const ReadDirectory& task) {
    return hung.contains(task.target) ? ChildResult{ETIME, true, "it hangs"} : ChildResult{};
  }
  ChildResult Do(const FindUsers& task) {
    if (!task.devices.empty()) return {0, false, "process 77 (vi, uid 1000) has it open"};
    const std::vector<std::string>& types = task.profile->types;
    const bool is_content = std::find(types.begin(), types.end(), elsewhere_type) != types.end();
    return {0, false, is_content ? elsewhere : ""};
  }
  ChildResult Do(const FindHung&) {
    if (gone_and_hung.empty()) return {};
    return {EAGAIN, true, "an earlier try is still at " + *gone_and_hung.begin()};
  }
  ChildResult Do(const RunHook& task) {
    hooks.push_back(task.hook.argv.front());
    return failing.contains(task.hook.argv.front()) ? ChildResult{ECANCELED, false, "exit code 3"}
                                                    : ChildResult{};
  }

  std::set<std::string> busy;           // targets in which somebody works
  std::set<std::string> hung;           // targets whose file system does not answer
  std::set<std::string> gone_and_hung;  // targets whose unmount does not come back
  bool mounts_writable = false;         // whatever is asked for
  std::set<std::string> failing;        // targets that cannot be mounted, and hooks
  std::string elsewhere;                // who has a mount namespace of its own, with a mount
  std::string elsewhere_type = "dvs";   // of this type in it
  std::vector<std::string> hooks;

 private:
  const Mount* FindById(int id) const {
    for (const Mount& mount : table_.mounts)
      if (mount.id == id) return &mount;
    return nullptr;
  }
  // The mount that a path lies on: the one with the longest target, and of those the newest.
  int On(const std::string& path) const {
    const Mount* found = nullptr;
    for (const Mount& mount : table_.mounts) {
      const std::string prefix = mount.target == "/" ? "/" : mount.target + "/";
      const bool is_on = path == mount.target || path.starts_with(prefix);
      if (is_on && (found == nullptr || mount.target.size() >= found->target.size()))
        found = &mount;
    }
    return found == nullptr ? 0 : found->id;
  }
  // A loop device keeps the file system of its file busy, a mount its parent; an overlay lets its layers go.
  bool IsBusy(const Mount& mount) const {
    if (busy.contains(mount.target)) return true;
    for (const Mount& other : table_.mounts) {
      if (other.parent == mount.id) return true;
      const auto file = table_.loop_files.find(other.device);
      if (file != table_.loop_files.end() && On(file->second) == mount.id) return true;
    }
    return false;
  }

  MountTable table_;
  int next_id_ = 1;
};

// The agent's part: an executor whose actions are done one by one, so that it can die between any two.
class ContentNode {
 public:
  explicit ContentNode(MountWorld& world, ContentProfile profile = {})
      : world_(world), profile_(std::move(profile)) {
    Boot("boot-1");
  }

  void Boot(const std::string& boot_id) {
    boot_id_ = boot_id;
    std::vector<LedgerEntry> entries;
    for (const auto& [key, entry] : ledger) entries.push_back(entry);
    todo_.clear();
    executor_ =
        std::make_unique<Executor>(ExecutorConfig{"x1", "life-1", boot_id_, {}, profile_}, entries);
    Actions actions;
    executor_->Start(now_, &actions);
    Queue(std::move(actions));
  }
  void Crash() { Boot(boot_id_); }
  void SetProfile(const ContentProfile& profile) {
    profile_ = profile;
    executor_->SetPolicy({}, profile);
  }

  void Send(Work work, uint32_t attempt = 1, Duration deadline = 60s) {
    Command command;
    command.node = "x1";
    command.key = {"jobs/j/tasks/x1", attempt};
    command.incarnation = "life-1";
    command.required_features = RequiredFeatures(work);
    command.start_within = 30s;
    command.execution_deadline = deadline;
    command.work = std::move(work);
    Step(CommandReceived{command, {}, std::nullopt});
  }
  void Cancel(uint32_t attempt = 1) {
    Step(CancelReceived{{"jobs/j/tasks/x1", attempt}, std::nullopt});
  }

  // Does one action, or lets time pass to the next deadline. False: there is nothing left to do.
  bool Turn() {
    if (!todo_.empty()) {
      const Action action = std::move(todo_.front());
      todo_.pop_front();
      std::visit([this](const auto& a) { Do(a); }, action);
      return true;
    }
    const std::optional<Time> next = executor_->NextDeadline();
    if (!next) return false;
    now_ = std::max(now_, *next);
    Step(DeadlinePassed{});
    return true;
  }
  // Until it waits for time to pass.
  void RunToPause() {
    while (!todo_.empty()) Turn();
  }
  // To the end of everything, or the death of the test.
  Outcome Run() {
    for (int i = 0; i < 100'000 && Turn(); ++i) {
    }
    return outcome;
  }

  Outcome outcome;  // the last one reported
  std::map<AttemptKey, LedgerEntry> ledger;
  std::vector<ChildTask> children;  // all that were begun
  bool is_ledger_broken = false;

 private:
  void Step(const Event& event) {
    Actions actions;
    executor_->Step(now_, event, &actions);
    Queue(std::move(actions));
  }
  void Queue(Actions actions) {
    for (Action& action : actions) todo_.push_back(std::move(action));
  }

  void Do(const WriteIntent& action) {
    if (is_ledger_broken)
      return Step(IntentWritten{action.intent.key, absl::UnavailableError("disk full")});
    ledger[action.intent.key] = {action.intent, std::nullopt};
    Step(IntentWritten{action.intent.key, absl::OkStatus()});
  }
  void Do(const WriteOutcome& action) {
    ledger.at(action.key).outcome = action.outcome;
    Step(OutcomeWritten{action.key});
  }
  void Do(const ReadMounts& action) {
    Step(MountsRead{action.key, std::make_shared<const MountTable>(world_.Table())});
  }
  void Do(const RunChild& action) {
    children.push_back(action.task);
    const ChildResult result =
        std::visit([this](const auto& task) { return world_.Do(task); }, action.task);
    if (result.is_hung) now_ += action.patience;
    Step(ChildEnded{action.key, result});
  }
  void Do(const SendReport& action) {
    if (!action.outcome) return;
    outcome = *action.outcome;
    Step(SettledReceived{action.key});
  }
  void Do(const SettleEntry& action) { ledger.erase(action.key); }
  // Of units.
  void Do(const WatchUnit&) {}
  void Do(const UnwatchUnit&) {}
  void Do(const InspectUnit&) {}
  void Do(const CallRestart&) {}

  MountWorld& world_;
  ContentProfile profile_;
  std::string boot_id_;
  Time now_ = Time(1h);
  std::unique_ptr<Executor> executor_;
  std::deque<Action> todo_;
};

class ContentTest : public testing::Test {
 protected:
  ContentTest() {
    world_.Add("ext4", "/dev/sda1", "/");
    world_.Add("tmpfs", "tmpfs", "/run");
  }

  // As an operation does: the record first, then what is done by it.
  ContentRecord Record() {
    ContentNode node(world_);
    node.Send(InspectContent{});
    const Outcome outcome = node.Run();
    return outcome.evidence.content ? *outcome.evidence.content : ContentRecord();
  }
  // Images 1 to `count`, and the record of them.
  ContentRecord MountImages(int count) {
    for (int i = 1; i <= count; ++i) world_.AddContent(i);
    return Record();
  }
  Outcome Unmount(ContentNode& node, const ContentRecord& record, uint32_t attempt = 1) {
    node.Send(UnmountContent{"c", record}, attempt);
    return node.Run();
  }
  Outcome Remount(ContentNode& node, const ContentRecord& record, uint32_t attempt = 2) {
    node.Send(RemountContent{"c", record}, attempt);
    return node.Run();
  }
  // Sorted by target: images that need nothing of each other come back in any order.
  std::vector<RecordedMount> MountedNow() const {
    std::vector<RecordedMount> mounts = world_.Tree().Record().mounts;
    std::stable_sort(mounts.begin(), mounts.end(),
                     [](const auto& a, const auto& b) { return a.target < b.target; });
    return mounts;
  }
  std::vector<std::string> Mounted() const {
    std::vector<std::string> targets;
    for (const ContentMount& mount : world_.Tree().mounts) targets.push_back(mount.recorded.target);
    return targets;
  }

  MountWorld world_;
};

}  // namespace muster
