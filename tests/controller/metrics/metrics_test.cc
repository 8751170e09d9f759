// The controller as Prometheus reads it.
#include "controller/metrics/metrics.h"

#include <gtest/gtest.h>

#include "common/version.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

// All of it would fill the screen of who looks for one line.
bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class NoHistory final : public HistoryStore {
 public:
  absl::StatusOr<StoredHistory> Load() override { return StoredHistory(); }
  absl::Status Write(const HistoryBatch&) override { return absl::OkStatus(); }
  absl::Status Trim(Time) override { return absl::OkStatus(); }
};

class MetricsTest : public testing::Test {
 protected:
  std::string Text() {
    return metrics_.Text({registry_, fleet_, subscribers_, refusals_, clock_, nullptr});
  }
  // The work of a job of one node, up to its end.
  void RunJob(Engine& engine) {
    JobSpec spec;
    spec.id = "01";
    spec.request_id = "r1";
    spec.created = clock_.Now();
    spec.work = RestartUnit{"", 0s};
    Actions actions;
    engine.Step(clock_.Now(), JobSubmitted{1, spec, {"x1"}}, &actions);
    Hello hello;
    hello.node = "x1";
    hello.incarnation = "i1";
    hello.features = {kRestartUnitFeature};
    engine.Step(clock_.Now(), SessionUp{1, hello}, &actions);
    clock_.Advance(2s);
    engine.Advance(clock_.Now(), &actions);
    Commit(engine, actions);
  }
  void Commit(const Engine& engine, Actions& actions) {
    metrics_.jobs().OnCommitted(actions.records, engine, 3ms);
    actions.records.clear();
  }

  ManualTime clock_;
  NodeRegistry registry_{
      {InventoryNode{"x1", {}, "Compute"}, InventoryNode{"x2", {}, "Odd \"role\"\n"}}};
  SubscriberList subscribers_{nullptr, clock_};
  NoHistory history_;
  FleetWatch fleet_{{}, registry_, subscribers_, history_, {}, clock_};
  Refusals refusals_{clock_};
  Metrics metrics_{clock_};
};

TEST_F(MetricsTest, CountersAreThereBeforeAnythingHasHappened) {
  const std::string text = Text();
  EXPECT_TRUE(Has(text, std::string("muster_build_info{version=\"") + kVersion + "\"} 1"));
  EXPECT_TRUE(Has(text, "muster_jobs_ended_total{state=\"FAILED\"} 0"));
  EXPECT_TRUE(Has(text, "muster_tasks_ended_total{reason=\"\",state=\"SUCCEEDED\"} 0"));
  EXPECT_TRUE(Has(text, "muster_refusals_total{reason=\"STALE_STORE\"} 0"));
  EXPECT_TRUE(Has(text, "# TYPE muster_hmnfd_up gauge"));
  EXPECT_FALSE(Has(text, "\nmuster_hmnfd_up ")) << "there is no HMNFD";
  EXPECT_TRUE(Has(text, "\nprocess_resident_memory_bytes "));
}

TEST_F(MetricsTest, AJobIsCountedAsItIsCommitted) {
  Engine engine(EngineConfig(), Loaded(), clock_.Now());
  RunJob(engine);
  std::string text = Text();
  EXPECT_TRUE(Has(text, "muster_jobs{state=\"RUNNING\"} 1"));
  EXPECT_TRUE(Has(text, "muster_tasks{state=\"DISPATCHED\"} 1"));
  EXPECT_TRUE(Has(text, "muster_dispatch_latency_seconds_count 1"));
  EXPECT_TRUE(Has(text, "muster_dispatch_latency_seconds_sum 2"));
  EXPECT_TRUE(Has(text, "muster_store_commit_seconds_count 1"));
  EXPECT_TRUE(Has(text, "muster_store_works 1"));

  clock_.Advance(5s);
  Outcome outcome;
  outcome.state = OutcomeState::kFailed;
  outcome.reason = Reason::kExitCode;
  Actions actions;
  engine.Step(clock_.Now(), ReportReceived{1, {"x1", {"jobs/01/tasks/x1", 1}, outcome}}, &actions);
  engine.Advance(clock_.Now(), &actions);
  Commit(engine, actions);
  text = Text();
  EXPECT_TRUE(Has(text, "muster_tasks_ended_total{reason=\"EXIT_CODE\",state=\"FAILED\"} 1"));
  EXPECT_TRUE(Has(text, "muster_jobs_ended_total{state=\"FAILED\"} 1"));
  EXPECT_TRUE(Has(text, "muster_outcome_latency_seconds_sum 5"));
  EXPECT_TRUE(Has(text, "muster_jobs{state=\"RUNNING\"} 0"));
}

TEST_F(MetricsTest, AStoreThatTakesNothingIsSeen) {
  metrics_.jobs().OnCommitFailed();
  EXPECT_TRUE(Has(Text(), "muster_store_works 0"));
  EXPECT_TRUE(Has(Text(), "muster_store_commit_failures_total 1"));
}

TEST_F(MetricsTest, NodesAreCountedByConditionAndRoleWhateverARoleIsCalled) {
  fleet_.Start();
  fleet_.Stop();  // it has judged all of them once by then
  const std::string text = Text();
  EXPECT_TRUE(Has(text, "muster_nodes{role=\"Compute\"} 1"));
  EXPECT_TRUE(Has(text, "muster_nodes{role=\"Odd \\\"role\\\"\\n\"} 1"));
  EXPECT_TRUE(Has(text, "muster_nodes_by_verdict{verdict=\"unknown\"} 2"));
  EXPECT_TRUE(Has(text,
                  "muster_node_conditions{condition=\"AgentAttached\",status=\"unknown\","
                  "role=\"Compute\"} 1"));
}

}  // namespace
}  // namespace muster
