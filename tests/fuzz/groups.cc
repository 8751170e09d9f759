// A file of groups, from its first empty line on, and before it the groups that are asked for, one a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>

#include "controller/cli/group_sources.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

constexpr size_t kMaxAsked = 10;

// A million names take the time of a thousand inputs, and each group may have them.
bool IsTooMuch(const std::string& text) {
  size_t digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 2) return true;
  }
  return std::count(text.begin(), text.end(), '[') > 3;
}

void CheckError(const absl::Status& status) {
  Require(status.code() == absl::StatusCode::kInvalidArgument, "bad input is the user's");
  const std::string message = Message(status);
  Require(!message.empty() && message.find('\n') == std::string::npos, "an error is one line",
          message);
}

void Ask(cli::GroupSources& groups, const std::string& word) {
  const absl::StatusOr<NodeSet> nodes = groups.NodesOf(word);
  if (!nodes.ok()) return CheckError(nodes.status());
  for (const std::string& name : nodes->Names()) Require(IsNodeName(name), "only names", name);
  const absl::StatusOr<NodeSet> again = groups.NodesOf(word);
  Require(again.ok() && *again == *nodes, "a group is the same each time", word);
}

void Check(const std::string& text) {
  if (IsTooMuch(text)) return;
  const size_t end = std::min(text.find("\n\n"), text.size());
  const std::string file = text.substr(std::min(end + 2, text.size()));
  cli::GroupSources yaml;
  if (const absl::Status status = yaml.AddYaml("groups.yaml", file); !status.ok())
    CheckError(status);
  cli::GroupSources flat;
  flat.AddFlat("local.cfg", "local", file);
  std::istringstream lines(text.substr(0, end));
  size_t asked = 0;
  for (std::string line; std::getline(lines, line) && asked < kMaxAsked; ++asked) {
    Ask(yaml, "@" + line);
    Ask(flat, "@" + line);
  }
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
