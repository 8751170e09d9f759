// muster-agent: reads its settings, opens the ledger, wires the seams and runs the loop until SIGTERM.
#include <getopt.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <random>

#include "agent/ledger/directory_ledger.h"
#include "agent/mount/child_pool.h"
#include "agent/mount/mount_reader.h"
#include "agent/mount/mounts_watch.h"
#include "agent/runner/agent_runner.h"
#include "agent/runner/config.h"
#include "agent/systemd/sdbus_unit_manager.h"
#include "agent/uplink/event_source.h"
#include "agent/uplink/h2_uplink.h"
#include "agent/uplink/tls_client.h"
#include "common/journal.h"
#include "common/log.h"
#include "common/version.h"

namespace muster {
namespace {

constexpr char kUsage[] =
    "usage: muster-agent --controller HOST:PORT[,HOST:PORT…] --tls-dir DIR --state-dir DIR "
    "[--config FILE]\n"
    "  --controller  the controller's addresses, in the order in which they are tried\n"
    "  --tls-dir     ca.pem, cert.pem and key.pem of this node\n"
    "  --state-dir   the ledger; it must outlive the agent, and need not outlive a boot\n"
    "  --config      policy and aliases (TOML), writable by root only\n"
    "  --debug       log more\n";

struct Options {
  AgentConfig config;
  std::vector<HostPort> controllers;
  std::string config_file;
  bool debug = false;
};

absl::Status Usage(const std::string& what) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "{}\n{}", what, kUsage);
}

absl::StatusOr<Options> ParseOptions(int argc, char** argv) {
  static const option kOptions[] = {{"controller", required_argument, nullptr, 'c'},
                                    {"tls-dir", required_argument, nullptr, 't'},
                                    {"state-dir", required_argument, nullptr, 's'},
                                    {"config", required_argument, nullptr, 'f'},
                                    {"debug", no_argument, nullptr, 'd'},
                                    {"version", no_argument, nullptr, 'v'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (c) {
      case 'c': {
        absl::StatusOr<std::vector<HostPort>> controllers = ParseControllers(optarg);
        if (!controllers.ok()) return Usage("--controller: " + Message(controllers.status()));
        options.controllers = *controllers;
        break;
      }
      case 't':
        options.config.tls_dir = optarg;
        break;
      case 's':
        options.config.state_dir = optarg;
        break;
      case 'f':
        options.config_file = optarg;
        break;
      case 'd':
        options.debug = true;
        break;
      case 'v':
        std::printf("muster-agent %s\n", kVersion);
        std::exit(0);
      case 'h':
        std::fputs(kUsage, stdout);
        std::exit(0);
      default:
        return Usage("see above");
    }
  }
  if (optind < argc) return Usage(fmt::format("'{}' is not an option", argv[optind]));
  if (options.controllers.empty()) return Usage("--controller is missing");
  if (options.config.tls_dir.empty()) return Usage("--tls-dir is missing");
  if (options.config.state_dir.empty()) return Usage("--state-dir is missing");
  return options;
}

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

// The host name, and its first label.
std::vector<std::string> HostNames() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return {};
  const std::string host = name;
  const std::string label = host.substr(0, host.find('.'));
  return label == host ? std::vector{host} : std::vector{host, label};
}

absl::Status Run(Options options) {
  AgentConfig& config = options.config;
  config.aliases = HostNames();
  if (!options.config_file.empty()) {
    MUSTER_RETURN_IF_ERROR(ReadAgentConfig(options.config_file, &config));
  }
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
  AgentRunner runner(
      {*node, *boot_id, config.aliases, config.policy_units, config.content, config.watched_units},
      event, **ledger, place);
  MountsWatch mounts(event, [&runner] { runner.OnMountsChanged(); });
  place.Bind(&mounts);
  SdBusUnitManager units(event, runner);
  ChildPool children(event, config.state_dir + "/mount-locks", config.content);
  UplinkConfig uplink_config{options.controllers, {}};
  uplink_config.stream.tls_dir = config.tls_dir;
  uplink_config.stream.controller_pattern = config.patterns.controller;
  H2Uplink uplink(event, uplink_config, runner, random);
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

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  absl::StatusOr<muster::Options> options = muster::ParseOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "muster-agent: %s\n", muster::Message(options.status()).c_str());
    return 2;
  }
  muster::log::Init("muster-agent",
                    options->debug ? muster::log::Level::kDebug : muster::log::Level::kInfo);
  muster::log::SetJournal(&muster::SendToJournal);
  if (absl::Status status = muster::Run(std::move(*options)); !status.ok()) {
    muster::log::Error("{}", muster::Message(status));
    return 1;
  }
  return 0;
}
