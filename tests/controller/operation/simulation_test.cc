// Operations in a world where much goes wrong: units that do not start or subscribe, subscriptions that HMNFD drops, HMNFD that is not
// ready, agents that are away, a controller that dies between any two steps. Each seed is one such life.
#include <gtest/gtest.h>

#include <random>

#include "tests/controller/operation/world.h"

namespace muster {
namespace {

constexpr uint64_t kSeeds = 300;
// Four tries with their delays and looks, two outages, and what is begun anew by a controller that dies.
constexpr Duration kLongest = 1h;

class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed), nodes_(Names(Between(3, 25))), world_(nodes_) {
    asked_ = Asked(nodes_);
    asked_.restarts_hmnfd = Happens(0.3);
    asked_.restarts_bss = Happens(0.3);
    asked_.only_missing = Happens(0.3);
    asked_.policy.max_failures = {0, Happens(0.5) ? 10'000u : 1000u};
    if (Happens(0.3)) asked_.policy.canary = CountOrPercent{2, {}};
    if (Happens(0.3)) asked_.policy.max_parallel = 3;
    for (const std::string& node : nodes_) {
      if (Happens(0.2)) world_.services.subscribers[node] = {"orca"};
      if (Happens(0.05)) broken_.insert(node);
    }
    if (Happens(0.3)) world_.services.subscribers.erase("x0");
    world_.on_restart = [this](const std::string& node, uint32_t) { return Restart(node); };
    world_.on_rollout = [this](ServiceCall) {
      world_.services.hmnfd = HmnfdProbed::State::kReady;
      world_.services.subscribers["x0"] = {"boot-script-service"};
    };
    if (Happens(0.7)) world_.on_batch = [this] { return MaybeCrash(); };
    for (int i = Between(0, 2); i > 0; --i) {
      world_.At(Seconds(0, 200), [this] { BreakHmnfd(); });
    }
    for (int i = Between(0, 3); i > 0; --i) {
      world_.At(Seconds(0, 200), [this] { TakeAway(nodes_[Between(0, Count() - 1)]); });
    }
    if (Happens(0.2)) world_.At(Seconds(0, 100), [this] { world_.Cancel(); });
  }

  void Run() {
    // Whoever hears nothing asks again.
    for (bool is_made = false; !is_made; is_made = world_.store().operations().contains("o1"))
      world_.Submit(asked_);
    world_.Pass(kLongest, [this] { return world_.is_over(); });
  }

  void Check() {
    ASSERT_TRUE(world_.is_over());
    EXPECT_EQ(world_.restarts_while_not_ready(), 0u);
    for (const OperationStep& step : world_.status().steps)
      EXPECT_TRUE(IsTerminal(step.state)) << step.title;
    bool is_well = true;
    for (const auto& [id, job] : world_.store().jobs()) {
      EXPECT_TRUE(IsTerminal(job.status.state));
      for (const Task& task : job.tasks) {
        EXPECT_TRUE(IsTerminal(task.state)) << task.node << " " << Name(task.state);
        const bool is_good =
            task.state == TaskState::kSucceeded || task.state == TaskState::kAlreadySatisfied;
        is_well = is_well && is_good;
        EXPECT_LE(task.attempt, asked_.policy.retries + 1);
        if (!is_good) continue;
        EXPECT_TRUE(world_.services.subscribers.contains(task.node)) << task.node;
        EXPECT_EQ(task.reason, Reason::kSubscribed);
      }
    }
    EXPECT_TRUE(is_well || world_.status().state != OperationState::kSucceeded);
  }

  const World& world() const { return world_; }
  int crashes() const { return crashes_; }

 private:
  int Between(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool Happens(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }
  Duration Seconds(int least, int most) { return Between(least * 1000, most * 1000) * 1ms; }
  int Count() const { return static_cast<int>(nodes_.size()); }

  Restarted Restart(const std::string& node) {
    if (world_.services.hmnfd != HmnfdProbed::State::kReady)
      return {{OutcomeState::kFailed, Reason::kExitCode, "HMNFD did not take it", {}}, 1s};
    if (Happens(0.03)) return {{OutcomeState::kFailed, Reason::kSignal, "", {}}, Seconds(0, 5)};
    if (broken_.contains(node) || Happens(0.05)) return {};
    const Duration until_subscribed = Seconds(0, 4);
    world_.At(until_subscribed, [this, node] { world_.services.subscribers[node] = {"orca"}; });
    if (Happens(0.1)) {
      world_.At(until_subscribed + Seconds(0, 10),
                [this, node] { world_.services.subscribers.erase(node); });
    }
    return {};
  }

  void BreakHmnfd() {
    world_.services.hmnfd =
        Happens(0.5) ? HmnfdProbed::State::kNotReady : HmnfdProbed::State::kUnreachable;
    if (Happens(0.5)) world_.services.list = absl::UnavailableError("503");
    world_.At(Seconds(1, 60), [this] {
      world_.services.hmnfd = HmnfdProbed::State::kReady;
      world_.services.list = absl::OkStatus();
    });
  }

  void TakeAway(const std::string& node) {
    world_.Detach(node);
    if (Happens(0.9)) world_.At(Seconds(1, 60), [this, node] { world_.Attach(node); });
  }

  World::Crash MaybeCrash() {
    if (crashes_ == 8 || !Happens(0.01)) return World::Crash::kNone;
    ++crashes_;
    return Happens(0.5) ? World::Crash::kBeforeCommit : World::Crash::kBeforeDeliver;
  }

  std::mt19937_64 random_;
  std::vector<std::string> nodes_;
  World world_;
  ResubscriptionSpec asked_;
  std::set<std::string> broken_;
  int crashes_ = 0;
};

TEST(OperationSimulation, EndsAndWhatItSaysIsTrue) {
  std::map<OperationState, int> ends;
  int crashes = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    life.Run();
    life.Check();
    if (testing::Test::HasFailure()) return;
    ++ends[life.world().status().state];
    crashes += life.crashes();
  }
  // Otherwise it shows nothing.
  EXPECT_GT(ends[OperationState::kSucceeded], 30);
  EXPECT_GT(ends[OperationState::kFailed], 30);
  EXPECT_GT(ends[OperationState::kCancelled], 10);
  EXPECT_GT(crashes, 300);
}

}  // namespace
}  // namespace muster
