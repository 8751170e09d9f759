// What musterd does at SIGHUP: it reads its settings and the files that they name again, checks all of it, and takes over what can change while
// it runs. What is wrong changes nothing. No session is touched. Owned by main; its thread only.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/status.h"
#include "controller/config.h"
#include "controller/inventory/node_registry.h"
#include "controller/named_files.h"
#include "controller/revoked_file.h"
#include "controller/store/sqlite_history.h"
#include "controller/store/sqlite_job_store.h"

namespace muster {

class Reloader {
 public:
  // Lent.
  struct Running {
    NodeRegistry& registry;
    RevokedFile& revoked;
    SqliteJobStore& store;
    SqliteHistory& history;
    // Has the web port serve with these, if they are others than before; after an error it is as it was. Called if it was on at the start and is to
    // stay on.
    std::function<absl::Status(const ControllerConfig& config, const WebFiles& files)> set_web;
  };

  // `config`: what the program has started with. `read` reads it again.
  Reloader(ControllerConfig config, std::function<absl::StatusOr<ControllerConfig>()> read,
           Running running);

  // One line of the log says what has changed, and what takes a restart; or what is wrong.
  void Reload();

 private:
  // After an error nothing has changed.
  absl::Status Apply(const ControllerConfig& config, NamedFiles files);
  void Tell(const ControllerConfig& config) const;

  const ControllerConfig started_;
  const std::function<absl::StatusOr<ControllerConfig>()> read_;
  const Running running_;
  std::map<std::string, std::string> given_;  // by the file, when it was read last
};

}  // namespace muster
