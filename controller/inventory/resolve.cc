// NodeRegistry::Resolve: what operators type becomes nodes. The request sees one picture of HSM from its beginning to its end.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "controller/inventory/name_error.h"
#include "controller/inventory/node_registry.h"

namespace muster {
namespace {

using Names = std::vector<std::string>;
using NameSet = std::unordered_set<std::string>;

void SortOnce(Names& names) {
  if (!std::is_sorted(names.begin(), names.end(), NaturalLess))
    std::sort(names.begin(), names.end(), NaturalLess);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// Takes the names of `sets` together, in lower case, each once.
absl::StatusOr<Names> Expand(const Names& sets) {
  Names names;
  for (const std::string& set : sets) {
    absl::StatusOr<Names> more = ExpandNodeSet(set);
    if (!more.ok()) return more.status();
    if (names.size() + more->size() > kMaxNodeSetSize)
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "the node sets together stand for more than {} names", kMaxNodeSetSize);
    for (std::string& name : *more) names.push_back(LowerCase(std::move(name)));
  }
  SortOnce(names);
  return names;
}

// Why nothing is left of `selected` nodes, the excluded ones not among them.
absl::Status NoTargets(const TargetSpec& targets, size_t selected, const Resolved& resolved) {
  if (!resolved.disabled.empty()) {
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no targets: {} ({}) disabled in HSM; --include-disabled takes them all the "
                      "same",
                      ShownNames(resolved.disabled), resolved.disabled.size());
  }
  if (selected > 0) {
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no targets: of {} nodes HSM calls none {}; --hsm-state asked for it",
                      selected, fmt::join(targets.states, " or "));
  }
  if (!targets.exclude.empty())
    return MakeStatus(absl::StatusCode::kNotFound, "no targets: every node is excluded");
  return MakeStatus(absl::StatusCode::kNotFound,
                    "no targets: no node is known, neither from an inventory nor attached");
}

}  // namespace

absl::StatusOr<Resolved> NodeRegistry::Resolve(const TargetSpec& targets) const {
  if (targets.node_sets.empty() && targets.states.empty() && !targets.IsSelecting())
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "no targets: name nodes by a node set, by a role, or all of them");
  MUSTER_RETURN_IF_ERROR(Selection::Check(targets));
  const Sources sources = CurrentSources();
  absl::StatusOr<Names> named = ResolveSets(targets.node_sets, sources);
  MUSTER_RETURN_IF_ERROR(named.status());
  absl::StatusOr<Names> excluded = ResolveSets(targets.exclude, sources);
  MUSTER_RETURN_IF_ERROR(excluded.status());
  const NameSet gone(excluded->begin(), excluded->end());
  std::erase_if(*named, [&](const std::string& xname) { return gone.contains(xname); });
  if (!targets.include_disabled) MUSTER_RETURN_IF_ERROR(CheckNamed(*named, sources));

  Resolved resolved{*std::move(named), {}};
  const absl::StatusOr<size_t> selected = AddSelected(targets, gone, sources, resolved);
  MUSTER_RETURN_IF_ERROR(selected.status());
  if (resolved.xnames.empty()) return NoTargets(targets, *selected, resolved);
  SortOnce(resolved.xnames);
  return resolved;
}

absl::StatusOr<NodeRegistry::Names> NodeRegistry::ResolveSets(const Names& sets,
                                                              const Sources& sources) const {
  const absl::StatusOr<Names> names = Expand(sets);
  MUSTER_RETURN_IF_ERROR(names.status());
  Names unknown;
  absl::StatusOr<Names> xnames = LookUp(*names, sources, unknown);
  if (xnames.ok() && !unknown.empty()) return UnknownNames(unknown);
  return xnames;
}

absl::StatusOr<NodeRegistry::Names> NodeRegistry::LookUp(const Names& names, const Sources& sources,
                                                         Names& unknown) const {
  Names xnames;
  const MutexLock lock(mutex_);
  for (const std::string& name : names) {
    absl::StatusOr<std::string> xname = XnameOf(name, sources);
    if (!xname.ok()) return xname.status();
    if (xname->empty()) {
      unknown.push_back(name);
    } else {
      xnames.push_back(*std::move(xname));
    }
  }
  return xnames;
}

// Who names a node means it: it is neither left out without a word, nor taken against what HSM says without one.
absl::Status NodeRegistry::CheckNamed(const Names& xnames, const Sources& sources) const {
  Names disabled;
  for (const std::string& xname : xnames) {
    if (!FactsOf(xname, sources).hsm.is_enabled) disabled.push_back(xname);
  }
  if (disabled.empty()) return absl::OkStatus();
  SortOnce(disabled);
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "disabled in HSM: {} ({} {}): --include-disabled takes {} all the same, -x "
                    "leaves {} out",
                    ShownNames(disabled), disabled.size(), disabled.size() == 1 ? "node" : "nodes",
                    disabled.size() == 1 ? "it" : "them", disabled.size() == 1 ? "it" : "them");
}

// Answers with how many there were before states and disabled nodes were looked at.
absl::StatusOr<size_t> NodeRegistry::AddSelected(const TargetSpec& targets, const NameSet& excluded,
                                                 const Sources& sources, Resolved& resolved) const {
  if (!targets.IsSelecting()) return size_t{0};
  Selection selection(targets);
  std::vector<NodeFacts> all;
  size_t selected = 0;
  for (const std::string& xname : AllOf(sources)) {
    const NodeFacts& node = all.emplace_back(FactsOf(xname, sources));
    if (!selection.Takes(node) || excluded.contains(xname)) continue;
    ++selected;
    if (!selection.IsInState(node)) continue;
    const bool is_taken = node.hsm.is_enabled || targets.include_disabled;
    (is_taken ? resolved.xnames : resolved.disabled).push_back(xname);
  }
  MUSTER_RETURN_IF_ERROR(selection.CheckAllMet(all));
  return selected;
}

}  // namespace muster
