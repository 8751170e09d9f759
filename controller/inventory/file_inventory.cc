#include "controller/inventory/file_inventory.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "common/toml_file.h"
#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path) {}

  absl::StatusOr<std::vector<InventoryNode>> Read(const toml::table& file) {
    for (const auto& [key, value] : file) {
      if (key.str() != "node") return Wrong(key.source(), "unknown key '{}'", key.str());
      const toml::array* nodes = value.as_array();
      if (nodes == nullptr) return Wrong(key.source(), "'node' must be written as [[node]]");
      for (const toml::node& node : *nodes) MUSTER_RETURN_IF_ERROR(ReadNode(node));
    }
    // After all of them: an alias may come before the xname that it repeats.
    MUSTER_RETURN_IF_ERROR(CheckAliases());
    return std::move(nodes_);
  }

 private:
  absl::Status ReadNode(const toml::node& value) {
    const toml::table* table = value.as_table();
    if (table == nullptr) return Wrong(value.source(), "'node' must be written as [[node]]");
    InventoryNode node;
    for (const auto& [key, field] : *table) {
      if (key.str() == "xname") {
        MUSTER_RETURN_IF_ERROR(ReadName(field, "xname", node.xname));
      } else if (key.str() == "aliases") {
        MUSTER_RETURN_IF_ERROR(ReadAliases(field, node.aliases));
      } else if (key.str() == "role") {
        MUSTER_RETURN_IF_ERROR(ReadString(field, "role", node.role));
      } else {
        return Wrong(key.source(), "unknown key '{}' in [[node]]", key.str());
      }
    }
    if (node.xname.empty()) return Wrong(value.source(), "[[node]] has no xname");
    const auto [first, is_new] = lines_.emplace(node.xname, LineOf(value.source()));
    if (!is_new)
      return Wrong(value.source(), "xname '{}' repeats that of line {}", node.xname, first->second);
    nodes_.push_back(std::move(node));
    return absl::OkStatus();
  }

  absl::Status ReadString(const toml::node& field, const char* key, std::string& result) {
    const auto value = field.value_exact<std::string>();
    if (!value.has_value()) return Wrong(field.source(), "{} must be a string", key);
    result = *value;
    return absl::OkStatus();
  }

  absl::Status ReadName(const toml::node& field, const char* key, std::string& result) {
    MUSTER_RETURN_IF_ERROR(ReadString(field, key, result));
    result = LowerCase(std::move(result));
    if (IsNodeName(result)) return absl::OkStatus();
    return Wrong(
        field.source(),
        "{} '{}' must be letters, digits, '.', '_' and '-', and begin with a letter or digit", key,
        result);
  }

  absl::Status ReadAliases(const toml::node& field, std::vector<std::string>& result) {
    const toml::array* aliases = field.as_array();
    if (aliases == nullptr) return Wrong(field.source(), "aliases must be an array of strings");
    for (const toml::node& alias : *aliases)
      MUSTER_RETURN_IF_ERROR(ReadName(alias, "alias", result.emplace_back()));
    return absl::OkStatus();
  }

  absl::Status CheckAliases() const {
    std::map<std::string, std::string> owners;
    for (const InventoryNode& node : nodes_) {
      for (const std::string& alias : node.aliases) {
        const std::string& owner = owners.emplace(alias, node.xname).first->second;
        if (owner != node.xname)
          return WrongAt(lines_.at(node.xname), "alias '{}' of {} is one of {}, too", alias,
                         node.xname, owner);
        if (alias != node.xname && lines_.contains(alias))
          return WrongAt(lines_.at(node.xname), "alias '{}' of {} is the xname of another node",
                         alias, node.xname);
      }
    }
    return absl::OkStatus();
  }

  static uint32_t LineOf(const toml::source_region& region) { return region.begin.line; }

  template <typename... Args>
  absl::Status Wrong(const toml::source_region& region, fmt::format_string<Args...> format,
                     Args&&... args) const {
    return WrongAt(LineOf(region), format, std::forward<Args>(args)...);
  }

  template <typename... Args>
  absl::Status WrongAt(uint32_t line, fmt::format_string<Args...> format, Args&&... args) const {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}:{}: {}", path_, line,
                      fmt::format(format, std::forward<Args>(args)...));
  }

  const std::string& path_;
  std::vector<InventoryNode> nodes_;
  std::map<std::string, uint32_t> lines_;  // of xnames
};

}  // namespace

absl::StatusOr<std::vector<InventoryNode>> ReadInventoryFile(const std::string& path) {
  const absl::StatusOr<toml::table> table = ReadTomlFile(path);
  MUSTER_RETURN_IF_ERROR(table.status());
  return FileReader(path).Read(*table);
}

}  // namespace muster
