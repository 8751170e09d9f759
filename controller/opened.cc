#include "controller/opened.h"

#include <string>
#include <utility>

#include "controller/edge/server_credentials.h"
#include "controller/engine/engine.h"

namespace muster {
namespace {

// Puts what was opened in its place.
template <typename T>
absl::Status Put(absl::StatusOr<std::unique_ptr<T>> opened, std::unique_ptr<T>* place) {
  MUSTER_RETURN_IF_ERROR(opened.status());
  *place = *std::move(opened);
  return absl::OkStatus();
}

absl::Status OpenReaders(const std::string& dir, Readers* readers) {
  MUSTER_RETURN_IF_ERROR(Put(SqliteJobReader::Open(dir), &readers->jobs));
  return Put(SqliteHistoryReader::Open(dir), &readers->history);
}

absl::Status OpenStores(const ControllerConfig& config, Opened* opened) {
  const std::string& dir = config.state_dir;
  const StoreOptions options = {.retention = config.retention, .is_restored = config.is_restored};
  MUSTER_RETURN_IF_ERROR(Put(SqliteJobStore::Open(dir, options), &opened->store));
  MUSTER_RETURN_IF_ERROR(Put(SqliteHistory::Open(dir, config.retention.history), &opened->history));
  MUSTER_RETURN_IF_ERROR(OpenReaders(dir, &opened->operators));
  MUSTER_RETURN_IF_ERROR(Put(SqliteJobReader::Open(dir), &opened->runners_jobs));
  if (!config.has_web()) return absl::OkStatus();
  MUSTER_RETURN_IF_ERROR(OpenReaders(dir, &opened->web));
  return Put(SqliteJobReader::Open(dir), &opened->feed_jobs);
}

absl::Status Load(Opened* opened) {
  absl::StatusOr<Loaded> loaded = opened->store->Load(EngineConfig().max_ended_jobs);
  MUSTER_RETURN_IF_ERROR(loaded.status());
  opened->loaded = *std::move(loaded);
  absl::StatusOr<LoadedOperations> operations = opened->store->LoadOperations();
  MUSTER_RETURN_IF_ERROR(operations.status());
  opened->operations = *std::move(operations);
  absl::StatusOr<StoredHistory> history = opened->history->Load();
  MUSTER_RETURN_IF_ERROR(history.status());
  opened->stored_history = *std::move(history);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Opened> Open(const ControllerConfig& config) {
  Opened opened;
  absl::StatusOr<NamedFiles> files = ReadNamedFiles(config, config.tls_dir);
  MUSTER_RETURN_IF_ERROR(files.status());
  opened.files = *std::move(files);
  absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> credentials =
      MakeServerCredentials(config.tls_dir);
  MUSTER_RETURN_IF_ERROR(credentials.status());
  opened.credentials = *std::move(credentials);
  MUSTER_RETURN_IF_ERROR(OpenStores(config, &opened));
  MUSTER_RETURN_IF_ERROR(Load(&opened));
  return opened;
}

}  // namespace muster
