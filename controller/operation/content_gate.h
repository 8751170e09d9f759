// What the phases of one content have come to, node by node, and so whether CPS's etcd may be rebuilt. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/outcome.h"
#include "common/time.h"
#include "controller/engine/task.h"

namespace muster {

// Numbers as in proto/muster/v1/controller.proto, where each is explained.
enum class ContentState : int {
  kUnspecified = 0,
  kNotAClient = 1,
  kClean = 2,
  kShutDown = 3,
  kMounted = 4,
  kNotClean = 5,
  kRootOnCps = 6,
  kUnknown = 7,
};

struct NodeContent {
  ContentState state = ContentState::kUnspecified;
  Reason reason = Reason::kNone;
  std::string detail;      // of one that keeps the gate closed
  Time since{};            // of what it is judged by
  bool is_client = false;  // had content once, in one of the phases
  // Since it was detached: until it boots, an empty table is no proof. Or since an unmount hung: until it is recorded anew, for an agent says
  // then whether anything hangs still.
  std::optional<Time> stuck_since = std::nullopt;
  bool is_detached = false;
  // BOS was to boot it then.
  std::optional<Time> booted_by_bos = std::nullopt;
};

// What is known of a node now, beside its tasks.
struct NodeNow {
  bool is_attached = false;
  bool is_off = false;  // says HSM
  // What its agent has said last.
  std::optional<Time> booted = std::nullopt;
  std::optional<Time> mounted_time = std::nullopt;  // when it said what is mounted
  bool has_content = false;
  bool tells_changes = true;  // else that is as it was when the agent attached
};

class ContentGate {
 public:
  // The tasks of the jobs of each phase, in the order of the phases; what comes later counts.
  void OnRecord(const Task& task);
  void OnUnmount(const Task& task);
  void OnRemount(const Task& task);
  // A phase of this time has BOS boot the node, whose root is on content.
  void OnBoot(const std::string& node, Time when);
  // After all of these. One that was no target is added if it has content, or an agent that does not tell.
  void See(const std::string& node, const NodeNow& now);

  // Every node is clean, none of CPS's clients, or off; and there is a node.
  bool is_open() const;
  const std::map<std::string, NodeContent>& nodes() const { return nodes_; }

 private:
  void Set(const Task& task, ContentState state, const std::string& detail = "");

  std::map<std::string, NodeContent> nodes_;
};

}  // namespace muster
