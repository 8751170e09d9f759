#include "controller/cli/cli_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "controller/cli/duration.h"
#include "controller/cli/environment.h"

namespace muster::cli {
namespace {

constexpr char kSystemFile[] = "/etc/muster/muster.toml";

// Empty without a home.
std::string UserFile() {
  const std::string config = Environment("XDG_CONFIG_HOME");
  if (!config.empty()) return config + "/muster/muster.toml";
  const std::string home = Environment("HOME");
  return home.empty() ? "" : home + "/.config/muster/muster.toml";
}

Settings::Take<std::string> DurationInto(Duration* duration) {
  return [duration](const std::string& text) -> std::string {
    const absl::StatusOr<Duration> parsed = ParseDuration(text);
    if (!parsed.ok()) return "must be a duration, such as \"30s\" or \"5min\"";
    *duration = *parsed;
    return "";
  };
}

// "table", "json" …, with their quotes.
std::string FormatsInQuotes() {
  std::string text;
  for (const NamedFormat& each : kOutputFormats)
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", each.name);
  return text;
}

absl::Status ReadFile(const std::string& path, GlobalOptions* options) {
  return CliSettings(options).Read(path);
}

}  // namespace

Settings CliSettings(GlobalOptions* options) {
  Settings settings(
      "The settings of muster. Each key stands here with its default, or with an example, and "
      "counts when the # before it is taken away. Options and MUSTER_CONTROLLER, MUSTER_TLS_DIR "
      "go before it. It is /etc/muster/muster.toml, and ~/.config/muster/muster.toml, which goes "
      "before that.");
  ConnectionOptions& connection = options->connection;
  settings.Text({"controller",
                 "Where musterd listens for operators: HOST[:PORT]; the port is 7421 unless given.",
                 "mgmt-nmn"},
                &connection.controller, [](const std::string& text) {
                  return ControllerAddress(text).ok() ? "" : "must be HOST or HOST:PORT";
                });
  settings.Text({"tls_dir", "The directory with ca.pem, cert.pem and key.pem of an operator.",
                 "/etc/muster/operator"},
                &connection.tls_dir);
  const std::string formats = FormatsInQuotes();
  settings.TextBy({"output", fmt::format("How answers are shown: {}; as -o.", formats)}, "table",
                  true, [options, formats](const std::string& text) -> std::string {
                    const bool is_one = TakeOutputFormat(text, &options->output);
                    return is_one ? "" : "must be one of " + formats;
                  });
  settings.Flag({"pager",
                 "Whether a list longer than the terminal is shown by $MUSTER_PAGER, $PAGER or "
                 "less; false is as --no-pager."},
                true, [options](bool is_wanted) { options->no_pager = !is_wanted; });
  settings.TextBy({"connect_timeout", "How long an unreachable controller is tried."}, "30s", true,
                  DurationInto(&connection.connect_timeout));
  settings.TextBy({"reconnect_timeout", "How long a broken watch of a job is tried again."}, "5min",
                  true, DurationInto(&connection.reconnect_timeout));
  return settings;
}

absl::Status ReadCliSettings(GlobalOptions* options) {
  if (std::getenv("MUSTER_CONFIG") != nullptr) {
    const std::string path = Environment("MUSTER_CONFIG");
    return path.empty() ? absl::OkStatus() : ReadFile(path, options);
  }
  // The one that goes before the other is read after it.
  for (const std::string& path : {std::string(kSystemFile), UserFile()}) {
    if (path.empty() || access(path.c_str(), F_OK) != 0) continue;
    MUSTER_RETURN_IF_ERROR(ReadFile(path, options));
  }
  return absl::OkStatus();
}

}  // namespace muster::cli
