#include "controller/bos_progress.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace muster {
namespace {

constexpr char kComplete[] = "complete";

// "powering_off" as words.
std::string InWords(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string WhyLeftOut(const BosSession& session, const BosComponent& component,
                       const BosSessionState& state) {
  if (!state.error.empty()) return state.error;
  const std::string others =
      component.session.empty() ? "" : ", or session " + component.session + " has taken it over";
  return "it is not in the session: HSM has it disabled, or it is not in template " +
         session.template_name + others;
}

// Why it has failed, whatever is still to come; nothing if it has not.
std::optional<std::string> WhyFailed(const BosSession& session, const BosComponent& component,
                                     const BosSessionState& state) {
  if (component.session != session.name) {
    // Until BOS has begun with it, the component has the session of before.
    if (state.status != kComplete) return std::nullopt;
    return WhyLeftOut(session, component, state);
  }
  if (component.is_enabled) return std::nullopt;
  if (!component.error.empty()) return component.error;
  if (component.status != "stable")
    return "BOS left it " +
           (component.status.empty() ? "without status" : InWords(component.status));
  return std::nullopt;
}

}  // namespace

BosProgress Judge(const BosSession& session, const BosSessionState& state,
                  const std::vector<BosComponent>& components) {
  std::map<std::string, const BosComponent*> by_name;
  for (const BosComponent& component : components) by_name[component.xname] = &component;
  BosProgress progress;
  progress.is_complete = state.status == kComplete;
  for (const std::string& node : session.nodes) {
    const auto found = by_name.find(node);
    if (found == by_name.end()) {
      progress.failed[node] = "BOS does not know it";
      continue;
    }
    const BosComponent& component = *found->second;
    if (auto why = WhyFailed(session, component, state)) {
      progress.failed[node] = *std::move(why);
    } else if (component.session == session.name && !component.is_enabled) {
      ++progress.done;
    } else {
      const std::string& what = component.phase.empty() ? component.status : component.phase;
      const bool has_begun = component.session == session.name && !what.empty();
      ++progress.open[has_begun ? InWords(what) : "not begun"];
    }
  }
  return progress;
}

absl::StatusOr<BosProgress> LookAtSession(BosClient& bos, const BosSession& session) {
  const absl::StatusOr<BosSessionState> state = bos.Session(session.name);
  MUSTER_RETURN_IF_ERROR(state.status());
  absl::StatusOr<std::vector<BosComponent>> components = bos.ComponentsOf(session.name);
  MUSTER_RETURN_IF_ERROR(components.status());
  std::vector<std::string> others = session.nodes;
  std::set<std::string> is_there;
  for (const BosComponent& component : *components) is_there.insert(component.xname);
  std::erase_if(others, [&](const std::string& node) { return is_there.contains(node); });
  absl::StatusOr<std::vector<BosComponent>> rest = bos.Components(others);
  MUSTER_RETURN_IF_ERROR(rest.status());
  std::move(rest->begin(), rest->end(), std::back_inserter(*components));
  return Judge(session, *state, *components);
}

}  // namespace muster
