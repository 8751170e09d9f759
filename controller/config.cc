#include "controller/config.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "common/host_port.h"
#include "common/version.h"
#include "controller/controller_settings.h"

namespace muster {
namespace {

// What was typed of what may stand in the file, too.
struct Typed {
  std::string listen;
  std::string operator_listen;
  std::string state_dir;
  std::string tls_dir;

  void Override(ControllerConfig& config) const {
    if (!listen.empty()) config.listen = listen;
    if (!operator_listen.empty()) config.operator_listen = operator_listen;
    if (!state_dir.empty()) config.state_dir = state_dir;
    if (!tls_dir.empty()) config.tls_dir = tls_dir;
  }
};

void AddOptions(CLI::App& app, Typed& typed, ControllerConfig& config) {
  app.set_version_flag("--version", std::string("musterd ") + kVersion);
  app.add_option("--config", config.file, "the settings (TOML); the options go before them");
  app.add_option("--listen", typed.listen, "HOST:PORT for agents (0.0.0.0:7420)");
  app.add_option("--operator-listen", typed.operator_listen,
                 "HOST:PORT for operators (the port after --listen)");
  app.add_option("--state-dir", typed.state_dir, "the store; on a local disk (/var/lib/muster)");
  app.add_option("--tls-dir", typed.tls_dir,
                 "ca.pem, cert.pem and key.pem of this controller (/etc/muster/controller)");
  app.add_flag(
      "--restored", config.is_restored,
      "for one start, after a backup or a copy was put into --state-dir: gives the store a "
      "new id, so that agents accept it");
  app.add_flag("--debug", config.debug, "log more");
  app.add_flag("--check-config", config.is_check,
               "read the settings and the files that they name, say \"ok\" or what is wrong, and "
               "start nothing");
  app.add_flag_callback(
      "--print-config",
      [] {
        ControllerConfig defaults;
        throw CLI::CallForVersion(ControllerSettings(&defaults).DefaultFile(), 0);
      },
      "show every key with its documentation and default");
}

// The address with the next port.
absl::StatusOr<std::string> NextPort(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const int port = colon == std::string::npos ? 0 : std::atoi(listen.c_str() + colon + 1);
  if (port <= 0 || port >= 65535) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "listen {}: it must be HOST:PORT, such as 0.0.0.0:7420", listen);
  }
  return listen.substr(0, colon + 1) + std::to_string(port + 1);
}

absl::Status ReadSettings(ControllerConfig& config) {
  if (config.file.empty()) return absl::OkStatus();
  Settings settings = ControllerSettings(&config);
  MUSTER_RETURN_IF_ERROR(settings.Read(config.file));
  config.given = settings.given();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ControllerConfig> ParseCommandLine(int argc, char** argv) {
  ControllerConfig config;
  Typed typed;
  CLI::App app("The controller of Muster: tracked commands for the nodes of a system.", "musterd");
  AddOptions(app, typed, config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    std::exit(app.exit(success));  // --help, --version
  } catch (const CLI::ParseError& error) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}; see musterd --help", error.what());
  }
  MUSTER_RETURN_IF_ERROR(ReadSettings(config));
  typed.Override(config);
  absl::StatusOr<std::string> next = NextPort(config.listen);
  MUSTER_RETURN_IF_ERROR(next.status());
  if (config.operator_listen.empty()) config.operator_listen = *next;
  return config;
}

}  // namespace muster
