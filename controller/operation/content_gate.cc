#include "controller/operation/content_gate.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

bool IsDone(TaskState state) {
  return state == TaskState::kSucceeded || state == TaskState::kAlreadySatisfied;
}

bool IsOpen(ContentState state) {
  return state == ContentState::kNotAClient || state == ContentState::kClean ||
         state == ContentState::kShutDown;
}

std::string EndOf(const Task& task, const char* what) {
  return fmt::format("{} ended {}{}{}", what, Name(task.state), task.detail.empty() ? "" : ": ",
                     task.detail);
}

}  // namespace

void ContentGate::Set(const Task& task, ContentState state, const std::string& detail) {
  NodeContent& content = nodes_[task.node];
  content.state = state;
  content.reason = task.reason;
  content.detail = detail;
  content.since = task.updated;
}

void ContentGate::OnRecord(const Task& task) {
  if (!IsTerminal(task.state))
    return Set(task, ContentState::kUnknown, "what is mounted is not recorded yet");
  if (task.state == TaskState::kSucceeded) {
    nodes_[task.node].is_client = true;
    return Set(task, ContentState::kMounted, "recorded, and not unmounted yet");
  }
  if (task.reason == Reason::kRootOnCps) return Set(task, ContentState::kRootOnCps, task.detail);
  if (task.state != TaskState::kNotApplicable)
    return Set(task, ContentState::kUnknown, EndOf(task, "recording what is mounted"));
  const NodeContent& content = nodes_[task.node];
  if (content.stuck_since) {
    return Set(task, ContentState::kNotClean,
               "unmounting it before ended detached or hung, so that it may still be in use; a "
               "reboot ends that");
  }
  Set(task, content.is_client ? ContentState::kClean : ContentState::kNotAClient);
}

void ContentGate::OnUnmount(const Task& task) {
  if (!IsTerminal(task.state)) return Set(task, ContentState::kMounted, "not unmounted yet");
  if (IsDone(task.state) || task.state == TaskState::kNotApplicable) {
    if (task.state == TaskState::kSucceeded) nodes_[task.node].stuck_since.reset();
    return Set(task, ContentState::kClean);
  }
  if (task.reason == Reason::kRootOnCps) return Set(task, ContentState::kRootOnCps, task.detail);
  if (task.reason == Reason::kDetached || task.reason == Reason::kHung)
    nodes_[task.node].stuck_since = task.updated;
  Set(task, ContentState::kNotClean, EndOf(task, "unmounting"));
}

void ContentGate::OnRemount(const Task& task) {
  if (task.state == TaskState::kNotApplicable || task.state == TaskState::kPending) return;
  if (IsDone(task.state)) return Set(task, ContentState::kMounted, "mounted again");
  Set(task, ContentState::kNotClean,
      IsTerminal(task.state) ? EndOf(task, "mounting again") : "it is being mounted again");
}

void ContentGate::See(const std::string& node, const NodeNow& now) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) {
    if (now.is_attached && now.has_content) {
      nodes_[node] = {ContentState::kMounted,
                      Reason::kNone,
                      "it had content when its agent attached, and was no target",
                      {}};
    }
    return;
  }
  NodeContent& content = found->second;
  if (!now.is_attached && now.is_off) {
    if (content.state != ContentState::kNotAClient) content.state = ContentState::kShutDown;
    content.detail.clear();
    return;
  }
  const bool has_booted = now.booted && content.stuck_since && *now.booted > *content.stuck_since;
  if (has_booted && now.is_attached && !now.has_content) {
    content.state = ContentState::kClean;
    content.detail.clear();
  }
  if (!IsOpen(content.state)) return;
  if (!now.is_attached) {
    content.state = ContentState::kUnknown;
    content.detail = "nothing was mounted any more, but its agent is away now";
  } else if (now.has_content && now.status_time && *now.status_time > content.since) {
    content.state = ContentState::kMounted;
    content.detail = "content was mounted when its agent attached again";
  }
}

bool ContentGate::is_open() const {
  return !nodes_.empty() && std::all_of(nodes_.begin(), nodes_.end(),
                                        [](const auto& node) { return IsOpen(node.second.state); });
}

}  // namespace muster
