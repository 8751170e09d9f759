// Node sets as they are typed, with what only this machine knows: ^FILE, "-" for standard input, and @groups of ClusterShell. In files and
// standard input each line is a set of its own, which may have groups, and '#' begins a comment. Main thread.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/cli/group_sources.h"
#include "controller/nodeset/node_set_expression.h"

namespace muster::cli {

class NodeReader {
 public:
  // `standard_input` outlives this. The groups are those of the directories (see LoadGroupSources), which are read when the first one is
  // asked for.
  explicit NodeReader(std::istream& standard_input);
  NodeReader(std::istream& standard_input, std::vector<std::string> group_dirs)
      : standard_input_(standard_input), group_dirs_(std::move(group_dirs)) {}

  // INVALID_ARGUMENT with one sentence. A file that names nothing is an error, a group without nodes is none.
  absl::StatusOr<NodeSetExpression> Read(const std::string& text);
  // All of standard input; nothing in it is the empty set.
  absl::StatusOr<NodeSetExpression> ReadStandardInput();

 private:
  absl::StatusOr<NodeSetExpression> NodesOf(const std::string& word);
  absl::StatusOr<NodeSetExpression> NodesIn(const std::string& text, const std::string& what);
  absl::StatusOr<NodeSetExpression> ReadLines(const std::string& text, const std::string& what);
  absl::StatusOr<NodeSetExpression> GroupOf(const std::string& word);

  std::istream& standard_input_;
  const std::vector<std::string> group_dirs_;
  std::optional<GroupSources> groups_;
};

}  // namespace muster::cli
