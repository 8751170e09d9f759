#include "agent/runner/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/toml_file.h"

namespace muster {
namespace {

// The policy says what may be done as root, so it must be root's.
absl::Status CheckOwner(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "read " + path);
  const bool is_ours = info.st_uid == 0 || info.st_uid == geteuid();
  if (is_ours && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "{}: it holds this node's policy, so only root may be able to write it "
                    "(chown root, chmod go-w)",
                    path);
}

absl::Status ReadStrings(const std::string& path, const toml::node& node, const std::string& key,
                         std::vector<std::string>* out) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return WrongSetting(path, node, key + " must be an array of strings");
  for (const toml::node& element : *array) {
    const auto value = element.value<std::string>();
    if (!value || value->empty())
      return WrongSetting(path, element, key + " must be an array of strings");
    out->push_back(*value);
  }
  return absl::OkStatus();
}

absl::Status ReadPolicy(const std::string& path, const toml::node& node, AgentConfig* config) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "policy must be a table");
  for (const auto& [key, value] : *table) {
    if (key.str() != "units") {
      return WrongSetting(path, value, "unknown key policy." + std::string(key.str()));
    }
    std::vector<std::string> units;
    MUSTER_RETURN_IF_ERROR(ReadStrings(path, value, "policy.units", &units));
    config->policy_units = {units.begin(), units.end()};
  }
  return absl::OkStatus();
}

absl::Status ReadIdentity(const std::string& path, const toml::node& node, AgentConfig* config) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "identity must be a table");
  for (const auto& [key, value] : *table) {
    std::string* pattern = key.str() == "agent"        ? &config->patterns.agent
                           : key.str() == "controller" ? &config->patterns.controller
                                                       : nullptr;
    if (pattern == nullptr) {
      return WrongSetting(path, value, "unknown key identity." + std::string(key.str()));
    }
    *pattern = value.value_or(std::string());
    if (absl::Status status = CheckPattern(*pattern); !status.ok()) {
      return WrongSetting(path, value, Message(status));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadTable(const std::string& path, const toml::table& table, AgentConfig* config) {
  for (const auto& [key, value] : table) {
    if (key.str() == "aliases") {
      config->aliases.clear();
      MUSTER_RETURN_IF_ERROR(ReadStrings(path, value, "aliases", &config->aliases));
    } else if (key.str() == "policy") {
      MUSTER_RETURN_IF_ERROR(ReadPolicy(path, value, config));
    } else if (key.str() == "identity") {
      MUSTER_RETURN_IF_ERROR(ReadIdentity(path, value, config));
    } else {
      return WrongSetting(path, value, "unknown key " + std::string(key.str()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadAgentConfig(const std::string& path, AgentConfig* config) {
  MUSTER_RETURN_IF_ERROR(CheckOwner(path));
  const absl::StatusOr<toml::table> table = ReadTomlFile(path);
  MUSTER_RETURN_IF_ERROR(table.status());
  return ReadTable(path, *table, config);
}

}  // namespace muster
