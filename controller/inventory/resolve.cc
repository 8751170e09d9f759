// NodeRegistry::Resolve: what operators type becomes nodes. The request sees one picture of HSM from its beginning to its end.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "controller/inventory/name_error.h"
#include "controller/inventory/node_registry.h"
#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

using Names = std::vector<std::string>;
using NameSet = std::unordered_set<std::string>;

void SortOnce(Names& names) {
  if (!std::is_sorted(names.begin(), names.end(), NaturalLess))
    std::sort(names.begin(), names.end(), NaturalLess);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// Parsed; together they stand for no more names than one may.
absl::StatusOr<std::vector<NodeSetExpression>> Parse(const Names& sets) {
  std::vector<NodeSetExpression> parsed;
  size_t left = kMaxNodeSetSize;
  for (const std::string& set : sets) {
    absl::StatusOr<NodeSetExpression> more = ParseNodeSetExpression(set);
    if (!more.ok()) return more.status();
    const size_t size = CountNames(*more);
    if (size > left)
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "the node sets together stand for more than {} names", kMaxNodeSetSize);
    left -= size;
    parsed.push_back(*std::move(more));
  }
  return parsed;
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
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no targets: every node is excluded; leave out some of -x");
  if (!targets.IsSelecting())
    return MakeStatus(absl::StatusCode::kNotFound,
                      "no targets: no node is left of the node sets by their operators");
  return MakeStatus(absl::StatusCode::kNotFound,
                    "no targets: no node is known, neither from an inventory nor attached; "
                    "musterd.toml names an inventory");
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
  const absl::StatusOr<std::vector<NodeSetExpression>> parsed = Parse(sets);
  MUSTER_RETURN_IF_ERROR(parsed.status());
  NodeSet nodes;
  for (const NodeSetExpression& set : *parsed) {
    const absl::StatusOr<NodeSet> more = Identify(set, sources);
    MUSTER_RETURN_IF_ERROR(more.status());
    nodes.Apply(NodeSetOperator::kUnion, *more);
  }
  return KnownOf(nodes, sources);
}

// Evaluates `set` with each operand's names replaced by their nodes' xnames, so that an operator sees nodes, whatever they are called.
// Names that nobody knows stay what they are, and may drop out by an intersection.
absl::StatusOr<NodeSet> NodeRegistry::Identify(const NodeSetExpression& set,
                                               const Sources& sources) const {
  NodeSet nodes;
  for (const NodeSetTerm& term : set) {
    const absl::StatusOr<NodeSet> operand =
        term.inner.empty() ? Identify(term.nodes, sources) : Identify(term.inner, sources);
    MUSTER_RETURN_IF_ERROR(operand.status());
    // A node that is to be spared must not be restarted for a typing mistake.
    if (term.op == NodeSetOperator::kDifference)
      MUSTER_RETURN_IF_ERROR(KnownOf(*operand, sources).status());
    nodes.Apply(term.op, *operand);
  }
  return nodes;
}

absl::StatusOr<NodeSet> NodeRegistry::Identify(const NodeSet& nodes, const Sources& sources) const {
  Names names = nodes.Names();
  for (std::string& name : names) name = LowerCase(std::move(name));
  Names unknown;
  absl::StatusOr<Names> xnames = LookUp(names, sources, unknown);
  MUSTER_RETURN_IF_ERROR(xnames.status());
  xnames->insert(xnames->end(), unknown.begin(), unknown.end());
  return NodeSet(*xnames);
}

// Its names, which are xnames. NOT_FOUND for those that nobody knows.
absl::StatusOr<NodeRegistry::Names> NodeRegistry::KnownOf(const NodeSet& nodes,
                                                          const Sources& sources) const {
  Names unknown;
  absl::StatusOr<Names> xnames = LookUp(nodes.Names(), sources, unknown);
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
