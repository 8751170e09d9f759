// Groups of nodes as ClusterShell's files define them, each in a source: @compute of the default source, @racks:rack2 of another, @* and
// @racks:* for all nodes of one. A group's text is a node set, which may have operators and other groups; a group without a source is
// there one of the same source. Operators in it work on names, as in ClusterShell. Not for two threads at once.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {

// Groups in groups.
inline constexpr size_t kMaxGroupDepth = 64;

class GroupSources {
 public:
  // A YAML file: "source: {group: NODES}", where NODES is a text or a list of them. INVALID_ARGUMENT with one sentence for what is not
  // that, and for a source that another file has, too; then nothing is added.
  absl::Status AddYaml(const std::string& file, const std::string& text);
  // ClusterShell's older form: a line "group: NODES" for each group, of one source. Other lines are none.
  void AddFlat(const std::string& file, const std::string& source, const std::string& text);
  // Sources whose nodes a command tells; muster runs none.
  void AddCommand(const std::string& source) { commands_.insert(source); }
  // Why something is not here that may be asked for.
  void AddProblem(std::string sentence) { problems_.push_back(std::move(sentence)); }
  // What `default` of groups.conf says. Without it: "default", "local", or the first source.
  void SetDefault(const std::string& source) { default_ = source; }

  bool HasSource(const std::string& source) const { return sources_.contains(source); }

  // "@group" of the default source and "@source:group" of the others; or all with their source. In order.
  std::vector<std::string> Names(bool with_source) const;

  // Of "@group", "@source:group", "@rack[1-3]", "@*". An empty set is one. INVALID_ARGUMENT with one sentence for a group or a source that is not
  // there, a group that is part of itself, and a group's text that is no node set.
  absl::StatusOr<NodeSet> NodesOf(const std::string& word);

 private:
  struct Source {
    std::string file;
    std::map<std::string, std::string> groups;  // their texts
  };
  using Key = std::pair<std::string, std::string>;  // source and group

  absl::StatusOr<NodeSet> NodesOf(const std::string& word, const std::string& source);
  absl::StatusOr<NodeSet> NodesOf(const Key& key);
  absl::StatusOr<NodeSet> Evaluated(const Key& key, const Source& source, const std::string& text);
  absl::StatusOr<NodeSet> AllOf(const std::string& source);
  absl::StatusOr<NodeSet> AllOf(const std::string& source, const std::vector<std::string>& groups);
  absl::StatusOr<std::string> DefaultSource() const;
  absl::Status CheckSource(const std::string& source) const;
  absl::Status NoSuchGroup(const Key& key, const Source& source) const;
  std::string WithProblems(const std::string& sentence) const;

  std::map<std::string, Source> sources_;
  std::string first_;  // of sources_, the first that was added
  std::string default_;
  std::set<std::string> commands_;
  std::vector<std::string> problems_;
  std::map<Key, NodeSet> known_;  // what was evaluated already
  std::vector<Key> open_;         // what is being evaluated
};

}  // namespace muster::cli
