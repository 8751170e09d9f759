#include "controller/cli/node_completion.h"

#include <algorithm>
#include <filesystem>

#include "controller/cli/group_config.h"

namespace muster::cli {
namespace {

// More than these are shortened to what comes next in their names.
constexpr size_t kMaxOffered = 60;

// For a shell, or in a set.
bool NeedsQuotes(const std::string& name) {
  return name.find_first_of(" \t\n'\"\\$`*?[](){};&|<>,#!^") != std::string::npos;
}

std::vector<Candidate> FilesAt(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  std::vector<Candidate> files;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder.empty() ? "." : folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool is_hidden = name.starts_with(".") && path.size() == folder.size();
    if (is_hidden || NeedsQuotes(name)) continue;
    std::error_code ignored;
    files.push_back({"^" + folder + name + (entry.is_directory(ignored) ? "/" : "")});
  }
  return files;
}

// Files of groups that are wrong have none; who uses one is told.
std::vector<Candidate> GroupsAt(const std::string& word) {
  const absl::StatusOr<GroupSources> sources = LoadGroupSources(GroupConfigDirs());
  if (!sources.ok()) return {};
  std::vector<Candidate> groups;
  for (const std::string& name : sources->Names(/*with_source=*/word.find(':') != word.npos)) {
    if (!NeedsQuotes(name)) groups.push_back({name});
  }
  return groups;
}

// A node's name up to the end of the number after what is typed.
std::string NextPart(const std::string& name, size_t typed) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t end = typed;
  while (end < name.size() && !is_digit(name[end])) ++end;
  while (end < name.size() && is_digit(name[end])) ++end;
  return name.substr(0, end);
}

}  // namespace

size_t BeginOfOperand(const std::string& set) {
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < set.size(); ++i) {
    depth += set[i] == '[' ? 1 : set[i] == ']' ? -1 : 0;
    if (depth != 0) continue;
    const bool is_operator =
        std::string(",!&( ").find(set[i]) != std::string::npos || (set[i] == '^' && i > begin);
    if (is_operator) begin = i + 1;
  }
  return begin;
}

std::vector<Candidate> OperandCandidates(const std::string& word,
                                         const std::function<std::vector<Candidate>()>& nodes) {
  if (word.starts_with("^")) return FilesAt(word.substr(1));
  if (word.starts_with("@")) return GroupsAt(word);
  if (word.find('[') != std::string::npos) return {};
  return NodeCandidates(nodes(), word);
}

// Ten thousand names are no help; those of the cabinets are.
std::vector<Candidate> NodeCandidates(std::vector<Candidate> nodes, const std::string& word) {
  std::erase_if(nodes, [&](const Candidate& node) { return !node.word.starts_with(word); });
  if (nodes.size() <= kMaxOffered) return nodes;
  std::vector<std::string> parts;
  for (const Candidate& node : nodes) {
    std::string part = NextPart(node.word, word.size());
    if (parts.empty() || parts.back() != part) parts.push_back(std::move(part));
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::vector<Candidate> candidates;
  for (std::string& part : parts) candidates.push_back({std::move(part)});
  return candidates;
}

}  // namespace muster::cli
