#include "agent/runner/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>

#include "common/toml_file.h"

namespace muster {
namespace {

constexpr int64_t kMaxHookSeconds = 3600;

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

absl::Status ReadWatch(const std::string& path, const toml::node& node, AgentConfig* config) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "watch must be a table");
  for (const auto& [key, value] : *table) {
    if (key.str() != "units")
      return WrongSetting(path, value, "unknown key watch." + std::string(key.str()));
    std::vector<std::string> units;
    MUSTER_RETURN_IF_ERROR(ReadStrings(path, value, "watch.units", &units));
    if (units.size() > kMaxWatchedUnits)
      return WrongSetting(path, value, fmt::format("watch.units: at most {}", kMaxWatchedUnits));
    config->watched_units.insert(config->watched_units.end(), units.begin(), units.end());
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

absl::Status ReadHooks(const std::string& path, const toml::node& node, const std::string& key,
                       std::vector<ContentHook>* hooks) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return WrongSetting(path, node, key + " must be an array of commands");
  for (const toml::node& element : *array) {
    ContentHook hook;
    MUSTER_RETURN_IF_ERROR(ReadStrings(path, element, "each of " + key, &hook.argv));
    hooks->push_back(std::move(hook));
  }
  return absl::OkStatus();
}

// There is no shell, and no search for a program.
absl::Status CheckProgram(const std::string& path, const toml::node& node, const std::string& key,
                          const std::vector<std::string>& argv) {
  if (!argv.empty() && argv.front().starts_with('/')) return absl::OkStatus();
  return WrongSetting(path, node, key + " must begin with the path of a program");
}

absl::Status CheckContent(const std::string& path, const toml::node& node,
                          const ContentProfile& content) {
  for (const std::string& source : content.sources) {
    if (!source.starts_with('/') || !source.ends_with('/'))
      return WrongSetting(path, node, "content.sources must begin and end with a slash");
  }
  MUSTER_RETURN_IF_ERROR(CheckProgram(path, node, "content.mount_helper", content.mount_helper));
  for (const auto* hooks : {&content.before_unmount, &content.after_remount}) {
    for (const ContentHook& hook : *hooks)
      MUSTER_RETURN_IF_ERROR(CheckProgram(path, node, "each hook of content", hook.argv));
  }
  return absl::OkStatus();
}

absl::Status ReadContent(const std::string& path, const toml::node& node, ContentProfile* content) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return WrongSetting(path, node, "content must be a table");
  const std::map<std::string, std::vector<std::string>*> lists{
      {"types", &content->types},
      {"sources", &content->sources},
      {"loop_types", &content->loop_types},
      {"mount_helper", &content->mount_helper},
      {"dropped_options", &content->dropped_options}};
  Duration hook_deadline = ContentHook().deadline;
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    if (const auto list = lists.find(name); list != lists.end()) {
      list->second->clear();
      MUSTER_RETURN_IF_ERROR(ReadStrings(path, value, "content." + name, list->second));
    } else if (name == "before_unmount") {
      MUSTER_RETURN_IF_ERROR(ReadHooks(path, value, "content." + name, &content->before_unmount));
    } else if (name == "after_remount") {
      MUSTER_RETURN_IF_ERROR(ReadHooks(path, value, "content." + name, &content->after_remount));
    } else if (name == "hook_seconds") {
      const auto seconds = value.value<int64_t>();
      if (!seconds || *seconds < 1 || *seconds > kMaxHookSeconds)
        return WrongSetting(path, value, "content.hook_seconds must be a number from 1 to 3600");
      hook_deadline = std::chrono::seconds(*seconds);
    } else {
      return WrongSetting(path, value, "unknown key content." + name);
    }
  }
  for (auto* hooks : {&content->before_unmount, &content->after_remount})
    for (ContentHook& hook : *hooks) hook.deadline = hook_deadline;
  return CheckContent(path, node, *content);
}

absl::Status ReadTable(const std::string& path, const toml::table& table, AgentConfig* config) {
  for (const auto& [key, value] : table) {
    if (key.str() == "aliases") {
      config->aliases.clear();
      MUSTER_RETURN_IF_ERROR(ReadStrings(path, value, "aliases", &config->aliases));
    } else if (key.str() == "policy") {
      MUSTER_RETURN_IF_ERROR(ReadPolicy(path, value, config));
    } else if (key.str() == "watch") {
      MUSTER_RETURN_IF_ERROR(ReadWatch(path, value, config));
    } else if (key.str() == "content") {
      MUSTER_RETURN_IF_ERROR(ReadContent(path, value, &config->content));
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
