// What musterd has read and opened before anybody is let in. Owned by main.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "common/status.h"
#include "controller/config.h"
#include "controller/fleet/history_store.h"
#include "controller/named_files.h"
#include "controller/store/sqlite_history.h"
#include "controller/store/sqlite_job_reader.h"
#include "controller/store/sqlite_job_store.h"

namespace muster {

// Readers of the store, one for each thread that reads.
struct Readers {
  std::unique_ptr<SqliteJobReader> jobs;
  std::unique_ptr<SqliteHistoryReader> history;
};

struct Opened {
  NamedFiles files;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  std::unique_ptr<SqliteJobStore> store;
  std::unique_ptr<SqliteHistory> history;
  Readers operators;  // the operators' service
  std::unique_ptr<SqliteJobReader> runners_jobs;
  // Of the web port, if it is on.
  Readers web;
  std::unique_ptr<SqliteJobReader> feed_jobs;
  Loaded loaded;
  LoadedOperations operations;
  StoredHistory stored_history;
};

// Errors have the sentence for the operator.
absl::StatusOr<Opened> Open(const ControllerConfig& config);

}  // namespace muster
