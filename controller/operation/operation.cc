#include "controller/operation/operation.h"

#include <array>

namespace muster {
namespace {

constexpr std::array<const char*, 6> kNames = {"UNSPECIFIED", "PENDING", "RUNNING",
                                               "SUCCEEDED",   "FAILED",  "CANCELLED"};

}  // namespace

std::string Name(OperationState state) {
  const auto index = static_cast<size_t>(state);
  return index < kNames.size() ? kNames[index] : "STATE_" + std::to_string(index);
}

bool IsTerminal(OperationState state) { return state >= OperationState::kSucceeded; }

std::vector<std::string> JobsOf(const OperationSpec& spec) {
  if (!spec.content) return {spec.resubscription.job};
  const ContentSpec& content = *spec.content;
  if (!content.is_unmount) return {content.job};
  if (content.servers_job.empty()) return {content.record_job, content.job};
  return {content.record_job, content.job, content.servers_job};
}

const std::vector<std::string>& NodesOf(const OperationSpec& spec) {
  return spec.content ? spec.content->nodes : spec.resubscription.nodes;
}

std::string OperationName(const std::string& id) { return "operations/" + id; }

}  // namespace muster
