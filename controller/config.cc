#include "controller/config.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "common/toml_file.h"
#include "common/version.h"
#include "controller/csm/read_csm_config.h"

namespace muster {
namespace {

constexpr Duration kMaxAge = std::chrono::days(3650);
constexpr int64_t kMaxKeptJobs = 100'000;

absl::Status ReadString(const std::string& path, const toml::node& node, const std::string& key,
                        std::string* out) {
  const auto value = node.value<std::string>();
  if (!value || value->empty()) return WrongSetting(path, node, key + " must be a text");
  *out = *value;
  return absl::OkStatus();
}

absl::Status ReadIdentity(const std::string& path, const toml::node& node,
                          IdentityPatterns* patterns) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "identity must be a table");
  for (const auto& [key, value] : *table) {
    std::string* pattern = key.str() == "agent"      ? &patterns->agent
                           : key.str() == "operator" ? &patterns->operator_
                                                     : nullptr;
    if (pattern == nullptr) {
      return WrongSetting(path, value, "unknown key identity." + std::string(key.str()));
    }
    MUSTER_RETURN_IF_ERROR(ReadString(path, value, std::string(key.str()), pattern));
    if (absl::Status status = CheckPattern(*pattern); !status.ok()) {
      return WrongSetting(path, value, Message(status));
    }
  }
  if (absl::Status status = CheckPatterns(*patterns); !status.ok())
    return WrongSetting(path, node, Message(status));
  return absl::OkStatus();
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

absl::Status ReadRetention(const std::string& path, const toml::node& node, Retention* retention) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "retention must be a table");
  for (const auto& [key, value] : *table) {
    if (key.str() == "jobs") {
      const auto jobs = value.value_exact<int64_t>();
      if (!jobs || *jobs < 1 || *jobs > kMaxKeptJobs)
        return WrongSetting(path, value,
                            fmt::format("jobs must be a number from 1 to {}", kMaxKeptJobs));
      retention->jobs = static_cast<size_t>(*jobs);
    } else if (key.str() == "age" || key.str() == "history") {
      const auto age = ParseAge(value.value_exact<std::string>().value_or(""));
      if (!age) {
        return WrongSetting(
            path, value,
            fmt::format("{} must be a number of days or hours from \"1h\" to \"3650d\", such as "
                        "\"90d\"",
                        key.str()));
      }
      (key.str() == "age" ? retention->age : retention->history) = *age;
    } else {
      return WrongSetting(path, value, "unknown key retention." + std::string(key.str()));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadWeb(const std::string& path, const toml::node& node, WebConfig* web) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "web must be a table");
  for (const auto& [key, value] : *table) {
    if (key.str() == "listen") {
      MUSTER_RETURN_IF_ERROR(ReadString(path, value, "web.listen", &web->listen));
    } else if (key.str() == "token_file") {
      MUSTER_RETURN_IF_ERROR(ReadString(path, value, "web.token_file", &web->token_file));
    } else {
      return WrongSetting(path, value, "unknown key web." + std::string(key.str()));
    }
  }
  if (web->listen.empty()) return WrongSetting(path, node, "web.listen is missing");
  return absl::OkStatus();
}

absl::Status ReadTable(const std::string& path, const toml::table& table,
                       ControllerConfig* config) {
  for (const auto& [key, value] : table) {
    if (key.str() == "inventory") {
      MUSTER_RETURN_IF_ERROR(ReadString(path, value, "inventory", &config->inventory_file));
    } else if (key.str() == "revoked") {
      MUSTER_RETURN_IF_ERROR(ReadString(path, value, "revoked", &config->revoked_file));
    } else if (key.str() == "web") {
      MUSTER_RETURN_IF_ERROR(ReadWeb(path, value, &config->web.emplace()));
    } else if (key.str() == "identity") {
      MUSTER_RETURN_IF_ERROR(ReadIdentity(path, value, &config->patterns));
    } else if (key.str() == "csm") {
      absl::StatusOr<CsmConfig> csm = ReadCsmConfig(path, value);
      MUSTER_RETURN_IF_ERROR(csm.status());
      config->csm = std::move(*csm);
    } else if (key.str() == "retention") {
      MUSTER_RETURN_IF_ERROR(ReadRetention(path, value, &config->retention));
    } else {
      return WrongSetting(path, value, "unknown key " + std::string(key.str()));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadFile(const std::string& path, ControllerConfig* config) {
  const absl::StatusOr<toml::table> table = ReadTomlFile(path);
  MUSTER_RETURN_IF_ERROR(table.status());
  return ReadTable(path, *table, config);
}

// The address with the next port.
absl::StatusOr<std::string> NextPort(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const int port = colon == std::string::npos ? 0 : std::atoi(listen.c_str() + colon + 1);
  if (port <= 0 || port >= 65535) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "--listen {}: it must be HOST:PORT, such as 0.0.0.0:7420", listen);
  }
  return listen.substr(0, colon + 1) + std::to_string(port + 1);
}

}  // namespace

absl::StatusOr<ControllerConfig> ParseCommandLine(int argc, char** argv) {
  ControllerConfig config;
  std::string file;
  CLI::App app("The controller of Muster: tracked commands for the nodes of a system.", "musterd");
  app.set_version_flag("--version", std::string("musterd ") + kVersion);
  app.add_option("--listen", config.listen, "HOST:PORT for agents")->required();
  app.add_option("--operator-listen", config.operator_listen,
                 "HOST:PORT for operators (default: the port after --listen)");
  app.add_option("--state-dir", config.state_dir, "the store; on a local disk")->required();
  app.add_option("--tls-dir", config.tls_dir, "ca.pem, cert.pem and key.pem of this controller")
      ->required();
  app.add_option("--config", file, "more settings (TOML)");
  app.add_flag(
      "--restored", config.is_restored,
      "for one start, after a backup or a copy was put into --state-dir: gives the store a "
      "new id, so that agents accept it");
  app.add_flag("--debug", config.debug, "log more");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    std::exit(app.exit(success));  // --help, --version
  } catch (const CLI::ParseError& error) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}; see musterd --help", error.what());
  }
  if (!file.empty()) MUSTER_RETURN_IF_ERROR(ReadFile(file, &config));
  absl::StatusOr<std::string> next = NextPort(config.listen);
  MUSTER_RETURN_IF_ERROR(next.status());
  if (config.operator_listen.empty()) config.operator_listen = *next;
  return config;
}

}  // namespace muster
