#include "controller/controller_settings.h"

#include <charconv>
#include <optional>

#include "common/host_port.h"
#include "controller/csm/csm_settings.h"

namespace muster {
namespace {

constexpr Duration kMaxAge = std::chrono::days(3650);
constexpr int64_t kMaxKeptJobs = 100'000;

std::string CheckAddress(const std::string& text) {
  return ParseHostPort(text, 0).ok() ? "" : "must be HOST:PORT, such as 0.0.0.0:7420";
}

// "90d", "36h".
std::optional<Duration> ParseAge(const std::string& text) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 1 || number > kMaxAge / 1h) return std::nullopt;
  const std::string rest(unit, end);
  if (rest != "d" && rest != "h") return std::nullopt;
  const std::chrono::hours age(rest == "d" ? 24 * number : number);
  return age <= kMaxAge ? std::optional<Duration>(age) : std::nullopt;
}

Settings::Take<std::string> AgeInto(Duration* age) {
  return [age](const std::string& text) -> std::string {
    const std::optional<Duration> parsed = ParseAge(text);
    if (!parsed)
      return "must be a number of days or hours from \"1h\" to \"3650d\", such as \"90d\"";
    *age = *parsed;
    return "";
  };
}

std::string ShowDays(Duration age) { return fmt::format("{}d", age / std::chrono::days(1)); }

void DeclarePlaces(Settings& settings, ControllerConfig* config) {
  settings.Text({"listen", "HOST:PORT where agents come.", "", false}, &config->listen,
                CheckAddress);
  settings.Text(
      {"operator_listen", "HOST:PORT where operators come. Default: the port after that of listen.",
       "0.0.0.0:7421", false},
      &config->operator_listen, CheckAddress);
  settings.Text({"state_dir", "The store; on a local disk.", "", false}, &config->state_dir);
  settings.Text(
      {"tls_dir",
       "The directory with ca.pem, cert.pem and key.pem of this controller. New files in "
       "it are taken within a minute, by the web port when this file is read again; those "
       "that only root may read, by `systemctl reload musterd`.",
       "", false},
      &config->tls_dir);
  settings.Text({"inventory",
                 "The file that says which nodes there are. Default: only those of HSM, and those "
                 "that ever attached.",
                 "/etc/muster/inventory.toml"},
                &config->inventory_file);
  settings.Text({"revoked",
                 "The file with certificates that are not accepted any more; it is read again by "
                 "itself when it changes.",
                 "/etc/muster/revoked"},
                &config->revoked_file);
}

void DeclareRetention(Settings& settings, Retention* retention) {
  settings.Table({"retention",
                  "Which ended jobs stay, with their tasks; those that have not ended always do."});
  settings.Number({"jobs", "So many: those that ended last."},
                  static_cast<int64_t>(retention->jobs), {1, kMaxKeptJobs},
                  [retention](int64_t jobs) { retention->jobs = static_cast<size_t>(jobs); });
  settings.TextBy({"age", "And ended no longer ago than so many days (d) or hours (h)."},
                  ShowDays(retention->age), true, AgeInto(&retention->age));
  settings.TextBy({"history", "What happened to nodes is kept for so long."},
                  ShowDays(retention->history), true, AgeInto(&retention->history));
}

void DeclareWeb(Settings& settings, WebConfig* web) {
  settings.Table({"web",
                  "A map of the machine for people, and /metrics for Prometheus. It is off as long "
                  "as listen is not given."},
                 [web] {
                   const bool is_half = web->listen.empty() && !web->token_file.empty();
                   return is_half ? "web.listen is missing" : "";
                 });
  settings.Text(
      {"listen",
       "HOST:PORT, HTTPS with the certificate of tls_dir. Turning it on and off takes a restart.",
       "0.0.0.0:7422"},
      &web->listen, CheckAddress);
  settings.Text({"token_file",
                 "The file with the token by which somebody may look, beside operators with a "
                 "certificate: one line of 32 to 512 characters (openssl rand -base64 32), given "
                 "as the password of HTTP Basic or as a Bearer token.",
                 "/etc/muster/web.token"},
                &web->token_file);
}

void DeclareNamesOfCertificates(Settings& settings, IdentityPatterns* patterns) {
  settings.Table({"identity", "The URI names of certificates, with <name> at their end."},
                 [patterns] {
                   const absl::Status status = CheckPatterns(*patterns);
                   return status.ok() ? "" : Message(status);
                 });
  settings.TextBy({"agent", "An agent's: the node's xname.", "", false}, patterns->agent, true,
                  PatternInto(&patterns->agent));
  settings.TextBy({"operator", "An operator's.", "", false}, patterns->operator_, true,
                  PatternInto(&patterns->operator_));
}

}  // namespace

Settings ControllerSettings(ControllerConfig* config) {
  Settings settings(
      "The settings of musterd. Each key stands here with its default, or with an example, and "
      "counts when the # before it is taken away. musterd --check-config --config FILE says "
      "whether they are right; musterd reads the file again at SIGHUP.");
  DeclarePlaces(settings, config);
  DeclareRetention(settings, &config->retention);
  DeclareWeb(settings, &config->web);
  DeclareNamesOfCertificates(settings, &config->patterns);
  DeclareCsm(settings, &config->csm);
  return settings;
}

}  // namespace muster
