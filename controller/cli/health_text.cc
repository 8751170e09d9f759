#include "controller/cli/health_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "controller/cli/names.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"

namespace muster::cli {
namespace {

// Of parts that are well, and of groups, no more than fit a screen; JSON has all.
constexpr int kMaxParts = 12;
constexpr int kMaxGroups = 10;
// A folded set that is longer is cut; -o json has all of it.
constexpr size_t kMaxNodes = 120;

std::string VerdictName(v1::HealthVerdict verdict) {
  return WithoutPrefix(v1::HealthVerdict_Name(verdict), "HEALTH_VERDICT_");
}

uint32_t AllOf(const v1::HealthCounts& counts) {
  return counts.well() + counts.degraded() + counts.unknown();
}

std::string CountsInWords(const v1::HealthCounts& counts) {
  const uint32_t all = AllOf(counts);
  return fmt::format("{} of {} node{} well, {} degraded, {} unknown", counts.well(), all,
                     all == 1 ? "" : "s", counts.degraded(), counts.unknown());
}

std::string Cut(const std::string& nodes) {
  return nodes.size() <= kMaxNodes ? nodes : nodes.substr(0, kMaxNodes) + "...";
}

std::string ConditionsText(const v1::Health& health) {
  TextTable table({1, 2, 3});
  table.AddRow({"CONDITION", "TRUE", "FALSE", "UNKNOWN"});
  for (const v1::ConditionCounts& counts : health.conditions()) {
    table.AddRow({ConditionName(counts.kind()), std::to_string(counts.true_count()),
                  std::to_string(counts.false_count()), std::to_string(counts.unknown_count())});
  }
  return table.Text();
}

std::string PartsText(const v1::Health& health) {
  std::vector<const v1::HealthPart*> parts;
  for (const v1::HealthPart& part : health.parts()) parts.push_back(&part);
  std::stable_sort(parts.begin(), parts.end(), [](const auto* a, const auto* b) {
    return std::pair(a->counts().degraded(), a->counts().unknown()) >
           std::pair(b->counts().degraded(), b->counts().unknown());
  });
  TextTable table({1, 2, 3});
  table.AddRow({"PART", "WELL", "DEGRADED", "UNKNOWN"});
  int shown = 0;
  for (const v1::HealthPart* part : parts) {
    if (shown++ == kMaxParts) break;
    table.AddRow({Printable(part->name()), std::to_string(part->counts().well()),
                  std::to_string(part->counts().degraded()),
                  std::to_string(part->counts().unknown())});
  }
  std::string text = "\n" + table.Text();
  if (health.parts_size() > kMaxParts)
    text += fmt::format("and {} more, none of them worse\n", health.parts_size() - kMaxParts);
  return text;
}

std::string GroupsText(const v1::Health& health) {
  TextTable table({3});
  table.AddRow({"CONDITION", "STATE", "REASON", "NODES", "WHO"});
  int shown = 0;
  for (const v1::HealthGroup& group : health.groups()) {
    if (shown++ == kMaxGroups) break;
    table.AddRow({ConditionName(group.kind()), StateOf(group.state()), Printable(group.reason()),
                  std::to_string(group.count()), Cut(Printable(group.nodes()))});
    if (!group.message().empty())
      table.AddRow({"", "", "", "",
                    fmt::format("e.g. {}: {}", Printable(group.example_node()),
                                Printable(group.message()))});
  }
  std::string text = "\n" + table.Text();
  if (health.groups_size() > kMaxGroups)
    text += fmt::format("and {} more groups (-o json)\n", health.groups_size() - kMaxGroups);
  return text;
}

// What helps the nodes of the group, if there is something to type.
std::string HelpFor(const v1::HealthGroup& group) {
  if (group.state() != v1::CONDITION_STATE_FALSE) return "";
  const std::string nodes = Printable(group.nodes());
  const bool is_typable = nodes.size() <= kMaxNodes;
  const bool can_restart = group.reason() == "Stopped" || group.reason() == "Failed";
  if (group.kind() == v1::CONDITION_KIND_CONTENT_MOUNTED) return "muster content gate";
  if (group.kind() == v1::CONDITION_KIND_SUBSCRIBED)
    return is_typable ? "muster resubscribe -w " + nodes
                      : "muster resubscribe --all --only-missing";
  if (group.kind() == v1::CONDITION_KIND_ORCA_ACTIVE && can_restart && is_typable)
    return "muster restart cray-orca -w " + nodes;
  return "muster node show " + Printable(group.example_node());
}

std::string NextText(const v1::Health& health) {
  for (const v1::HealthGroup& group : health.groups()) {
    if (const std::string help = HelpFor(group); !help.empty()) return "\nnext: " + help + "\n";
  }
  return "";
}

}  // namespace

std::string ConditionName(v1::ConditionKind kind) {
  const std::string words = WithoutPrefix(v1::ConditionKind_Name(kind), "CONDITION_KIND_");
  if (words.empty()) return "Condition" + std::to_string(kind);
  std::string name;
  bool is_first = true;
  for (const char c : words) {
    if (c != '_') name += is_first ? c : LowerCase(c);
    is_first = c == '_';
  }
  return name;
}

std::string StateOf(v1::ConditionState state) {
  switch (state) {
    case v1::CONDITION_STATE_TRUE:
      return "True";
    case v1::CONDITION_STATE_FALSE:
      return "False";
    default:
      return "Unknown";
  }
}

std::string InWords(const v1::Condition& condition) {
  std::string text = fmt::format("{}, {}", StateOf(condition.state()), condition.reason());
  if (!condition.message().empty()) text += ": " + condition.message();
  if (condition.has_since()) text += ", since " + FormatTime(condition.since());
  return text;
}

std::string EventsText(const google::protobuf::RepeatedPtrField<v1::HealthEvent>& events) {
  if (events.empty()) return "nothing has happened\n";
  TextTable table({4});
  table.AddRow({"TIME", "CONDITION", "STATE", "REASON", "NODES", "WHO"});
  for (const v1::HealthEvent& event : events) {
    table.AddRow({FormatTime(event.time()), ConditionName(event.kind()), StateOf(event.state()),
                  Printable(event.reason()), std::to_string(event.count()),
                  Cut(Printable(event.nodes()))});
  }
  return table.Text();
}

std::string InWords(const v1::HealthEvent& event) {
  std::string text =
      fmt::format("{} {}, {}", ConditionName(event.kind()), StateOf(event.state()), event.reason());
  // The sentence is about one node, which need not be this one.
  if (event.count() == 1 && !event.message().empty()) text += ": " + event.message();
  if (event.count() > 1) text += fmt::format(", with {} other nodes", event.count() - 1);
  return text;
}

std::string HealthText(const v1::Health& health) {
  std::string text =
      fmt::format("{}: {}\n", VerdictName(health.verdict()), CountsInWords(health.counts()));
  if (!health.conditions().empty()) text += "\n" + ConditionsText(health);
  if (!health.parts().empty()) text += PartsText(health);
  if (!health.groups().empty()) text += GroupsText(health);
  if (!health.subscriptions_problem().empty()) {
    text += fmt::format("\nHMNFD's list {}: {}\n",
                        health.has_subscriptions_time()
                            ? "is of " + FormatTime(health.subscriptions_time())
                            : "is not known",
                        Printable(health.subscriptions_problem()));
  }
  return text + NextText(health);
}

}  // namespace muster::cli
