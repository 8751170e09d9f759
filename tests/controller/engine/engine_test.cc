#include "controller/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Time kStart = Time(std::chrono::hours(24 * 365 * 56));

Outcome Succeeded() { return {OutcomeState::kSucceeded, Reason::kNone, "restarted", {}}; }
Outcome Failed() { return {OutcomeState::kFailed, Reason::kExitCode, "exit code 1", {}}; }

// An engine, its time, and what it has said so far.
class EngineTest : public testing::Test {
 protected:
  EngineTest() : engine_(std::make_unique<Engine>(EngineConfig(), Loaded(), kStart)) {}

  void Step(const Event& event) {
    actions_ = Actions();
    engine_->Step(now_, event, &actions_);
    engine_->Advance(now_, &actions_);
    Remember();
  }
  void Pass(Duration duration) {
    now_ += duration;
    actions_ = Actions();
    engine_->Advance(now_, &actions_);
    Remember();
  }
  // Takes the records in, as the store would.
  void Remember() {
    for (const Record& record : actions_.records) {
      if (const auto* created = std::get_if<JobCreated>(&record)) {
        StoredJob& job = stored_[created->spec.id];
        job.spec = created->spec;
        job.status.revision = created->revision;
        for (const std::string& node : created->nodes) {
          Task task;
          task.node = node;
          job.tasks.push_back(task);
        }
      } else if (const auto* changed = std::get_if<JobChanged>(&record)) {
        stored_[changed->job].status = changed->status;
      } else if (const auto* task = std::get_if<TaskChanged>(&record)) {
        for (Task& known : stored_[task->job].tasks) {
          if (known.node == task->task.node) known = task->task;
        }
      }
    }
  }
  void Restart() {
    Loaded loaded;
    for (const auto& [id, job] : stored_) {
      loaded.jobs.push_back(job);
      loaded.revision = std::max(loaded.revision, job.status.revision);
    }
    engine_ = std::make_unique<Engine>(EngineConfig(), loaded, now_);
  }

  void Submit(const std::string& id, std::vector<std::string> nodes, Policy policy = {},
              const std::string& digest = "digest") {
    JobSpec spec;
    spec.id = id;
    spec.work = RestartUnit{"", 5s};
    spec.policy = policy;
    spec.created = now_;
    spec.request_id = "request-" + id;
    spec.request_digest = digest;
    Step(JobSubmitted{1, spec, std::move(nodes)});
  }
  Hello HelloOf(const std::string& node, const std::string& incarnation = "life-1") {
    Hello hello;
    hello.node = node;
    hello.incarnation = incarnation;
    hello.features = {kRestartUnitFeature};
    return hello;
  }
  SessionId Attach(const Hello& hello) {
    Step(SessionUp{++session_, hello});
    return session_;
  }
  SessionId Attach(const std::string& node) { return Attach(HelloOf(node)); }
  void Report_(SessionId session, const std::string& job, const std::string& node, Outcome outcome,
               uint32_t attempt = 1) {
    Step(ReportReceived{session, {node, {TaskName(job, node), attempt}, std::move(outcome)}});
  }

  template <typename Message>
  std::vector<std::string> NodesOf() const {
    std::vector<std::string> nodes;
    for (const Send& send : actions_.sends) {
      if (const auto* message = std::get_if<Message>(&send.message)) nodes.push_back(message->node);
    }
    return nodes;
  }
  const Task& TaskOf(const std::string& job, const std::string& node) {
    for (const Task& task : stored_.at(job).tasks) {
      if (task.node == node) return task;
    }
    ADD_FAILURE() << "no task of " << node;
    return stored_.at(job).tasks.front();
  }
  JobState StateOf(const std::string& job) { return stored_.at(job).status.state; }

  Time now_ = kStart;
  SessionId session_ = 100;
  std::unique_ptr<Engine> engine_;
  Actions actions_;
  std::map<std::string, StoredJob> stored_;
};

TEST_F(EngineTest, AJobOnAttachedNodesIsSentAndEndsWithItsOutcomes) {
  const SessionId a = Attach("a"), b = Attach("b");
  Submit("j", {"a", "b"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a", "b"));
  ASSERT_THAT(actions_.replies, SizeIs(1));
  EXPECT_EQ(*actions_.replies[0].job, "j");
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched)
      << "recorded in the batch that sends it";
  EXPECT_EQ(TaskOf("j", "a").incarnation, "life-1");

  Report_(a, "j", "a", Succeeded());
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kSucceeded);
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  Report_(b, "j", "b", Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(EngineTest, OneFailureMakesTheJobFail) {
  const SessionId a = Attach("a"), b = Attach("b");
  Submit("j", {"a", "b"});
  Report_(a, "j", "a", Succeeded());
  Report_(b, "j", "b", Failed());
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(TaskOf("j", "b").reason, Reason::kExitCode);
}

TEST_F(EngineTest, NoMoreThanMaxParallelAreUnderWay) {
  const SessionId a = Attach("a");
  for (const char* node : {"b", "c", "d"}) Attach(node);
  Submit("j", {"a", "b", "c", "d"}, {.max_parallel = 2});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a", "b"));
  Report_(a, "j", "a", Failed());
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("c"));
}

TEST_F(EngineTest, NodesThatAreAwayHoldNoSlot) {
  const SessionId a = Attach("a");
  Attach("c");
  Submit("j", {"a", "b", "c"}, {.max_parallel = 1});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a")) << "b is away";
  Step(SessionDown{a, "a"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("c")) << "a went away in the middle";
}

TEST_F(EngineTest, ANodeThatComesBackIsServedAtOnce) {
  Submit("j", {"a"});
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(119s);
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, ANodeThatStaysAwayIsUndelivered) {
  Submit("j", {"a"});
  ASSERT_TRUE(engine_->NextDeadline());
  Pass(*engine_->NextDeadline() - now_);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kNotAttached);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(now_ - kStart, 2min);
}

TEST_F(EngineTest, ATaskThatWaitsForASlotDoesNotExpire) {
  const SessionId a = Attach("a");
  Attach("b");
  Submit("j", {"a", "b"}, {.max_parallel = 1});
  Pass(4min);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kPending);
  Report_(a, "j", "a", Succeeded());
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("b"));
}

TEST_F(EngineTest, TheSameRequestMakesOneJob) {
  Submit("j", {"a"});
  JobSpec again = stored_.at("j").spec;
  again.id = "k";
  Step(JobSubmitted{2, again, {"a"}});
  EXPECT_THAT(actions_.records, IsEmpty());
  EXPECT_EQ(*actions_.replies[0].job, "j");
  again.request_digest = "another";
  Step(JobSubmitted{3, again, {"a"}});
  EXPECT_EQ(actions_.replies[0].job.status().code(), absl::StatusCode::kAlreadyExists);
  Restart();
  again.request_digest = "digest";
  Step(JobSubmitted{4, again, {"a"}});
  EXPECT_EQ(*actions_.replies[0].job, "j") << "also after a restart";
}

TEST_F(EngineTest, TheRequestOfAJobThatIsNotLoadedAnyMoreIsRemembered) {
  Loaded loaded;
  loaded.requests = {{"request-j", "digest", "j"}};
  engine_ = std::make_unique<Engine>(EngineConfig(), loaded, now_);
  Submit("j", {"a"});
  EXPECT_THAT(actions_.records, IsEmpty());
  ASSERT_THAT(actions_.replies, SizeIs(1));
  EXPECT_EQ(*actions_.replies[0].job, "j");
}

TEST_F(EngineTest, OfManyRequestsTheNewestAreRemembered) {
  EngineConfig config;
  config.max_requests = 2;
  engine_ = std::make_unique<Engine>(config, Loaded(), now_);
  for (const char* id : {"j1", "j2", "j3"}) Submit(id, {"a"});
  Submit("j3", {"a"});
  EXPECT_THAT(actions_.records, IsEmpty()) << "it is the same request";
}

TEST_F(EngineTest, WithoutAReportATaskIsLostAndALateOutcomeIsKept) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Pass(30s + 5min + 14s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
  Pass(1s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kNoReport);
  Report_(a, "j", "a", Succeeded());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost) << "terminal states never change";
  ASSERT_TRUE(TaskOf("j", "a").late_outcome);
  EXPECT_EQ(TaskOf("j", "a").late_outcome->state, OutcomeState::kSucceeded);
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a"));
}

TEST_F(EngineTest, AHeldAttemptIsWaitedFor) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 1}};
  const SessionId again = Attach(hello);
  EXPECT_THAT(actions_.sends, IsEmpty());
  Report_(again, "j", "a", Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(EngineTest, WhatNeverArrivedIsSentAgainToTheSameLedger) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Pass(20s);
  Attach("a");
  ASSERT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(std::get<Command>(actions_.sends[0].message).key.attempt, 1u);
  EXPECT_EQ(TaskOf("j", "a").last_sent, now_);
  EXPECT_EQ(TaskOf("j", "a").first_sent, kStart);
}

TEST_F(EngineTest, AnAgentThatNeverTakesItsCommandDoesNotHoldUpTheJobForEver) {
  SessionId a = Attach("a");
  Submit("j", {"a"});
  size_t sent = 1;
  for (int i = 0; i < 30; ++i) {  // it dies of the command, each minute anew
    Step(SessionDown{a, "a"});
    Pass(60s);
    a = Attach("a");
    sent += NodesOf<Command>().size();
  }
  EXPECT_EQ(sent, 2u) << "until the delivery deadline";
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kNotHeld);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

TEST_F(EngineTest, NothingIsSentAgainAfterTheDeadlineOfTheJob) {
  Attach("a");
  Policy policy;
  policy.deadline = 1min;
  Submit("j", {"a"}, policy);
  now_ += 2min;
  Restart();
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kJobDeadline);
}

TEST_F(EngineTest, WhatWasSentToAnotherLedgerIsNeverSentAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Attach(HelloOf("a", "life-2"));
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kInterrupted);
}

TEST_F(EngineTest, ARebootThatStartedTheUnitSatisfiesTheTask) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Pass(60s);
  Hello hello = HelloOf("a", "life-2");
  UnitState orca;
  orca.unit = "cray-dvs-orca.service";
  orca.active_state = "active";
  orca.active_age = 59s;
  hello.status.units = {orca};
  Attach(hello);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kAlreadySatisfied);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kRebooted);
}

TEST_F(EngineTest, AUnitThatIsOlderThanTheCommandDoesNotSatisfyIt) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Pass(60s);
  Hello hello = HelloOf("a", "life-2");
  UnitState orca;
  orca.unit = "cray-orca.service";
  orca.active_state = "active";
  orca.active_age = 61s;
  hello.status.units = {orca};
  Attach(hello);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kInterrupted);
}

TEST_F(EngineTest, AttemptsThatNobodyKnowsAreSettled) {
  Hello hello = HelloOf("a");
  hello.held = {{"jobs/unknown/tasks/a", 1}, {"nonsense", 7}};
  Attach(hello);
  EXPECT_THAT(NodesOf<Settled>(), SizeIs(2));
}

TEST_F(EngineTest, CancelStopsWhatHasNotStarted) {
  const SessionId a = Attach("a");
  Submit("j", {"a", "b"});
  Step(JobCancelRequested{9, "j", "alice"});
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kCancelled);
  EXPECT_THAT(NodesOf<Cancel>(), ElementsAre("a"));
  EXPECT_EQ(StateOf("j"), JobState::kCancelling);
  Report_(a, "j", "a", Succeeded());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kSucceeded) << "what runs ends as it truly ends";
  EXPECT_EQ(StateOf("j"), JobState::kCancelled);
}

TEST_F(EngineTest, CancelOfWhatTheAgentNeverGotIsCancelled) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(JobCancelRequested{9, "j", "alice"});
  Report_(a, "j", "a", {OutcomeState::kNotHeld, Reason::kNotHeld, "", {}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kCancelled);
}

TEST_F(EngineTest, InACancelledJobNothingIsSentAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Step(JobCancelRequested{9, "j", "alice"});
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kCancelled);
}

TEST_F(EngineTest, ByTheDeadlineOfTheJobEveryTaskIsTerminal) {
  Attach("a");
  Attach("b");
  Submit("j", {"a", "b", "c"}, {.max_parallel = 1, .deadline = 40s});
  ASSERT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_LT(std::get<Command>(actions_.sends[0].message).execution_deadline, 40s);
  Pass(40s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kJobDeadline);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "b").reason, Reason::kJobDeadline);
  EXPECT_EQ(TaskOf("j", "c").state, TaskState::kUndelivered);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

TEST_F(EngineTest, AfterARestartNobodyIsLostForAWhile) {
  Attach("a");
  Submit("j", {"a", "b"});
  now_ += 1h;
  Restart();
  Pass(0s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kPending) << "its absence counts from now";
  Pass(30s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
  Pass(90s);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
}

TEST_F(EngineTest, DeadlinesHoldWhenTheWallClockWasSetBackBetweenTwoLives) {
  Attach("a");
  Submit("j", {"a", "b"});
  now_ -= 24h;
  Restart();
  Pass(0s);
  Pass(2min);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
  Pass(5min);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
}

TEST_F(EngineTest, TheGraceOfARestartIsForWhatWasSentBeforeIt) {
  Restart();
  Attach("a");
  Submit("j", {"a"}, {.deadline = 10s});
  Pass(10s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost) << "sent in this life: its deadline counts";
}

TEST_F(EngineTest, AfterARestartRevisionsGoOn) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  const uint64_t before = stored_.at("j").status.revision;
  (void)a;
  Restart();
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 1}};
  Report_(Attach(hello), "j", "a", Succeeded());
  EXPECT_GT(TaskOf("j", "a").revision, before);
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(EngineTest, AnAgentThatLacksTheFeatureRefuses) {
  Hello hello = HelloOf("a");
  hello.features = {kInspectFeature};
  Attach(hello);
  Submit("j", {"a"});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kRefused);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kUnsupported);
}

TEST_F(EngineTest, AgentsThatReplaceEachOtherAreInConflictUntilTheyStop) {
  for (int i = 0; i < 4; ++i) Attach(HelloOf("a", "life-" + std::to_string(i % 2)));
  ASSERT_THAT(actions_.conflicts, SizeIs(1));
  EXPECT_TRUE(actions_.conflicts[0].begins);
  Submit("j", {"a"});
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_THAT(actions_.conflicts, IsEmpty());
  Pass(61s);
  ASSERT_THAT(actions_.conflicts, SizeIs(1));
  EXPECT_FALSE(actions_.conflicts[0].begins);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, AnAgentThatComesBackUnderItsOwnNameIsNoConflict) {
  for (int i = 0; i < 10; ++i) {
    Attach("a");
    EXPECT_THAT(actions_.conflicts, IsEmpty());
  }
}

TEST_F(EngineTest, ProgressMakesItRunning) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(ReportReceived{a, {"a", {TaskName("j", "a"), 1}, std::nullopt}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kRunning);
  EXPECT_THAT(actions_.sends, IsEmpty()) << "progress is not answered";
}

TEST_F(EngineTest, ANodeCannotReportForAnother) {
  Attach("a");
  const SessionId b = Attach("b");
  Submit("j", {"a"});
  Step(ReportReceived{b, {"b", {TaskName("j", "a"), 1}, Succeeded()}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
}

TEST_F(EngineTest, AnOutcomeOfWhatWasNeverSentIsNotKept) {
  const SessionId a = Attach("a");
  Policy policy;
  policy.max_parallel = 1;
  Submit("j", {"0", "a"}, policy);
  Attach("0");
  Submit("k", {"0", "a"}, policy);  // "a" waits for its turn
  Report_(a, "k", "a", Succeeded(), 0);
  EXPECT_THAT(actions_.records, IsEmpty());
  EXPECT_EQ(NodesOf<Settled>(), std::vector<std::string>{"a"});
}

TEST_F(EngineTest, AnUnknownOutcomeIsNoSuccess) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Report_(a, "j", "a", {static_cast<OutcomeState>(99), Reason::kNone, "", {}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kUnknownOutcome);
}

TEST_F(EngineTest, TooManyJobsAreRefusedWithASentence) {
  EngineConfig config;
  config.max_active_jobs = 1;
  engine_ = std::make_unique<Engine>(config, Loaded(), now_);
  Submit("j", {"a"});
  Submit("k", {"a"});
  ASSERT_THAT(actions_.replies, SizeIs(1));
  EXPECT_EQ(actions_.replies[0].job.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Task, TerminalStatesHaveNoTransitions) {
  for (int from = 0; from < kTaskStateCount; ++from) {
    for (int to = 0; to < kTaskStateCount; ++to) {
      if (!IsTerminal(static_cast<TaskState>(from))) continue;
      EXPECT_FALSE(IsTransition(static_cast<TaskState>(from), static_cast<TaskState>(to)));
    }
  }
}

TEST(Job, EndStateFollowsTheRuleOfExitCodes) {
  const auto end = [](std::vector<std::pair<TaskState, uint32_t>> of, bool cancelled = false) {
    TaskCounts counts{};
    for (const auto& [state, count] : of) counts[static_cast<size_t>(state)] = count;
    return EndState(counts, cancelled);
  };
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}}), JobState::kSucceeded);
  EXPECT_EQ(end({{TaskState::kAlreadySatisfied, 1}, {TaskState::kNotApplicable, 9}}),
            JobState::kSucceeded);
  EXPECT_EQ(end({{TaskState::kNotApplicable, 9}}), JobState::kFailed)
      << "nothing was done anywhere";
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}, {TaskState::kLost, 1}}), JobState::kFailed);
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}, {TaskState::kCancelled, 1}}, true),
            JobState::kCancelled);
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}}, true), JobState::kSucceeded)
      << "the cancel came too late to change anything";
}

}  // namespace
}  // namespace muster
