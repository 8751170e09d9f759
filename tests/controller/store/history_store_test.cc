// The history of the fleet on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "controller/store/sqlite_history.h"

namespace muster {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const Time kToday(std::chrono::days(20'000));

class HistoryStoreTest : public testing::Test {
 protected:
  HistoryStoreTest() {
    std::string pattern = testing::TempDir() + "muster_history_XXXXXX";
    dir_ = mkdtemp(pattern.data());
    Open();
  }
  ~HistoryStoreTest() override {
    reader_.reset();
    store_.reset();
    std::filesystem::remove_all(dir_);
  }
  void Open() {
    reader_.reset();
    store_.reset();
    auto store = SqliteHistory::Open(dir_, 24h);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    auto reader = SqliteHistoryReader::Open(dir_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_ = *std::move(reader);
  }
  static HealthEvent Event(int64_t number, Time time, const std::string& nodes) {
    return {.number = number,
            .first = time,
            .last = time + 1s,
            .kind = ConditionKind::kOrcaActive,
            .truth = Truth::kFalse,
            .reason = "Failed",
            .example = "x1",
            .message = "cray-orca.service failed: exit-code",
            .count = 1,
            .nodes = nodes};
  }
  void Write(const HealthEvent& event, std::vector<std::string> joined) {
    HistoryBatch batch;
    batch.events.push_back({event, std::move(joined)});
    EXPECT_TRUE(store_->Write(batch).ok());
  }

  std::string dir_;
  std::unique_ptr<SqliteHistory> store_;
  std::unique_ptr<SqliteHistoryReader> reader_;
};

TEST_F(HistoryStoreTest, EventsAreReadAsTheyWereWrittenTheNewestFirst) {
  Write(Event(1, kToday, "x1"), {"x1"});
  Write(Event(2, kToday + 1h, "x2"), {"x2"});
  const auto events = reader_->Events(10);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ((*events)[0], Event(2, kToday + 1h, "x2"));
  EXPECT_EQ((*events)[1], Event(1, kToday, "x1"));
  EXPECT_THAT(*reader_->Events(1), SizeIs(1));
}

TEST_F(HistoryStoreTest, AnEventGrows) {
  Write(Event(1, kToday, "x1"), {"x1"});
  Write(Event(1, kToday, "x[1-2]"), {"x2"});
  EXPECT_THAT(*reader_->Events(10), SizeIs(1));
  for (const char* node : {"x1", "x2"}) {
    const auto events = reader_->EventsOf({node}, 10);
    ASSERT_THAT(*events, SizeIs(1)) << node;
    EXPECT_EQ(events->front().nodes, "x[1-2]");
  }
  EXPECT_THAT(*reader_->EventsOf({"x3"}, 10), IsEmpty());
  EXPECT_THAT(*reader_->EventsOf({"x1", "x2"}, 10), SizeIs(1)) << "one event, and not one of each";
}

TEST_F(HistoryStoreTest, WhatWasKnownIsThereAfterARestart) {
  HistoryBatch batch;
  const RecordedCondition condition{
      "x1", ConditionKind::kAgentAttached, Truth::kTrue, "Attached", "boot1", kToday};
  RecordedCondition gone = condition;
  gone.node = "x2";
  batch.conditions = {condition, gone};
  ASSERT_TRUE(store_->Write(batch).ok());
  gone.truth = Truth::kUnspecified;
  batch.conditions = {gone};
  batch.events.push_back({Event(12, kToday, "x1"), {"x1"}});
  ASSERT_TRUE(store_->Write(batch).ok());
  Open();
  const auto stored = store_->Load();
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->conditions, std::vector<RecordedCondition>{condition});
  EXPECT_EQ(stored->last_number, 12);
}

TEST_F(HistoryStoreTest, AMarkStaysUntilThereIsAnother) {
  HistoryBatch batch;
  RecordedCondition condition{
      "x1", ConditionKind::kAgentAttached, Truth::kTrue, "Attached", "boot1", kToday};
  batch.conditions = {condition};
  ASSERT_TRUE(store_->Write(batch).ok());
  condition = {"x1", ConditionKind::kAgentAttached, Truth::kFalse, "Away", "", kToday + 1h};
  batch.conditions = {condition};
  ASSERT_TRUE(store_->Write(batch).ok());
  condition.mark = "boot1";
  EXPECT_EQ(store_->Load()->conditions, std::vector<RecordedCondition>{condition});
}

TEST_F(HistoryStoreTest, WhatIsTooOldGoes) {
  Write(Event(1, kToday - 30h, "x1"), {"x1"});
  Write(Event(2, kToday - 1h, "x1"), {"x1"});
  ASSERT_TRUE(store_->Trim(kToday).ok());
  ASSERT_THAT(*reader_->Events(10), SizeIs(1));
  EXPECT_THAT(*reader_->EventsOf({"x1"}, 10), SizeIs(1));
  ASSERT_TRUE(store_->Trim(kToday + 48h).ok());
  EXPECT_THAT(*reader_->Events(10), IsEmpty());
}

TEST_F(HistoryStoreTest, TheNewestStayHoweverManyThereAre) {
  HistoryBatch batch;
  for (int64_t i = 1; i <= SqliteHistory::kMaxEvents + 5; ++i)
    batch.events.push_back({Event(i, kToday, "x1"), {}});
  ASSERT_TRUE(store_->Write(batch).ok());
  ASSERT_TRUE(store_->Trim(kToday).ok());
  const auto events = reader_->Events(100'000);
  ASSERT_THAT(*events, SizeIs(SqliteHistory::kMaxEvents));
  EXPECT_EQ(events->back().number, 6);
}

TEST_F(HistoryStoreTest, ADamagedFileIsMovedAside) {
  Write(Event(1, kToday, "x1"), {"x1"});
  reader_.reset();
  store_.reset();
  std::ofstream(dir_ + "/history.db", std::ios::trunc) << "this is no database, whatever it says";
  std::filesystem::remove(dir_ + "/history.db-wal");
  Open();
  EXPECT_THAT(*reader_->Events(10), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(dir_ + "/history.db.old"));
}

}  // namespace
}  // namespace muster
