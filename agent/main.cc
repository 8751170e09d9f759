// muster-agent: reads its settings, opens the ledger, wires the seams and runs the loop until SIGTERM.
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <utility>

#include "agent/ledger/directory_ledger.h"
#include "agent/mount/child_pool.h"
#include "agent/mount/mount_reader.h"
#include "agent/mount/mounts_watch.h"
#include "agent/options.h"
#include "agent/runner/agent_runner.h"
#include "agent/runner/config.h"
#include "agent/systemd/sdbus_unit_manager.h"
#include "agent/uplink/event_source.h"
#include "agent/uplink/h2_uplink.h"
#include "agent/uplink/tls_client.h"
#include "common/journal.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/version.h"

namespace muster {
namespace {

absl::StatusOr<std::string> ReadBootId() {
  constexpr char kPath[] = "/proc/sys/kernel/random/boot_id";
  std::ifstream file(kPath);
  std::string id;
  if (!std::getline(file, id) || id.empty())
    return ErrnoStatus(errno, fmt::format("read {}", kPath));
  return id;
}

// This node. systemd is told how the agent does.
class Node final : public AgentPlace {
 public:
  // Null before the watch is there.
  void Bind(MountsWatch* watch) { watch_ = watch; }
  // Armed before it is read, so that what changes meanwhile is told.
  MountTable ReadMountTable() override {
    if (watch_ != nullptr) watch_->Arm();
    return muster::ReadMountTable();
  }
  void OnChanged(const AgentCore& core) override {
    const std::string status = core.Status();
    if (status == told_) return;
    told_ = status;
    sd_notifyf(0, "STATUS=%s", status.c_str());
  }

 private:
  std::string told_;
  MountsWatch* watch_ = nullptr;
};

AgentCore::Config CoreConfigOf(const AgentConfig& config, const std::string& node,
                               const std::string& boot_id) {
  return {node, boot_id, config.aliases, config.policy_units, config.content, config.watched_units};
}

// Reads the settings again at SIGHUP: what is wrong changes nothing. Neither the session nor an attempt is touched.
class Reloader {
 public:
  // Lent. `config` is what runs, and becomes what is read.
  struct Running {
    AgentConfig& config;
    AgentRunner& runner;
    H2Uplink& uplink;
    std::string node;
    std::string boot_id;
  };

  Reloader(sd_event* event, std::function<absl::StatusOr<AgentOptions>()> read, Running running)
      : read_(std::move(read)), running_(std::move(running)), started_(running_.config) {
    CallOnHangup(
        event,
        [](sd_event_source*, const signalfd_siginfo*, void* self) {
          NotifyReloading();
          static_cast<Reloader*>(self)->Reload();
          sd_notify(0, "READY=1");
          return 0;
        },
        this);
  }

 private:
  void Reload() {
    const absl::StatusOr<AgentOptions> options = read_();
    if (!options.ok())
      return log::Error("the settings stay as they were: {}", Message(options.status()));
    AgentConfig& config = running_.config;
    Tell(options->config);
    // Certificates are read for each connection by these.
    AgentConfig next = options->config;
    next.tls_dir = config.tls_dir;
    next.patterns = config.patterns;
    config = std::move(next);
    running_.runner.Reconfigure(CoreConfigOf(config, running_.node, running_.boot_id));
    running_.uplink.SetControllers(options->controllers);
  }

  void Tell(const AgentConfig& next) const {
    AgentConfig defaults;
    const Settings settings = AgentSettings(&defaults);
    const auto joined = [](const Texts& names) {
      return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ","));
    };
    log::Info("settings read again changed={} take_a_restart={}",
              joined(ChangesBetween(settings.list(), running_.config.given, next.given).live),
              joined(ChangesBetween(settings.list(), started_.given, next.given).at_restart));
  }

  const std::function<absl::StatusOr<AgentOptions>()> read_;
  const Running running_;
  const AgentConfig started_;
};

absl::Status Run(AgentOptions options,
                 const std::function<absl::StatusOr<AgentOptions>()>& read_again) {
  AgentConfig& config = options.config;
  absl::StatusOr<std::string> node = ReadOwnName(config.tls_dir, config.patterns.agent);
  MUSTER_RETURN_IF_ERROR(node.status());
  absl::StatusOr<std::string> boot_id = ReadBootId();
  MUSTER_RETURN_IF_ERROR(boot_id.status());
  absl::StatusOr<std::unique_ptr<DirectoryLedger>> ledger = DirectoryLedger::Open(config.state_dir);
  MUSTER_RETURN_IF_ERROR(ledger.status());

  sd_event* event = nullptr;
  if (const int r = sd_event_default(&event); r < 0) return ErrnoStatus(-r, "make the event loop");
  const std::unique_ptr<sd_event, sd_event* (*)(sd_event*)> owner(event, sd_event_unref);
  // The watchdog's wakeups are the only ones of an idle agent; its interval is set in the unit.
  if (const int r = sd_event_set_watchdog(event, true); r < 0) return ErrnoStatus(-r, "watchdog");
  EndOnSignals(event);

  std::random_device device;
  std::mt19937_64 random((static_cast<uint64_t>(device()) << 32) | device());
  Node place;
  AgentRunner runner(CoreConfigOf(config, *node, *boot_id), event, **ledger, place);
  MountsWatch mounts(event, [&runner] { runner.OnMountsChanged(); });
  place.Bind(&mounts);
  SdBusUnitManager units(event, runner);
  ChildPool children(event, config.state_dir + "/mount-locks");
  UplinkConfig uplink_config{options.controllers, {}};
  uplink_config.stream.tls_dir = config.tls_dir;
  uplink_config.stream.controller_pattern = config.patterns.controller;
  H2Uplink uplink(event, uplink_config, runner, random);
  const Reloader reloader(event, read_again, {config, runner, uplink, *node, *boot_id});
  log::Info("starting version={} node={} incarnation={}", kVersion, *node,
            (*ledger)->incarnation());
  runner.Start(units, children, uplink);
  sd_notify(0, "READY=1");
  const int code = sd_event_loop(event);
  sd_notify(0, "STOPPING=1");
  uplink.Stop();
  log::Info("stopped");
  return code < 0 ? ErrnoStatus(-code, "run the event loop") : absl::OkStatus();
}

// --check-config.
absl::Status CheckTlsFiles(const AgentConfig& config) {
  MUSTER_RETURN_IF_ERROR(ReadOwnName(config.tls_dir, config.patterns.agent).status());
  return NewTlsClient(config.tls_dir).status();
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  const auto read = [argc, argv] { return muster::ReadOptions(argc, argv); };
  absl::StatusOr<muster::AgentOptions> options = read();
  absl::Status status = options.status();
  if (options.ok() && options->is_check) status = muster::CheckTlsFiles(options->config);
  if (!status.ok()) {
    std::fprintf(stderr, "muster-agent: %s\n", muster::Message(status).c_str());
    return 2;
  }
  if (options->is_check) {
    std::puts("ok");
    return 0;
  }
  muster::log::Init("muster-agent",
                    options->debug ? muster::log::Level::kDebug : muster::log::Level::kInfo);
  muster::log::SetJournal(&muster::SendToJournal);
  if (status = muster::Run(*std::move(options), read); !status.ok()) {
    muster::log::Error("{}", muster::Message(status));
    return 1;
  }
  return 0;
}
