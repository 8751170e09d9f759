#include "agent/runner/agent_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace muster {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class MemoryLedger final : public LedgerStore {
 public:
  const std::string& incarnation() const override { return incarnation_; }
  std::vector<LedgerEntry> Load() override { return {}; }
  absl::Status WriteIntent(const Intent& intent) override {
    intents.push_back(intent);
    return absl::OkStatus();
  }
  absl::Status WriteOutcome(const AttemptKey&, const Outcome&) override { return absl::OkStatus(); }
  absl::Status Settle(const AttemptKey&) override { return absl::OkStatus(); }
  std::optional<Outcome> Tombstone(const AttemptKey&) const override { return std::nullopt; }
  std::optional<Epoch> epoch() const override { return epoch_; }
  absl::Status WriteEpoch(const Epoch& epoch) override {
    epoch_ = epoch;
    return absl::OkStatus();
  }

  std::vector<Intent> intents;

 private:
  std::string incarnation_ = "life-1";
  std::optional<Epoch> epoch_;
};

// Keeps what it is asked, for the test to answer.
class AskedUnits final : public UnitManager {
 public:
  void Watch(const std::string&, std::function<void(absl::Status)> done) override {
    watches.push_back(std::move(done));
  }
  void Unwatch(const std::string&) override {}
  void Observe(const std::vector<std::string>& units) override { observed = units; }
  void Inspect(const std::string& unit,
               std::function<void(absl::StatusOr<UnitState>)> done) override {
    inspections.emplace_back(unit, std::move(done));
  }
  void Restart(const std::string&, std::function<void(RestartAnswer)>) override { ++restarts; }

  // All of them: active, under one InvocationID.
  void AnswerAll() {
    for (auto& [unit, done] : std::exchange(inspections, {})) {
      UnitState state;
      state.unit = unit;
      state.load_state = "loaded";
      state.active_state = active_state;
      state.invocation_id = "old";
      done(state);
    }
    for (auto& done : std::exchange(watches, {})) done(absl::OkStatus());
  }

  std::vector<std::function<void(absl::Status)>> watches;
  std::vector<std::pair<std::string, std::function<void(absl::StatusOr<UnitState>)>>> inspections;
  std::string active_state = "active";  // of all of them
  std::vector<std::string> observed;
  int restarts = 0;
};

class SentUplink final : public Uplink {
 public:
  void Start() override {}
  void Send(const AgentMessage& message) override { sent.push_back(message); }
  void Reject(const std::string& why) override { rejections.push_back(why); }
  void Stop() override {}

  std::vector<AgentMessage> sent;
  std::vector<std::string> rejections;
};

class Nowhere final : public AgentPlace {
 public:
  MountTable ReadMountTable() override { return {}; }
  void OnChanged(const AgentCore&) override {}
};

class AgentRunnerTest : public testing::Test {
 protected:
  AgentRunnerTest()
      : event_(NewEvent(), sd_event_unref),
        runner_({"x1", "boot-1", {"nid000001"}, {"cray-orca.service"}}, event_.get(), ledger_,
                place_) {
    runner_.Start(units_, children_, uplink_);
  }
  static sd_event* NewEvent() {
    sd_event* event = nullptr;
    if (sd_event_new(&event) < 0) std::abort();
    return event;
  }

  void Attach(const Epoch& epoch) {
    runner_.OnUp();
    units_.AnswerAll();
    runner_.OnMessage(Welcome{"x1", epoch, 1, 60s, kProtocolVersion}, 0);
  }
  static Command RestartOrca() {
    Command command;
    command.node = "x1";
    command.key = {"jobs/j/tasks/x1", 1};
    command.incarnation = "life-1";
    command.start_within = 30s;
    command.execution_deadline = 300s;
    command.work = RestartUnit{"cray-orca.service", 0s};
    return command;
  }

  std::unique_ptr<sd_event, sd_event* (*)(sd_event*)> event_;
  MemoryLedger ledger_;
  AskedUnits units_;
  NoChildren children_;
  SentUplink uplink_;
  Nowhere place_;
  AgentRunner runner_;
};

TEST_F(AgentRunnerTest, HelloIsTheFirstMessageOfAStream) {
  runner_.OnUp();
  EXPECT_THAT(uplink_.sent, IsEmpty()) << "not before the units have been looked at";
  units_.AnswerAll();
  ASSERT_THAT(uplink_.sent, SizeIs(1));
  const auto& hello = std::get<Hello>(uplink_.sent[0]);
  EXPECT_EQ(hello.incarnation, "life-1");
  EXPECT_THAT(hello.aliases, ElementsAre("nid000001"));
  EXPECT_THAT(hello.status.units, SizeIs(3));
}

TEST_F(AgentRunnerTest, TheIntentIsWrittenBeforeTheCall) {
  Attach({"store", 1});
  runner_.OnMessage(RestartOrca(), 0);
  for (int i = 0; i < 3; ++i) units_.AnswerAll();
  ASSERT_THAT(ledger_.intents, SizeIs(1));
  EXPECT_EQ(ledger_.intents[0].invocation_before, "old");
  EXPECT_EQ(units_.restarts, 1);
}

TEST_F(AgentRunnerTest, AnOlderLifeOfTheStoreIsLeftAndNotObeyed) {
  Attach({"store", 2});
  EXPECT_THAT(uplink_.rejections, IsEmpty());
  runner_.OnDown("");
  testing::internal::CaptureStdout();
  Attach({"store", 1});
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              AllOf(HasSubstr("the controller is at epoch 1 of store store, and this agent has "
                              "seen epoch 2"),
                    HasSubstr("start musterd once with --restored")));
  EXPECT_THAT(uplink_.rejections, SizeIs(1));
  runner_.OnMessage(RestartOrca(), 0);
  for (int i = 0; i < 3; ++i) units_.AnswerAll();
  EXPECT_EQ(units_.restarts, 0);
}

TEST_F(AgentRunnerTest, AnotherStoreIsAcceptedAtAnyCount) {
  Attach({"store", 2});
  runner_.OnDown("");
  testing::internal::CaptureStdout();
  Attach({"another", 1});
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              HasSubstr("the controller has a new store, another in place of store"));
  EXPECT_THAT(uplink_.rejections, IsEmpty());
}

TEST_F(AgentRunnerTest, HelloTellsTheEpochThatWasSeen) {
  const auto seen = [this] { return std::get<Hello>(uplink_.sent.back()).seen_epoch; };
  Attach({"store", 2});
  EXPECT_EQ(std::get<Hello>(uplink_.sent[0]).seen_epoch, std::nullopt);
  runner_.OnDown("");
  Attach({"store", 3});
  EXPECT_EQ(seen(), (Epoch{"store", 2}));
  runner_.OnDown("");
  Attach({"store", 1});
  EXPECT_EQ(seen(), (Epoch{"store", 3}));
  runner_.OnDown("");
  Attach({"another", 1});
  EXPECT_EQ(seen(), (Epoch{"store", 3})) << "what was refused was not seen";
}

// What an agent says of the protocol.
class VersionsTest : public AgentRunnerTest {
 protected:
  Hello SayHello() {
    uplink_.sent.clear();
    runner_.OnUp();
    units_.AnswerAll();
    return std::get<Hello>(uplink_.sent.at(0));
  }
  // Whether the same controller is to be tried again.
  bool Refuse() {
    const bool is_asked_again = runner_.OnRefused();
    runner_.OnDown("");
    return is_asked_again;
  }
  void Welcome(uint32_t version) {
    runner_.OnMessage(muster::Welcome{"x1", {"store", 1}, 1, 60s, version}, 0);
  }
};

TEST_F(VersionsTest, AControllerThatRefusesOursIsSpokenToAsTheOneBefore) {
  const Hello first = SayHello();
  EXPECT_EQ(first.protocol_version, kProtocolVersion);
  EXPECT_NE(first.wall_clock_ns, 0u);
  Refuse();
  const Hello second = SayHello();
  EXPECT_EQ(second.protocol_version, kOldestProtocolVersion);
  EXPECT_EQ(second.wall_clock_ns, 0u);
  Welcome(kOldestProtocolVersion);
  EXPECT_THAT(uplink_.rejections, IsEmpty());
  uplink_.sent.clear();
  units_.active_state = "failed";
  runner_.OnUnitsChanged();
  EXPECT_EQ(sd_event_run(event_.get(), 300'000), 0) << "what changes is not told";
  runner_.OnDown("");
  EXPECT_EQ(SayHello().protocol_version, kOldestProtocolVersion);
}

TEST_F(VersionsTest, AControllerThatRefusesBothIsSpokenToInTurn) {
  SayHello();
  EXPECT_TRUE(Refuse());
  SayHello();
  EXPECT_FALSE(Refuse()) << "the next one's turn";
  EXPECT_EQ(SayHello().protocol_version, kProtocolVersion);
}

// It refused us for another reason, which has passed; or it was updated.
TEST_F(VersionsTest, AControllerThatSpeaksOursIsSpokenToAgainAsSuch) {
  SayHello();
  Refuse();
  SayHello();
  Welcome(kProtocolVersion);
  EXPECT_THAT(uplink_.rejections, SizeIs(1));
  runner_.OnDown("");
  EXPECT_EQ(SayHello().protocol_version, kProtocolVersion);
  Welcome(kProtocolVersion);
  EXPECT_THAT(uplink_.rejections, SizeIs(1));
}

// Of two controllers one refuses us each time; the other is better than none.
TEST_F(VersionsTest, ANewerControllerIsLeftOnce) {
  for (int i = 0; i < 2; ++i) {
    SayHello();
    Refuse();
    SayHello();
    Welcome(kProtocolVersion);
    runner_.OnDown("");
  }
  EXPECT_THAT(uplink_.rejections, SizeIs(1));
}

// What waited 31 s longer than the fastest message of the stream.
TEST_F(AgentRunnerTest, ACommandThatWaitedTooLongIsNotStarted) {
  runner_.OnUp();
  units_.AnswerAll();
  const auto later = static_cast<uint64_t>(Duration(31s).count());
  runner_.OnMessage(Welcome{"x1", {"store", 1}, 1, 60s, kProtocolVersion}, later);
  uplink_.sent.clear();
  runner_.OnMessage(RestartOrca(), 0);
  ASSERT_THAT(uplink_.sent, SizeIs(1));
  EXPECT_EQ(std::get<Report>(uplink_.sent[0]).outcome->reason, Reason::kExpired);
  EXPECT_THAT(units_.watches, IsEmpty());
}

TEST_F(AgentRunnerTest, WhatChangesIsToldOnceAndOnlyIfItIsNews) {
  Attach({"store", 1});
  EXPECT_THAT(units_.observed, SizeIs(3));
  uplink_.sent.clear();
  const auto look = [this] {
    runner_.OnUnitsChanged();
    while (units_.inspections.empty()) ASSERT_GT(sd_event_run(event_.get(), 10'000'000), 0);
    units_.AnswerAll();
  };
  look();
  EXPECT_THAT(uplink_.sent, IsEmpty()) << "all is as Hello has told";
  units_.active_state = "failed";
  look();
  ASSERT_THAT(uplink_.sent, SizeIs(1));
  EXPECT_EQ(std::get<NodeStatus>(uplink_.sent[0]).units[0].active_state, "failed");
}

TEST_F(AgentRunnerTest, AUnitOfWhichSystemdDoesNotAnswerIsAsItWasAndLookedAtAgain) {
  Attach({"store", 1});
  uplink_.sent.clear();
  const auto wait = [this] {
    while (units_.inspections.empty()) ASSERT_GT(sd_event_run(event_.get(), 10'000'000), 0);
  };
  runner_.OnUnitsChanged();
  wait();
  for (auto& [unit, done] : std::exchange(units_.inspections, {}))
    done(absl::UnavailableError("systemd is slow"));
  EXPECT_THAT(uplink_.sent, IsEmpty());
  units_.active_state = "failed";
  wait();
  units_.AnswerAll();
  EXPECT_THAT(uplink_.sent, SizeIs(1));
}

TEST_F(AgentRunnerTest, AUnitThatCannotBeHidesNoOther) {
  Attach({"store", 1});
  uplink_.sent.clear();
  runner_.OnUnitsChanged();
  while (units_.inspections.empty()) ASSERT_GT(sd_event_run(event_.get(), 10'000'000), 0);
  auto bad = std::move(units_.inspections.back());
  units_.inspections.pop_back();
  units_.active_state = "failed";
  units_.AnswerAll();
  bad.second(absl::InvalidArgumentError("no unit has such a name"));
  ASSERT_THAT(uplink_.sent, SizeIs(1));
  EXPECT_THAT(std::get<NodeStatus>(uplink_.sent[0]).units, SizeIs(2));
  EXPECT_EQ(sd_event_run(event_.get(), 300'000), 0) << "and is not asked for again";
}

TEST_F(AgentRunnerTest, NothingIsToldToNobody) {
  runner_.OnUnitsChanged();
  Attach({"store", 1});
  uplink_.sent.clear();
  runner_.OnDown("");
  runner_.OnUnitsChanged();
  EXPECT_EQ(sd_event_run(event_.get(), 300'000), 0) << "there is no timer";
  EXPECT_THAT(units_.inspections, IsEmpty());
  EXPECT_THAT(uplink_.sent, IsEmpty());
}

}  // namespace
}  // namespace muster
