// What the store keeps of operations, and how a store of version 2 comes to have a place for them.
#include "controller/store/operation_table.h"

#include <gmock/gmock.h>

#include "controller/store/operation_proto.h"
#include "controller/store/stored_content_records.h"
#include "tests/controller/store/store_fixture.h"
#include "tests/controller/store/version2.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

OperationRecord NewOperation(const std::string& id, std::vector<std::string> nodes = {"x0", "x1"}) {
  OperationSpec spec;
  spec.id = id;
  spec.created_by = "alice";
  spec.created = Time(1'700'000'000s);
  spec.request_id = "request of " + id;
  spec.request_digest = std::string("\0digest\xff", 8);
  spec.resubscription.job = "job of " + id;
  spec.resubscription.work = RestartUnit{"", 7s};
  spec.resubscription.policy.retries = 2;
  spec.resubscription.policy.max_parallel = 17;
  spec.resubscription.nodes = std::move(nodes);
  spec.resubscription.only_missing = true;
  spec.resubscription.restarts_hmnfd = true;
  spec.resubscription.restarts_bss = true;
  spec.resubscription.baseline = {{"x0", {"dvs", "orca"}}, {"x1", {"orca"}}};
  spec.resubscription.floor = 3;
  spec.resubscription.ceiling = 30;
  spec.resubscription.second_look = 20s;
  spec.resubscription.appear_within = 40s;
  return {std::make_shared<const OperationSpec>(std::move(spec)), Resubscription::NewStatus(),
          true};
}

OperationRecord NewPhase(const std::string& id, const std::string& content, bool is_unmount) {
  OperationSpec spec;
  spec.id = id;
  spec.request_id = "request of " + id;
  spec.content.emplace();
  spec.content->content = content;
  spec.content->is_unmount = is_unmount;
  spec.content->record_job = is_unmount ? "record of " + id : "";
  spec.content->job = "job of " + id;
  spec.content->policy.retries = 1;
  spec.content->is_lazy = is_unmount;
  spec.content->nodes = {"x0", "x1"};
  spec.content->min_servers = 3;
  spec.content->servers_job = is_unmount ? "servers of " + id : "";
  spec.content->bos_template = "compute";
  if (!is_unmount) spec.content->rooted = {"x1"};
  const OperationStatus status = ContentPhase::NewStatus(*spec.content);
  return {std::make_shared<const OperationSpec>(std::move(spec)), status, true};
}

OperationRecord Changed(const OperationRecord& record, OperationState state) {
  OperationRecord changed = record;
  changed.is_new = false;
  changed.status.state = state;
  changed.status.detail = "so it is";
  if (IsTerminal(state)) changed.status.ended = Time(1'700'000'100s);
  changed.status.steps[0].state = OperationState::kSucceeded;
  changed.status.steps[2].job = record.spec->resubscription.job;
  changed.status.steps[2].detail = "waiting";
  changed.status.steps[2].nodes = "x[0-1]";
  changed.status.notes = {{Time(1'700'000'050s), "something happened"}};
  return changed;
}

class OperationTableTest : public StoreTest {
 protected:
  void Commit(SqliteJobStore& store, const std::vector<OperationRecord>& operations) {
    const absl::Status status = store.Commit({}, operations);
    EXPECT_TRUE(status.ok()) << status;
  }
  std::vector<std::string> List(size_t limit, const std::string& before = "") {
    std::vector<std::string> ids;
    const auto records = OpenReader()->ListOperations(limit, before);
    EXPECT_TRUE(records.ok()) << records.status();
    for (const OperationRecord& record : *records) ids.push_back(record.spec->id);
    return ids;
  }
};

TEST_F(OperationTableTest, GivesBackWhatWasWritten) {
  const OperationRecord record = NewOperation("o1");
  Commit(*OpenStore(), {record});
  const auto loaded = OpenStore()->LoadOperations();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_THAT(loaded->operations, SizeIs(1));
  EXPECT_EQ(*loaded->operations[0].spec, *record.spec);
  EXPECT_EQ(loaded->operations[0].status, record.status);
  EXPECT_FALSE(loaded->operations[0].is_new);
  ASSERT_THAT(loaded->requests, SizeIs(1));
  EXPECT_EQ(loaded->requests[0].request_id, "request of o1");
  EXPECT_EQ(loaded->requests[0].request_digest, std::string("\0digest\xff", 8));
  EXPECT_EQ(loaded->requests[0].job, "o1");
}

TEST_F(OperationTableTest, GivesBackThePhasesOfAContent) {
  const std::vector<OperationRecord> phases = {
      NewPhase("o1", "pe", true), NewPhase("o2", "pe", false), NewPhase("o3", "gpu", true)};
  Commit(*OpenStore(), phases);
  Commit(*OpenStore(), {NewOperation("o4")});
  const auto loaded = OpenStore()->LoadOperations();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_THAT(loaded->operations, SizeIs(4));
  for (size_t i = 0; i < phases.size(); ++i)
    EXPECT_EQ(*loaded->operations[i].spec, *phases[i].spec);
  EXPECT_THAT(*OpenReader()->OperationsOfContent("pe"), ::testing::ElementsAre("o1", "o2"));
  EXPECT_THAT(*OpenReader()->OperationsOfContent(""), ::testing::ElementsAre("o1", "o2", "o3"));
  EXPECT_THAT(*OpenReader()->OperationsOfContent("none"), IsEmpty());
}

TEST_F(OperationTableTest, RecordsOfAContentAreThoseSinceItWasMountedAgain) {
  auto store = OpenStore();
  const auto record = [](const std::string& source) {
    return ContentRecord{
        {{MountKind::kProjected, "dvs", source, "/" + source, "ro", "ro", "shared", false}}};
  };
  uint64_t revision = 0;
  const auto end = [&](const std::string& job, std::optional<ContentRecord> content) {
    JobCreated created = NewJob(job, {"x0"}, ++revision);
    Task task;
    task.node = "x0";
    task.state = TaskState::kSucceeded;
    task.attempt = 1;
    task.revision = ++revision;
    task.outcome.emplace();
    if (content) task.outcome->evidence.content = *content;
    const absl::Status status = store->Commit({created, TaskChanged{job, task}}, {});
    EXPECT_TRUE(status.ok()) << status;
  };
  Commit(*store, {NewPhase("o1", "pe", true), NewPhase("o2", "pe", true)});
  end("record of o1", record("a"));
  end("record of o2", record("b"));
  const auto reader = OpenReader();
  StoredContentRecords records(*reader);
  ContentRecord both = record("a");
  Merge(record("b"), &both);
  EXPECT_EQ(*records.Of("pe", "x0"), both)
      << "what the first try unmounted is not forgotten by the second";
  EXPECT_EQ(*records.Of("pe", "x1"), ContentRecord());
  Commit(*store, {NewPhase("o3", "pe", false)});
  end("job of o3", std::nullopt);
  EXPECT_EQ(*records.Of("pe", "x0"), both) << "mounted again, it can be mounted again once more";
  Commit(*store, {NewPhase("o4", "pe", true)});
  end("record of o4", record("c"));
  EXPECT_EQ(*records.Of("pe", "x0"), record("c"));
}

TEST_F(OperationTableTest, KeepsTheNewestStatus) {
  const OperationRecord record = NewOperation("o1");
  const OperationRecord running = Changed(record, OperationState::kRunning);
  auto store = OpenStore();
  Commit(*store, {record});
  Commit(*store, {running});
  const auto operation = OpenReader()->GetOperation("o1");
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->status, running.status);
  EXPECT_EQ(*operation->spec, *record.spec);
}

TEST_F(OperationTableTest, MadeAndChangedInOneBatchIsOne) {
  const OperationRecord record = NewOperation("o1");
  const OperationRecord running = Changed(record, OperationState::kRunning);
  Commit(*OpenStore(), {record, running});
  EXPECT_EQ(OpenReader()->GetOperation("o1")->status, running.status);
}

TEST_F(OperationTableTest, OneThatHasEndedIsNotLoadedButItsRequestIsKnown) {
  const OperationRecord record = NewOperation("o1");
  Commit(*OpenStore(), {record, Changed(record, OperationState::kFailed), NewOperation("o2")});
  const auto loaded = OpenStore()->LoadOperations();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_THAT(loaded->operations, SizeIs(1));
  EXPECT_EQ(loaded->operations[0].spec->id, "o2");
  EXPECT_THAT(loaded->requests, SizeIs(2));
  const auto ended = OpenReader()->GetOperation("o1");
  EXPECT_EQ(ended->status.ended, Time(1'700'000'100s));
  EXPECT_EQ(ended->status.state, OperationState::kFailed);
}

TEST_F(OperationTableTest, OneThatIsNotThereIsNotFound) {
  OpenStore();
  const auto operation = OpenReader()->GetOperation("o1");
  EXPECT_EQ(operation.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(operation.status()),
            "there is no operations/o1; `muster operation list` shows the newest");
}

TEST_F(OperationTableTest, AChangeOfOneThatIsNotThereIsOurBug) {
  auto store = OpenStore();
  const absl::Status status = store->Commit(
      {NewJob("j1", {"x0"}, 1)}, {Changed(NewOperation("o1"), OperationState::kRunning)});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("operations/o1 is not in the store"));
  EXPECT_FALSE(OpenReader()->GetJob("j1").ok()) << "nothing of the batch is there";
}

TEST_F(OperationTableTest, ListsTheNewestFirstByPages) {
  auto store = OpenStore();
  for (int i = 1; i <= 5; ++i) Commit(*store, {NewOperation("o" + std::to_string(i))});
  EXPECT_THAT(List(2), ::testing::ElementsAre("o5", "o4"));
  EXPECT_THAT(List(2, "o4"), ::testing::ElementsAre("o3", "o2"));
  EXPECT_THAT(List(2, "o2"), ::testing::ElementsAre("o1"));
  EXPECT_THAT(List(2, "o1"), IsEmpty());
}

TEST_F(OperationTableTest, TheOldestThatHaveEndedGo) {
  auto store = OpenStore();
  std::vector<OperationRecord> records = {NewOperation("running")};
  for (int i = 0; i < kMaxKeptOperations + 10; ++i) {
    records.push_back(NewOperation(fmt::format("o{:04}", i)));
    records.push_back(Changed(records.back(), OperationState::kSucceeded));
  }
  Commit(*store, records);
  EXPECT_LE(Integer("SELECT count(*) FROM operation"), kMaxKeptOperations + 1);
  EXPECT_TRUE(OpenReader()->GetOperation("running").ok()) << "it has not ended";
  EXPECT_FALSE(OpenReader()->GetOperation("o0000").ok());
  EXPECT_TRUE(OpenReader()->GetOperation("o1009").ok());
}

TEST_F(OperationTableTest, WhatCannotBeReadIsDamage) {
  Commit(*OpenStore(), {NewOperation("o1")});
  Execute("UPDATE operation SET status = x'ffff'");
  EXPECT_EQ(OpenReader()->GetOperation("o1").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(OpenStore()->LoadOperations().status()),
              HasSubstr("operations/o1 cannot be read"));
}

TEST_F(OperationTableTest, AJobKnowsItsOperationAndItsRemarks) {
  JobCreated job = NewJob("j1", {"x0"}, 1);
  job.spec.operation = "o1";
  job.spec.is_guided = true;
  job.spec.remarks = {"x1 has no agent", "x2 is disabled"};
  auto store = OpenStore();
  ASSERT_TRUE(store->Commit({job, NewJob("j2", {"x0"}, 2)}).ok());
  const auto loaded = store->Load(10);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->jobs[0].spec.operation, "o1");
  EXPECT_TRUE(loaded->jobs[0].spec.is_guided);
  EXPECT_EQ(loaded->jobs[0].spec.remarks, job.spec.remarks);
  EXPECT_EQ(loaded->jobs[1].spec.operation, "");
  EXPECT_FALSE(loaded->jobs[1].spec.is_guided);
  EXPECT_THAT(loaded->jobs[1].spec.remarks, IsEmpty());
  EXPECT_EQ(OpenReader()->GetJob("j1")->spec.operation, "o1");
}

TEST(OperationProto, DefaultsAreThoseOfTheStruct) {
  const ResubscriptionSpec spec = FromProto(v1::Resubscription());
  const ResubscriptionSpec usual;
  EXPECT_EQ(spec.floor, usual.floor);
  EXPECT_EQ(spec.ceiling, usual.ceiling);
  EXPECT_EQ(spec.second_look, usual.second_look);
  EXPECT_EQ(spec.appear_within, usual.appear_within);
  EXPECT_EQ(spec.policy.retries, 3u);
  EXPECT_EQ(spec.work, Work(RestartUnit{"", 5s}));
}

TEST(OperationProto, NoRetriesAreAsked) {
  v1::Resubscription proto;
  proto.mutable_policy()->set_retries(0);
  EXPECT_EQ(FromProto(proto).policy.retries, 0u);
}

// ---- version 2

TEST_F(OperationTableTest, AStoreOfVersion2KeepsItsJobsAndTakesOperations) {
  Execute(kVersion2);
  auto store = OpenStore();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Integer("PRAGMA user_version"), 3);
  EXPECT_EQ(store->epoch().counter, 42u);
  const auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_THAT(loaded->jobs, SizeIs(1));
  const StoredJob& job = loaded->jobs[0];
  EXPECT_EQ(job.spec.id, "j1");
  EXPECT_EQ(job.spec.work, Work(RestartUnit{"cray-orca.service", 5s}));
  EXPECT_EQ(job.spec.policy.max_parallel, 7u);
  EXPECT_EQ(job.spec.operation, "");
  EXPECT_FALSE(job.spec.is_guided);
  ASSERT_THAT(job.tasks, SizeIs(2));
  EXPECT_EQ(job.tasks[0].state, TaskState::kDispatched);
  EXPECT_EQ(job.tasks[1].state, TaskState::kPending);
  EXPECT_EQ(loaded->revision, 2u);
  EXPECT_THAT(store->LoadOperations()->operations, IsEmpty());
  Commit(*store, {NewOperation("o1")});
  EXPECT_EQ(OpenReader()->GetOperation("o1")->spec->resubscription.job, "job of o1");
  store.reset();
  EXPECT_EQ(OpenStore()->epoch().counter, 43u) << "and no second migration";
}

}  // namespace
}  // namespace muster
