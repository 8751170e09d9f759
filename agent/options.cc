#include "agent/options.h"

#include <getopt.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "agent/uplink/h2_uplink.h"
#include "common/version.h"

namespace muster {
namespace {

constexpr char kUsage[] =
    "usage: muster-agent [--config FILE] [--controller HOST:PORT[,HOST:PORT…]] [--tls-dir DIR]\n"
    "                    [--state-dir DIR]\n"
    "  --config        the settings (TOML), writable by root only; the other options go before "
    "them\n"
    "  --controller    the controller's addresses, in the order in which they are tried\n"
    "  --tls-dir       ca.pem, cert.pem and key.pem of this node (/etc/muster/agent)\n"
    "  --state-dir     the ledger; it must outlive the agent, and need not outlive a boot\n"
    "                  (/run/muster-agent)\n"
    "  --check-config  read the settings and the certificates, say \"ok\" or what is wrong, and\n"
    "                  start nothing\n"
    "  --print-config  show every key with its documentation and default\n"
    "  --debug         log more\n";

absl::Status Usage(const std::string& what) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "{}\n{}", what, kUsage);
}

// What was typed.
struct Typed {
  std::vector<HostPort> controllers;
  std::string tls_dir;
  std::string state_dir;
  std::string file;
  bool debug = false;
  bool is_check = false;
};

[[noreturn]] void ShowAndEnd(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::exit(0);
}

std::string DefaultFile() {
  AgentConfig defaults;
  return AgentSettings(&defaults).DefaultFile() + "\n";
}

absl::Status Take(int option, Typed* typed) {
  switch (option) {
    case 'c': {
      absl::StatusOr<std::vector<HostPort>> controllers = ParseControllers(optarg);
      if (!controllers.ok()) return Usage("--controller: " + Message(controllers.status()));
      typed->controllers = *std::move(controllers);
      return absl::OkStatus();
    }
    case 't':
      typed->tls_dir = optarg;
      return absl::OkStatus();
    case 's':
      typed->state_dir = optarg;
      return absl::OkStatus();
    case 'f':
      typed->file = optarg;
      return absl::OkStatus();
    case 'd':
      typed->debug = true;
      return absl::OkStatus();
    case 'k':
      typed->is_check = true;
      return absl::OkStatus();
    case 'p':
      ShowAndEnd(DefaultFile());
    case 'v':
      ShowAndEnd(fmt::format("muster-agent {}\n", kVersion));
    case 'h':
      ShowAndEnd(kUsage);
    default:
      return Usage("see above");
  }
}

absl::StatusOr<Typed> Parse(int argc, char** argv) {
  static const option kOptions[] = {{"controller", required_argument, nullptr, 'c'},
                                    {"tls-dir", required_argument, nullptr, 't'},
                                    {"state-dir", required_argument, nullptr, 's'},
                                    {"config", required_argument, nullptr, 'f'},
                                    {"check-config", no_argument, nullptr, 'k'},
                                    {"print-config", no_argument, nullptr, 'p'},
                                    {"debug", no_argument, nullptr, 'd'},
                                    {"version", no_argument, nullptr, 'v'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  Typed typed;
  optind = 0;  // from the beginning, as often as it is read
  for (int option; (option = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;)
    MUSTER_RETURN_IF_ERROR(Take(option, &typed));
  if (optind < argc) return Usage(fmt::format("'{}' is not an option", argv[optind]));
  return typed;
}

// The host name, and its first label.
std::vector<std::string> HostNames() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return {};
  const std::string host = name;
  const std::string label = host.substr(0, host.find('.'));
  return label == host ? std::vector{host} : std::vector{host, label};
}

}  // namespace

absl::StatusOr<AgentOptions> ReadOptions(int argc, char** argv) {
  absl::StatusOr<Typed> typed = Parse(argc, argv);
  MUSTER_RETURN_IF_ERROR(typed.status());
  AgentOptions options;
  options.debug = typed->debug;
  options.is_check = typed->is_check;
  AgentConfig& config = options.config;
  if (!typed->file.empty()) MUSTER_RETURN_IF_ERROR(ReadAgentConfig(typed->file, &config));
  if (!config.given.contains("aliases")) config.aliases = HostNames();
  if (!typed->tls_dir.empty()) config.tls_dir = typed->tls_dir;
  if (!typed->state_dir.empty()) config.state_dir = typed->state_dir;
  options.controllers = typed->controllers;
  if (options.controllers.empty()) {
    if (config.controllers.empty())
      return Usage("no controller: --controller, or controllers in the file of --config");
    absl::StatusOr<std::vector<HostPort>> controllers =
        ParseControllers(fmt::format("{}", fmt::join(config.controllers, ",")));
    MUSTER_RETURN_IF_ERROR(controllers.status());
    options.controllers = *std::move(controllers);
  }
  return options;
}

}  // namespace muster
