#include "agent/swarm/simulated_units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace muster::swarm {
namespace {

using testing::ElementsAre;

constexpr char kUnit[] = "cray-orca.service";

class SimulatedUnitsTest : public testing::Test,
                           private UnitManager::Handler,
                           private SimulatedUnits::Process {
 protected:
  SimulatedUnitsTest() {
    if (sd_event_new(&event_) < 0) std::abort();
    UnitManager::Handler& handler = *this;
    SimulatedUnits::Process& process = *this;
    units_.emplace(event_, profile_, handler, process, random_);
  }
  ~SimulatedUnitsTest() override {
    units_.reset();
    sd_event_unref(event_);
  }

  // Runs the loop until nothing has been due for a tenth of a second.
  void RunAll() {
    while (sd_event_run(event_, 100'000) > 0) {
    }
  }
  void Restart(const std::string& unit) {
    units_->Restart(unit, [this](const RestartAnswer& answer) {
      told_.push_back(answer.error_name.empty() ? fmt::format("job {}", answer.job_id)
                                                : answer.error_name);
    });
  }
  UnitState Inspect(const std::string& unit = kUnit) {
    std::optional<UnitState> found;
    units_->Inspect(unit, [&](const absl::StatusOr<UnitState>& state) { found = *state; });
    EXPECT_FALSE(found.has_value()) << "never inside the call";
    while (!found) sd_event_run(event_, 1'000'000);
    return *found;
  }

  sd_event* event_ = nullptr;
  std::mt19937_64 random_;
  Profile profile_;
  std::vector<std::string> told_;
  std::vector<std::string> process_;  // what it did
  std::optional<SimulatedUnits> units_;

 private:
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override {
    told_.push_back(fmt::format("{} {} {}", unit, job_id, result));
  }
  void OnWatchRestored(const std::string&) override {}
  void OnUnitsChanged() override {}
  void OnSubscribe(const std::string& invocation) override { process_.push_back(invocation); }
  void OnStop() override { process_.push_back("stop"); }
};

TEST_F(SimulatedUnitsTest, ARestartIsANewInvocation) {
  const UnitState before = Inspect();
  EXPECT_EQ(before.active_state, "active");
  EXPECT_TRUE(before.active_age.has_value());
  Restart(kUnit);
  EXPECT_THAT(told_, ElementsAre());
  RunAll();
  EXPECT_THAT(told_, ElementsAre("job 1", "cray-orca.service 1 done"));
  const UnitState after = Inspect();
  EXPECT_EQ(after.active_state, "active");
  EXPECT_EQ(after.job_id, 0u);
  EXPECT_NE(after.invocation_id, before.invocation_id);
}

TEST_F(SimulatedUnitsTest, SubscribesOnceItIsUpUntilItsProcessEnds) {
  EXPECT_THAT(process_, ElementsAre()) << "it has been up for long";
  profile_.dies = 1;
  Restart(kUnit);
  EXPECT_THAT(process_, ElementsAre("stop"));
  RunAll();
  const std::string invocation = Inspect().invocation_id;
  EXPECT_THAT(process_, ElementsAre("stop", invocation));
  while (Inspect().active_state == "active") sd_event_run(event_, 1'000'000);
  EXPECT_THAT(process_, ElementsAre("stop", invocation, "stop"));
}

TEST_F(SimulatedUnitsTest, DoesNotSubscribeIfItForgetsOrFails) {
  profile_.forgets = 1;
  Restart(kUnit);
  RunAll();
  EXPECT_EQ(Inspect().active_state, "active");
  EXPECT_THAT(process_, ElementsAre("stop"));
  profile_.fails = 1;
  Restart(kUnit);
  RunAll();
  EXPECT_THAT(process_, ElementsAre("stop", "stop", "stop"));
}

TEST_F(SimulatedUnitsTest, ThereIsNoOtherUnit) {
  EXPECT_EQ(Inspect("spire-agent.service").load_state, "not-found");
  Restart("nfs.service");
  RunAll();
  EXPECT_THAT(told_, ElementsAre("org.freedesktop.systemd1.NoSuchUnit"));
}

TEST_F(SimulatedUnitsTest, FailsAsTheProfileSays) {
  profile_.fails = 1;
  Restart(kUnit);
  RunAll();
  EXPECT_THAT(told_, ElementsAre("job 1", "cray-orca.service 1 failed"));
  EXPECT_EQ(Inspect().active_state, "failed");
  EXPECT_EQ(Inspect().exec_main_status, 1);
}

TEST_F(SimulatedUnitsTest, HangsUntilTheNextRestartTakesItsJobAway) {
  profile_.hangs = 1;
  Restart(kUnit);
  RunAll();
  EXPECT_THAT(told_, ElementsAre("job 1"));
  EXPECT_EQ(Inspect().active_state, "activating");
  profile_.hangs = 0;
  Restart(kUnit);
  RunAll();
  EXPECT_THAT(told_, ElementsAre("job 1", "cray-orca.service 1 canceled", "job 2",
                                 "cray-orca.service 2 done"));
}

TEST_F(SimulatedUnitsTest, DiesAfterItsStart) {
  profile_.dies = 1;
  Restart(kUnit);
  RunAll();
  EXPECT_THAT(told_, ElementsAre("job 1", "cray-orca.service 1 done"));
  while (Inspect().active_state == "active") sd_event_run(event_, 1'000'000);
  EXPECT_EQ(Inspect().active_state, "failed");
}

}  // namespace
}  // namespace muster::swarm
