// A group is evaluated once, and from then on is known: groups that are used by many cost no more, and what a file can make a reader do is
// bounded by the file.
#include "controller/cli/group_sources.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

#include "controller/cli/printable.h"
#include "controller/nodeset/node_set_expression.h"
#include "controller/nodeset/text_cursor.h"

namespace muster::cli {
namespace {

// In an error.
constexpr size_t kShownGroups = 20;

absl::Status BadGroup(const std::string& sentence) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "{}", Printable(sentence));
}

std::string GroupName(const std::pair<std::string, std::string>& key) {
  return fmt::format("@{}:{}", key.first, key.second);
}

// "compute, gpu, io …".
template <typename Map>
std::string KeysOf(const Map& map) {
  std::string shown;
  size_t count = 0;
  for (const auto& entry : map) {
    if (count++ == kShownGroups) return shown + " …";
    shown += (shown.empty() ? "" : ", ") + entry.first;
  }
  return shown;
}

bool IsBlankText(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return IsBlank(c); });
}

// The nodes of a group: a text, or a list of them, which are all meant.
absl::StatusOr<std::string> NodesText(const YAML::Node& nodes) {
  if (nodes.IsNull()) return std::string();
  if (nodes.IsScalar()) return nodes.Scalar();
  if (!nodes.IsSequence()) return BadGroup("it is neither a text nor a list of texts");
  std::string text;
  for (const YAML::Node& item : nodes) {
    if (!item.IsScalar()) return BadGroup("its list has something other than a text");
    if (IsBlankText(item.Scalar())) continue;
    // Of each its own operators.
    text += fmt::format("{}({})", text.empty() ? "" : ",", item.Scalar());
  }
  return text;
}

using Groups = std::map<std::string, std::string>;

absl::StatusOr<Groups> GroupsOf(const std::string& source, const YAML::Node& yaml) {
  if (!yaml.IsMap()) return BadGroup(fmt::format("the source {} is no map of groups", source));
  Groups groups;
  for (const auto& entry : yaml) {
    if (!entry.first.IsScalar())
      return BadGroup(fmt::format("a group of the source {} has no name", source));
    const absl::StatusOr<std::string> text = NodesText(entry.second);
    if (!text.ok())
      return BadGroup(fmt::format("the group {} of the source {}: {}", entry.first.Scalar(), source,
                                  Message(text.status())));
    groups[entry.first.Scalar()] = *text;
  }
  return groups;
}

absl::StatusOr<std::map<std::string, Groups>> SourcesOf(const YAML::Node& yaml) {
  std::map<std::string, Groups> sources;
  if (!yaml.IsMap()) return BadGroup("it is no map of group sources");
  for (const auto& entry : yaml) {
    if (!entry.first.IsScalar()) return BadGroup("a group source has no name");
    const std::string& source = entry.first.Scalar();
    absl::StatusOr<Groups> groups = GroupsOf(source, entry.second);
    MUSTER_RETURN_IF_ERROR(groups.status());
    if (!sources.emplace(source, *std::move(groups)).second)
      return BadGroup(fmt::format("the source {} is there twice", source));
  }
  return sources;
}

}  // namespace

absl::Status GroupSources::AddYaml(const std::string& file, const std::string& text) {
  absl::StatusOr<std::map<std::string, Groups>> sources;
  std::string first;
  try {
    const YAML::Node yaml = YAML::Load(text);
    sources = SourcesOf(yaml);
    if (sources.ok() && yaml.begin() != yaml.end()) first = yaml.begin()->first.Scalar();
  } catch (const YAML::Exception& error) {
    return BadGroup(fmt::format("the file of groups {}: {}", file, error.what()));
  }
  if (!sources.ok())
    return BadGroup(fmt::format("the file of groups {}: {}", file, Message(sources.status())));
  for (const auto& entry : *sources) {
    if (const auto other = sources_.find(entry.first); other != sources_.end())
      return BadGroup(fmt::format("the group source {} is in two files, {} and {}", entry.first,
                                  other->second.file, file));
  }
  if (first_.empty()) first_ = first;
  for (auto& [source, groups] : *sources) sources_[source] = {file, std::move(groups)};
  return absl::OkStatus();
}

void GroupSources::AddFlat(const std::string& file, const std::string& source,
                           const std::string& text) {
  Source& added = sources_[source];
  added.file = file;
  if (first_.empty()) first_ = source;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !IsNodeName(line.substr(0, colon))) continue;
    added.groups[line.substr(0, colon)] += " " + line.substr(colon + 1);
  }
}

std::vector<std::string> GroupSources::Names(bool with_source) const {
  const absl::StatusOr<std::string> usual = DefaultSource();
  std::vector<std::string> names;
  for (const auto& [name, source] : sources_) {
    const bool is_usual = usual.ok() && name == *usual;
    for (const auto& entry : source.groups) {
      const Key group(name, entry.first);
      names.push_back(is_usual && !with_source ? "@" + entry.first : GroupName(group));
    }
  }
  return names;
}

absl::StatusOr<NodeSet> GroupSources::NodesOf(const std::string& word) { return NodesOf(word, ""); }

// `source` is that of the group in whose text the word stands; empty for the default.
absl::StatusOr<NodeSet> GroupSources::NodesOf(const std::string& word, const std::string& source) {
  std::string name = word.substr(1);
  std::string from = source;
  if (const size_t colon = name.find(':'); colon != std::string::npos) {
    from = name.substr(0, colon);
    name = name.substr(colon + 1);
  }
  if (name.empty() || name[0] == '@')
    return BadGroup(fmt::format("{} is no group: @group, @source:group or @* are", word));
  if (from.empty()) {
    const absl::StatusOr<std::string> chosen = DefaultSource();
    MUSTER_RETURN_IF_ERROR(chosen.status());
    from = *chosen;
  }
  MUSTER_RETURN_IF_ERROR(CheckSource(from));
  if (name == "*") return AllOf(from);
  if (name.find('[') == std::string::npos) return NodesOf(Key(from, name));
  const absl::StatusOr<std::vector<std::string>> groups = ExpandNodeSet(name);
  MUSTER_RETURN_IF_ERROR(groups.status());
  return AllOf(from, *groups);
}

// ClusterShell takes the group "all" for it, and all groups where there is none.
absl::StatusOr<NodeSet> GroupSources::AllOf(const std::string& source) {
  const Groups& groups = sources_.at(source).groups;
  if (groups.contains("all")) return NodesOf(Key(source, "all"));
  std::vector<std::string> names;
  for (const auto& entry : groups) names.push_back(entry.first);
  return AllOf(source, names);
}

absl::StatusOr<NodeSet> GroupSources::AllOf(const std::string& source,
                                            const std::vector<std::string>& groups) {
  std::vector<NodeSet> sets;
  for (const std::string& group : groups) {
    absl::StatusOr<NodeSet> nodes = NodesOf(Key(source, group));
    MUSTER_RETURN_IF_ERROR(nodes.status());
    sets.push_back(*std::move(nodes));
  }
  return NodeSet::UnionOf(sets);
}

absl::StatusOr<NodeSet> GroupSources::NodesOf(const Key& key) {
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  const Source& source = sources_.at(key.first);
  const auto group = source.groups.find(key.second);
  if (group == source.groups.end()) return NoSuchGroup(key, source);
  if (const auto at = std::find(open_.begin(), open_.end(), key); at != open_.end()) {
    std::string path;
    for (auto part = at; part != open_.end(); ++part) path += GroupName(*part) + ", ";
    return BadGroup(fmt::format("the group {} is part of itself: {}{}; {} defines it",
                                GroupName(key), path, GroupName(key), source.file));
  }
  if (open_.size() == kMaxGroupDepth)
    return BadGroup(
        fmt::format("the group {} is in more than {} others", GroupName(key), kMaxGroupDepth));
  open_.push_back(key);
  absl::StatusOr<NodeSet> nodes = Evaluated(key, source, group->second);
  open_.pop_back();
  if (nodes.ok()) known_[key] = *nodes;
  return nodes;
}

absl::StatusOr<NodeSet> GroupSources::Evaluated(const Key& key, const Source& source,
                                                const std::string& text) {
  if (IsBlankText(text)) return NodeSet();
  absl::Status inner;  // tells all by itself
  NodeSetSyntax syntax;
  syntax.words = [&](const std::string& word) -> absl::StatusOr<NodeSetExpression> {
    absl::StatusOr<NodeSet> nodes = BadGroup(fmt::format("'{}' is in no group", word));
    if (word[0] == '@') nodes = NodesOf(word, key.first);
    if (!nodes.ok()) return inner = nodes.status();
    NodeSetExpression expression;
    if (!nodes->empty()) expression.push_back({.nodes = *std::move(nodes)});
    return expression;
  };
  const absl::StatusOr<NodeSetExpression> expression = ParseNodeSetExpression(text, syntax);
  if (expression.ok()) return Evaluate(*expression);
  MUSTER_RETURN_IF_ERROR(inner);
  return BadGroup(fmt::format("the group {} of {}: {}", GroupName(key), source.file,
                              Message(expression.status())));
}

absl::StatusOr<std::string> GroupSources::DefaultSource() const {
  if (!default_.empty()) return default_;
  for (const char* usual : {"default", "local"}) {
    if (sources_.contains(usual) || commands_.contains(usual)) return std::string(usual);
  }
  if (!first_.empty()) return first_;
  return BadGroup(WithProblems(
      "no groups are defined: they are read from groups.d/*.yaml of ClusterShell's configuration, "
      "such as /etc/clustershell"));
}

absl::Status GroupSources::CheckSource(const std::string& source) const {
  if (sources_.contains(source)) return absl::OkStatus();
  if (commands_.contains(source))
    return BadGroup(
        fmt::format("the group source {} is a command of groups.conf, and muster runs "
                    "none: write its groups to a file with `nodeset -s {} -L`, or give "
                    "the nodes with `nodeset -f`",
                    source, source));
  return BadGroup(WithProblems(fmt::format("there is no group source {}; there are: {}", source,
                                           sources_.empty() ? "none" : KeysOf(sources_))));
}

absl::Status GroupSources::NoSuchGroup(const Key& key, const Source& source) const {
  return BadGroup(WithProblems(
      fmt::format("there is no group {} in {}; the source {} has: {}", GroupName(key), source.file,
                  key.first, source.groups.empty() ? "none" : KeysOf(source.groups))));
}

std::string GroupSources::WithProblems(const std::string& sentence) const {
  std::string text = sentence;
  for (const std::string& problem : problems_) text += "; " + problem;
  return text;
}

}  // namespace muster::cli
