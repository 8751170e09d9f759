#include "controller/inventory/selection.h"

#include <algorithm>
#include <array>
#include <set>

#include "common/ascii.h"

namespace muster {
namespace {

// All that HSM has; sites add roles, but no states.
constexpr auto kStates = std::to_array<const char*>(
    {"Unknown", "Empty", "Populated", "Off", "On", "Standby", "Halt", "Ready"});
// A site may have a group for each job.
constexpr size_t kShownWords = 30;

// "there are blue, green", or that there are none.
std::string Others(const std::set<std::string>& words, const char* none) {
  if (words.empty()) return none;
  const std::vector<std::string> shown(
      words.begin(),
      std::next(words.begin(), static_cast<std::ptrdiff_t>(std::min(words.size(), kShownWords))));
  return fmt::format("there are {}{}", fmt::join(shown, ", "),
                     shown.size() < words.size() ? ", …" : "");
}

void AddIfAny(const std::string& word, std::set<std::string>& words) {
  if (!word.empty()) words.insert(word);
}

}  // namespace

Selection::Selection(const TargetSpec& targets)
    : all_(targets.all),
      roles_(WordsOf(targets.roles)),
      groups_(WordsOf(targets.groups)),
      partitions_(WordsOf(targets.partitions)),
      states_(targets.states) {}

absl::Status Selection::Check(const TargetSpec& targets) {
  for (const std::string& state : targets.states) {
    if (std::any_of(kStates.begin(), kStates.end(),
                    [&](const char* known) { return IsSameInAnyCase(known, state); }))
      continue;
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "'{:.200}' is no state of HSM: there are {}", state,
                      fmt::join(kStates, ", "));
  }
  if (targets.states.empty() || targets.IsSelecting()) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "states of HSM narrow a role, a group, a partition or all nodes, and none of "
                    "these was given; nodes that are named are taken in any state");
}

bool Selection::Takes(const NodeFacts& node) {
  // Every word is looked at, so that each is known to be met.
  bool is_taken = all_;
  is_taken |= Meet(roles_, node.role);
  is_taken |= Meet(roles_, node.hsm.sub_role);
  is_taken |= Meet(partitions_, node.hsm.partition);
  for (const std::string& group : node.hsm.groups) is_taken |= Meet(groups_, group);
  return is_taken;
}

bool Selection::IsInState(const NodeFacts& node) const {
  return states_.empty() || std::any_of(states_.begin(), states_.end(), [&](const auto& state) {
           return IsSameInAnyCase(state, node.hsm.state);
         });
}

absl::Status Selection::CheckAllMet(const std::vector<NodeFacts>& nodes) const {
  const auto first_unmet = [](const std::vector<Word>& words) {
    return std::find_if(words.begin(), words.end(), [](const Word& word) { return !word.is_met; });
  };
  std::set<std::string> words;
  if (const auto role = first_unmet(roles_); role != roles_.end()) {
    for (const NodeFacts& node : nodes) {
      AddIfAny(node.role, words);
      AddIfAny(node.hsm.sub_role, words);
    }
    return MakeStatus(absl::StatusCode::kNotFound, "no node has role '{:.200}': {}", role->text,
                      Others(words, "the inventory has no roles"));
  }
  if (const auto group = first_unmet(groups_); group != groups_.end()) {
    for (const NodeFacts& node : nodes)
      words.insert(node.hsm.groups.begin(), node.hsm.groups.end());
    return MakeStatus(absl::StatusCode::kNotFound, "no node is in group '{:.200}': {}", group->text,
                      Others(words, "HSM has told of no groups"));
  }
  if (const auto part = first_unmet(partitions_); part != partitions_.end()) {
    for (const NodeFacts& node : nodes) AddIfAny(node.hsm.partition, words);
    return MakeStatus(absl::StatusCode::kNotFound, "no node is in partition '{:.200}': {}",
                      part->text, Others(words, "HSM has told of no partitions"));
  }
  return absl::OkStatus();
}

std::vector<Selection::Word> Selection::WordsOf(const std::vector<std::string>& texts) {
  std::vector<Word> words;
  for (const std::string& text : texts) words.push_back({text});
  return words;
}

bool Selection::Meet(std::vector<Word>& words, const std::string& text) {
  bool is_met = false;
  for (Word& word : words) {
    if (text.empty() || !IsSameInAnyCase(word.text, text)) continue;
    word.is_met = true;
    is_met = true;
  }
  return is_met;
}

}  // namespace muster
