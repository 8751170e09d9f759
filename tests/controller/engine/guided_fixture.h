// A job that an operation guides, with the operation's part to play.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/controller/engine/engine_fixture.h"

namespace muster {

class GuidedTest : public EngineTest {
 protected:
  static constexpr Rate kUnlimited{1'000'000, 1s};

  void SubmitGuided(std::vector<std::string> nodes, const Policy& policy = {}) {
    JobSpec spec;
    spec.id = "j";
    spec.work = RestartUnit{"", 5s};
    spec.policy = policy;
    spec.created = now_;
    spec.request_id = "request";
    spec.operation = "o";
    spec.is_guided = true;
    Step(JobSubmitted{0, spec, std::move(nodes)});
  }
  void SetPace(const Rate& rate) { Step(PaceSet{"j", rate}); }
  void Prove(const std::string& node, uint32_t attempt = 1) {
    Step(ProofGiven{"j", node, attempt, true, Reason::kSubscribed, "seen twice"});
  }
  void Disprove(const std::string& node, uint32_t attempt = 1,
                Reason reason = Reason::kNotSubscribed) {
    Step(ProofGiven{"j", node, attempt, false, reason, "not in the list"});
  }
  // One node, attached, whose unit was restarted by the first attempt.
  SessionId VerifyOne(const Policy& policy = {}) {
    const SessionId a = Attach("a");
    SubmitGuided({"a"}, policy);
    SetPace(kUnlimited);
    Report_(a, "j", "a", Succeeded());
    EXPECT_EQ(Task_().state, TaskState::kVerifying);
    return a;
  }
  // The same, but that the proof has failed once.
  SessionId DisproveOne(const Policy& policy = {.retries = 1}) {
    const SessionId a = VerifyOne(policy);
    Disprove("a");
    EXPECT_EQ(Task_().state, TaskState::kPending);
    return a;
  }
  // The agent, attached again, and the pace, which nobody remembers.
  SessionId ComeBack(std::vector<AttemptKey> held = {}) {
    Restart();
    Hello hello = HelloOf("a");
    hello.held = std::move(held);
    const SessionId session = Attach(hello);
    SetPace(kUnlimited);
    return session;
  }
  const Task& Task_(const std::string& node = "a") { return TaskOf("j", node); }
  size_t Starts(Duration duration) {
    size_t starts = 0;
    for (Duration passed{}; passed < duration; passed += 10ms) {
      Pass(10ms);
      starts += NodesOf<Command>().size();
    }
    return starts;
  }
  std::vector<std::string> AttachMany(int count) {
    std::vector<std::string> nodes;
    for (int i = 0; i < count; ++i) nodes.push_back("n" + std::to_string(i));
    for (const std::string& node : nodes) Attach(node);
    return nodes;
  }
};

}  // namespace muster
