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
  nodes_[task.node].booted_by_bos.reset();
  if (!IsTerminal(task.state))
    return Set(task, ContentState::kUnknown, "what is mounted is not recorded yet");
  if (task.state == TaskState::kSucceeded) {
    nodes_[task.node].is_client = true;
    return Set(task, ContentState::kMounted, "recorded, and not unmounted yet");
  }
  if (task.reason == Reason::kRootOnCps) return Set(task, ContentState::kRootOnCps, task.detail);
  if (task.state != TaskState::kNotApplicable)
    return Set(task, ContentState::kUnknown, EndOf(task, "recording what is mounted"));
  NodeContent& content = nodes_[task.node];
  if (content.is_detached) {
    return Set(task, ContentState::kNotClean,
               "unmounting it before ended detached, so that it may still be in use; a reboot ends "
               "that");
  }
  content.stuck_since.reset();
  Set(task, content.is_client ? ContentState::kClean : ContentState::kNotAClient);
}

void ContentGate::OnUnmount(const Task& task) {
  if (!IsTerminal(task.state)) return Set(task, ContentState::kMounted, "not unmounted yet");
  if (IsDone(task.state) || task.state == TaskState::kNotApplicable) {
    if (task.state == TaskState::kSucceeded) {
      nodes_[task.node].stuck_since.reset();
      nodes_[task.node].is_detached = false;
    }
    return Set(task, ContentState::kClean);
  }
  if (task.reason == Reason::kRootOnCps) return Set(task, ContentState::kRootOnCps, task.detail);
  if (task.reason == Reason::kDetached || task.reason == Reason::kHung)
    nodes_[task.node].stuck_since = task.updated;
  if (task.reason == Reason::kDetached) nodes_[task.node].is_detached = true;
  Set(task, ContentState::kNotClean, EndOf(task, "unmounting"));
}

void ContentGate::OnRemount(const Task& task) {
  if (task.state == TaskState::kNotApplicable || task.state == TaskState::kPending) return;
  if (IsDone(task.state)) return Set(task, ContentState::kMounted, "mounted again");
  Set(task, ContentState::kNotClean,
      IsTerminal(task.state) ? EndOf(task, "mounting again") : "it is being mounted again");
}

void ContentGate::OnBoot(const std::string& node, Time when) { nodes_[node].booted_by_bos = when; }

void ContentGate::See(const std::string& node, const NodeNow& now) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) {
    if (now.is_attached && now.has_content) {
      nodes_[node] = {
          ContentState::kMounted, Reason::kNone, "it has content, and was no target", {}};
    } else if (now.is_attached && !now.tells_changes) {
      nodes_[node] = {
          ContentState::kUnknown,
          Reason::kNone,
          "it was no target, and its agent is too old to tell what is mounted: update it, or "
          "unmount this node, too",
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
  if (content.state == ContentState::kRootOnCps && content.booted_by_bos) {
    const bool is_back = now.is_attached && now.booted && *now.booted > *content.booted_by_bos;
    if (is_back) content.state = ContentState::kMounted;
    content.detail = is_back           ? "booted, with its root on content again"
                     : now.is_attached ? "it has not booted since BOS was told to boot it"
                                       : "BOS was told to boot it, and its agent is not back";
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
  } else if (now.has_content && now.mounted_time && *now.mounted_time > content.since) {
    content.state = ContentState::kMounted;
    content.detail = "content was mounted again since";
  }
}

bool ContentGate::is_open() const {
  return !nodes_.empty() && std::all_of(nodes_.begin(), nodes_.end(),
                                        [](const auto& node) { return IsOpen(node.second.state); });
}

}  // namespace muster
