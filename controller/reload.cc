#include "controller/reload.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "controller/controller_settings.h"

namespace muster {
namespace {

std::string Joined(const Texts& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ","));
}

bool IsOfWeb(const std::string& key) { return key.starts_with("web."); }

}  // namespace

Reloader::Reloader(ControllerConfig config, std::function<absl::StatusOr<ControllerConfig>()> read,
                   Running running)
    : started_(std::move(config)),
      read_(std::move(read)),
      running_(std::move(running)),
      given_(started_.given) {}

void Reloader::Reload() {
  const absl::StatusOr<ControllerConfig> config = read_();
  absl::Status status = config.status();
  if (status.ok()) status = CheckOtherFiles(*config);
  absl::StatusOr<NamedFiles> files =
      status.ok() ? ReadNamedFiles(*config, started_.tls_dir) : status;
  status = files.status();
  if (status.ok()) status = Apply(*config, *std::move(files));
  if (!status.ok()) return log::Error("the settings stay as they were: {}", Message(status));
  Tell(*config);
  given_ = config->given;
}

// The web port first: it alone may fail.
absl::Status Reloader::Apply(const ControllerConfig& config, NamedFiles files) {
  if (started_.has_web() && config.has_web())
    MUSTER_RETURN_IF_ERROR(running_.set_web(config, files.web));
  running_.registry.SetFile(files.inventory);
  running_.revoked.Replace(config.revoked_file, std::move(files.revoked));
  running_.store.SetRetention(config.retention);
  running_.history.SetAge(config.retention.history);
  return absl::OkStatus();
}

void Reloader::Tell(const ControllerConfig& config) const {
  ControllerConfig defaults;
  const Settings settings = ControllerSettings(&defaults);
  const std::vector<Setting>& list = settings.list();
  Texts changed = ChangesBetween(list, given_, config.given).live;
  Texts at_restart = ChangesBetween(list, started_.given, config.given).at_restart;
  if (started_.has_web() != config.has_web()) {
    std::erase_if(changed, IsOfWeb);
    at_restart.push_back("web.listen");
  }
  log::Info("settings read again file={} changed={} take_a_restart={} nodes={}",
            config.file.empty() ? "none" : config.file, Joined(changed), Joined(at_restart),
            running_.registry.All().size());
}

}  // namespace muster
