// What the tests of the executor share: a small world with units, a ledger and a systemd, all of which may fail.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/executor/executor.h"

namespace muster {

inline constexpr char kOrca[] = "cray-orca.service";
inline constexpr char kDvsOrca[] = "cray-dvs-orca.service";

inline AttemptKey Key(const std::string& job = "j", uint32_t attempt = 1) {
  return {"jobs/" + job + "/tasks/x1", attempt};
}

// A node with units, a ledger and a systemd that answers every question at once; restarts are the test's to carry out.
class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() {
    units_[kOrca] = Active("old");
    Boot({});
  }

  void Boot(const std::vector<LedgerEntry>& entries, const std::string& boot_id = "boot-1") {
    boot_id_ = boot_id;
    executor_ = std::make_unique<Executor>(
        ExecutorConfig{"x1", "life-1", boot_id, {kOrca, kDvsOrca, "a.service"}}, entries);
    Actions actions;
    executor_->Start(now_, &actions);
    Do(actions);
  }
  // The agent dies, and another one finds its ledger.
  void Crash(const std::string& boot_id = "boot-1") {
    std::vector<LedgerEntry> entries;
    for (const auto& [key, entry] : ledger_) entries.push_back(entry);
    calls_.clear();
    Boot(entries, boot_id);
  }

  static UnitState Active(const std::string& invocation) {
    UnitState state;
    state.unit = kOrca;
    state.load_state = "loaded";
    state.active_state = "active";
    state.sub_state = "running";
    state.result = "success";
    state.invocation_id = invocation;
    state.active_age = 0s;
    return state;
  }
  static UnitState NotFound() {
    UnitState state;
    state.load_state = "not-found";
    state.active_state = "inactive";
    state.sub_state = "dead";
    return state;
  }

  Command CommandOf(const AttemptKey& key = Key(), Work work = RestartUnit{"", 5s}) {
    Command command;
    command.node = "x1";
    command.key = key;
    command.incarnation = "life-1";
    command.required_features = RequiredFeatures(work);
    command.start_within = 30s;
    command.execution_deadline = 300s;
    command.work = std::move(work);
    return command;
  }
  void Receive(const Command& command, Duration waited = 0s) {
    Step(CommandReceived{command, waited, std::nullopt});
  }
  // systemd has done the restart that was called.
  void FinishJob(const std::string& result, UnitState after) {
    after.unit = calls_.empty() ? kOrca : calls_.back().unit;
    units_[after.unit] = after;
    Step(JobRemoved{after.unit, job_, result});
  }
  // Answers come after what was asked, as from the loop.
  void Step(const Event& event) {
    events_.push_back(event);
    if (events_.size() > 1) return;
    for (; !events_.empty(); events_.pop_front()) {
      Actions actions;
      executor_->Step(now_, events_.front(), &actions);
      Do(actions);
    }
  }
  void Pass(Duration duration) {
    now_ += duration;
    Step(DeadlinePassed{});
  }

  void Do(const Actions& actions) {
    for (const Action& action : actions) {
      if (const auto* watch = std::get_if<WatchUnit>(&action)) {
        ++watches_[watch->unit];
        if (systemd_is_silent_) continue;
        Step(UnitWatched{watch->key, absl::OkStatus()});
      } else if (const auto* unwatch = std::get_if<UnwatchUnit>(&action)) {
        --watches_[unwatch->unit];
      } else if (const auto* inspect = std::get_if<InspectUnit>(&action)) {
        Answer(*inspect);
      } else if (const auto* intent = std::get_if<WriteIntent>(&action)) {
        if (ledger_works_) ledger_[intent->intent.key] = {intent->intent, std::nullopt};
        Step(IntentWritten{intent->intent.key, ledger_works_
                                                   ? absl::OkStatus()
                                                   : absl::ResourceExhaustedError("full")});
      } else if (const auto* call = std::get_if<CallRestart>(&action)) {
        EXPECT_TRUE(ledger_.contains(call->key)) << "a call before its intent";
        calls_.push_back(*call);
        if (!dies_at_call_) Step(RestartAnswered{call->key, {++job_, "", ""}});
      } else if (const auto* outcome = std::get_if<WriteOutcome>(&action)) {
        ledger_[outcome->key].outcome = outcome->outcome;
        Step(OutcomeWritten{outcome->key});
      } else if (const auto* settle = std::get_if<SettleEntry>(&action)) {
        ledger_.erase(settle->key);
      } else if (const auto* report = std::get_if<SendReport>(&action)) {
        if (report->outcome) {
          reports_.push_back(*report->outcome);
        } else {
          ++running_reports_;
        }
      }
    }
  }
  void Answer(const InspectUnit& inspect) {
    if (systemd_is_silent_) return unanswered_.push_back(inspect);
    if (!systemd_answers_) {
      return Step(UnitInspected{inspect.key, absl::UnavailableError("the bus is gone")});
    }
    const auto it = units_.find(inspect.unit);
    UnitState state = it == units_.end() ? NotFound() : it->second;
    state.unit = inspect.unit;
    Step(UnitInspected{inspect.key, state});
  }

  // systemd speaks again, and answers what it was asked meanwhile.
  void AnswerLate() {
    systemd_is_silent_ = false;
    for (const InspectUnit& inspect : std::exchange(unanswered_, {})) Answer(inspect);
  }

  Time now_ = Time(1h);
  std::deque<Event> events_;
  std::string boot_id_;
  std::unique_ptr<Executor> executor_;
  std::map<std::string, UnitState> units_;
  std::map<std::string, int> watches_;
  std::map<AttemptKey, LedgerEntry> ledger_;
  bool ledger_works_ = true;
  bool systemd_answers_ = true;
  bool systemd_is_silent_ = false;
  std::vector<InspectUnit> unanswered_;
  bool dies_at_call_ = false;
  std::vector<CallRestart> calls_;
  std::vector<Outcome> reports_;
  int running_reports_ = 0;
  uint32_t job_ = 0;
};

}  // namespace muster
