// The picture and the history follow what the registry is told, on a thread of their own.
#include "controller/fleet/fleet_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/version.h"

namespace muster {
namespace {

using testing::Contains;
using testing::Not;

// Keeps what it is given.
class MemoryHistory final : public HistoryStore {
 public:
  absl::StatusOr<StoredHistory> Load() override { return StoredHistory(); }
  absl::Status Write(const HistoryBatch& batch) override {
    const MutexLock lock(mutex_);
    for (const HistoryBatch::Change& change : batch.events)
      events_[change.event.number] = change.event.reason + " " + change.event.nodes;
    return absl::OkStatus();
  }
  absl::Status Trim(Time) override { return absl::OkStatus(); }
  std::vector<std::string> events() const {
    const MutexLock lock(mutex_);
    std::vector<std::string> events;
    for (const auto& [number, text] : events_) events.push_back(text);
    return events;
  }

 private:
  mutable Mutex mutex_;
  std::map<int64_t, std::string> events_ MUSTER_GUARDED_BY(mutex_);
};

// Until it is so, or the test's own time is over.
template <typename Condition>
void Await(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(condition());
}

class FleetWatchTest : public testing::Test {
 protected:
  FleetWatchTest() { Make({}); }
  void Make(StoredHistory stored) {
    FleetWatchOptions options;
    options.merge = 5ms;
    options.write_interval = 5ms;
    watch_ =
        std::make_unique<FleetWatch>(options, registry_, list_, store_, std::move(stored), clock_);
    watch_->Start();
  }
  void Attach(const std::string& node, const std::string& orca = "active") {
    Hello hello;
    hello.node = node;
    hello.boot_id = "boot1";
    hello.agent_version = kVersion;
    hello.status = StatusOf(node, orca);
    registry_.OnAttached(hello, "", clock_.Now());
  }
  static NodeStatus StatusOf(const std::string& node, const std::string& orca) {
    NodeStatus status;
    status.node = node;
    status.units.resize(1);
    status.units[0].unit = "cray-orca.service";
    status.units[0].load_state = "loaded";
    status.units[0].active_state = orca;
    status.units[0].result = "success";
    return status;
  }
  std::string LettersOf(const std::string& node) const {
    const FleetPicture picture = watch_->picture();
    const auto number = picture.NumberOf(node);
    return number ? picture.rows()[*number].letters : "";
  }

  SystemClock clock_;
  NodeRegistry registry_{{InventoryNode{"x1", {}, "Compute"}, InventoryNode{"x2", {}, "Compute"}}};
  absl::StatusOr<SubscriberList::List> subscribers_ =
      std::make_shared<const SubscriberList::Subscribers>();
  SubscriberList list_{[this](const auto& done) { done(subscribers_); }, clock_};
  MemoryHistory store_;
  std::unique_ptr<FleetWatch> watch_;
};

TEST_F(FleetWatchTest, ThePictureFollowsTheNodes) {
  Await([this] { return LettersOf("x1") == "U-------"; });
  Attach("x1");
  Await([this] { return LettersOf("x1") == "TT------"; });
  registry_.OnStatus(StatusOf("x1", "failed"), clock_.Now());
  Await([this] { return LettersOf("x1") == "TF------"; });
  registry_.OnAway("x1", clock_.Now());
  Await([this] { return LettersOf("x1") == "FU------"; });
  Attach("x3");
  Await([this] { return LettersOf("x3") == "TT------"; });
  Await([this] {
    const auto events = store_.events();
    return std::find(events.begin(), events.end(), "Failed x1") != events.end() &&
           std::find(events.begin(), events.end(), "Away x1") != events.end();
  });
}

TEST_F(FleetWatchTest, AnotherListOfHmnfdIsJudgedByAtOnce) {
  Attach("x1");
  Await([this] { return LettersOf("x1") == "TT------"; });
  list_.Refresh(0s, [] {});
  Await([this] { return LettersOf("x1") == "TTF-----"; });
  subscribers_ = std::make_shared<const SubscriberList::Subscribers>(
      SubscriberList::Subscribers{{"x1", {"orca"}}});
  list_.Refresh(0s, [] {});
  Await([this] { return LettersOf("x1") == "TTT-----"; });
}

TEST_F(FleetWatchTest, WhoHasNotComeBackYetIsNoNews) {
  watch_->Stop();
  registry_.AddSeen("x1", {});
  Make({});
  Await([this] { return LettersOf("x1").starts_with("F"); });
  Attach("x2");
  Await([this] {
    const auto events = store_.events();
    return std::find(events.begin(), events.end(), "Attached x2") != events.end();
  });
  EXPECT_THAT(store_.events(), Not(Contains("Away x1")));
}

TEST_F(FleetWatchTest, ContentOfTheSameBootIsRememberedOverARestart) {
  watch_->Stop();
  registry_.AddSeen("x1", {});
  Make({{{"x1", ConditionKind::kAgentAttached, Truth::kTrue, "Attached", "boot1", Time()},
         {"x1", ConditionKind::kContentMounted, Truth::kTrue, "Mounted", "", Time()}},
        5});
  Attach("x1");
  Await([this] { return LettersOf("x1") == "TT-F----"; });
}

TEST_F(FleetWatchTest, AStormIsAbsorbedAndThePictureIsRightAfterwards) {
  constexpr int kNodes = 500;
  for (int i = 0; i < kNodes; ++i) Attach("x9c" + std::to_string(i));
  std::vector<std::thread> agents;
  for (int part = 0; part < 4; ++part)
    agents.emplace_back([this, part] {
      for (int round = 0; round < 20; ++round)
        for (int i = part; i < kNodes; i += 4) {
          const std::string node = "x9c" + std::to_string(i);
          registry_.OnStatus(StatusOf(node, round % 2 == 0 ? "failed" : "active"), clock_.Now());
        }
    });
  for (std::thread& agent : agents) agent.join();
  Await([this] {
    const FleetPicture picture = watch_->picture();
    size_t well = 0;
    for (const PictureRow& row : picture.rows()) well += row.letters == "TT------" ? 1 : 0;
    return well == kNodes;
  });
  const FleetWatch::Changed changed = watch_->ChangedSince(0);
  EXPECT_EQ(changed.letters.size(), kNodes + 2u);
  EXPECT_TRUE(watch_->ChangedSince(changed.now.revision).letters.empty());
}

}  // namespace
}  // namespace muster
