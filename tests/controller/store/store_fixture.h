// A state directory of its own for each test, and the records they tell their stories with.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "controller/store/sqlite_job_reader.h"
#include "controller/store/sqlite_job_store.h"

namespace muster {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string pattern = ::testing::TempDir() + "muster_store_XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~StoreTest() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<SqliteJobStore> OpenStore() {
    auto store = SqliteJobStore::Open(dir_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? std::move(*store) : nullptr;
  }
  std::unique_ptr<SqliteJobReader> OpenReader() {
    auto reader = SqliteJobReader::Open(dir_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return reader.ok() ? std::move(*reader) : nullptr;
  }

  std::string File() const { return dir_ + "/muster.db"; }
  // On a connection of the test's own.
  void Execute(const std::string& sql) {
    auto database = SqliteDatabase::Open(File(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status status = (*database)->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }
  int64_t Integer(const std::string& sql) {
    auto database = SqliteDatabase::Open(File(), SQLITE_OPEN_READWRITE);
    EXPECT_TRUE(database.ok()) << database.status();
    const absl::StatusOr<int64_t> value = (*database)->QueryInteger(sql);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value : -1;
  }

  std::string dir_;
};

// Acts on every connection that is opened from now on, whoever opens it.
inline void OnNewConnections(int (*act)(sqlite3*, char**, const sqlite3_api_routines*)) {
  sqlite3_reset_auto_extension();
  if (act != nullptr) sqlite3_auto_extension(reinterpret_cast<void (*)()>(act));
}

inline JobCreated NewJob(const std::string& id, std::vector<std::string> nodes, uint64_t revision) {
  JobCreated record;
  record.spec.id = id;
  record.spec.work = RestartUnit{"cray-orca.service", 5s};
  record.spec.created_by = "alice";
  record.spec.created = Time(1'700'000'000s);
  record.spec.request_id = "request of " + id;
  record.spec.request_digest = std::string("\0digest\xff", 8);
  record.nodes = std::move(nodes);
  record.revision = revision;
  return record;
}

inline TaskChanged Change(const std::string& job, const std::string& node, TaskState state,
                          uint64_t revision) {
  TaskChanged record;
  record.job = job;
  record.task.node = node;
  record.task.state = state;
  record.task.attempt = 1;
  record.task.revision = revision;
  return record;
}

inline JobChanged Ended(const std::string& job, JobState state, Time when, uint64_t revision) {
  JobChanged record{job, {}};
  record.status.state = state;
  record.status.ended = when;
  record.status.revision = revision;
  return record;
}

inline std::vector<std::string> Nodes(int count) {
  std::vector<std::string> nodes;
  for (int i = 1; i <= count; ++i) nodes.push_back(fmt::format("nid{:06}", i));
  return nodes;
}

}  // namespace muster
