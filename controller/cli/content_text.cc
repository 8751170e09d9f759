#include "controller/cli/content_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>
#include <vector>

#include "controller/cli/names.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

bool IsOpen(v1::ContentState state) {
  return state == v1::CONTENT_STATE_CLEAN || state == v1::CONTENT_STATE_NOT_A_CLIENT ||
         state == v1::CONTENT_STATE_SHUT_DOWN;
}

struct ContentGroup {
  std::vector<std::string> nodes;
  std::string example;
};

// What keeps the gate closed comes first.
using GroupKey = std::pair<std::pair<bool, int>, std::string>;

std::map<GroupKey, ContentGroup> GroupsOf(const v1::Content& content) {
  std::map<GroupKey, ContentGroup> groups;
  for (const v1::NodeContent& node : content.nodes()) {
    const bool is_open = IsOpen(node.state());
    const std::string reason =
        is_open ? "" : WithoutPrefix(v1::Reason_Name(node.reason()), "REASON_");
    ContentGroup& group = groups[{{is_open, node.state()}, reason == "UNSPECIFIED" ? "" : reason}];
    if (group.nodes.empty()) group.example = node.detail();
    group.nodes.push_back(node.node());
  }
  return groups;
}

// A session of BOS needs xnames, and a template that only the site knows. With --bos of the verbs musterd makes them itself.
std::string BosCommands(const std::vector<std::string>& nodes) {
  const std::string limit = fmt::format("{}", fmt::join(nodes, ","));
  return fmt::format(
      "Nodes whose root is on CPS cannot unmount it. Shut them down before the rebuild:\n"
      "  cray bos v2 sessions create --template-name TEMPLATE --operation shutdown --limit {0}\n"
      "and after it, once BSS and CPS are healthy, boot them:\n"
      "  cray bos v2 sessions create --template-name TEMPLATE --operation boot --limit {0}\n"
      "With --bos TEMPLATE, muster content unmount and remount do it and follow it.\n",
      limit);
}

}  // namespace

std::string ContentText(const v1::Content& content) {
  TextTable table({2});
  std::string hint;
  size_t closed = 0;
  for (const auto& [key, group] : GroupsOf(content)) {
    const auto state = static_cast<v1::ContentState>(key.first.second);
    if (!IsOpen(state)) closed += group.nodes.size();
    if (state == v1::CONTENT_STATE_ROOT_ON_CPS) hint = BosCommands(group.nodes);
    table.AddRow({WithoutPrefix(v1::ContentState_Name(state), "CONTENT_STATE_"), key.second,
                  std::to_string(group.nodes.size()), Printable(FoldNodeSet(group.nodes))});
    if (!group.example.empty())
      table.AddRow(
          {"", "", "",
           fmt::format("e.g. {}: {}", Printable(group.nodes.front()), Printable(group.example))});
  }
  std::string text = table.Text() + hint;
  if (!content.running().empty())
    text += fmt::format("{} is under way\n", Printable(content.running()));
  const std::string name = Printable(content.name());
  if (content.is_gate_open())
    return text + fmt::format("content {}: the gate is OPEN: nothing is mounted on {} node{}\n",
                              name, content.nodes_size(), content.nodes_size() == 1 ? "" : "s");
  return text + fmt::format("content {}: the gate is CLOSED: {} of {} nodes keep it so\n", name,
                            closed, content.nodes_size());
}

Json ToJson(const v1::Content& content) { return FromMessage(content); }

}  // namespace muster::cli
