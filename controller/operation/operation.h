// An operation: a durable procedure of named steps, some of which are jobs. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "controller/engine/job.h"

namespace muster {

// Numbers as in proto/muster/v1/operation.proto, and in the store.
enum class OperationState : int {
  kUnspecified = 0,
  kPending = 1,
  kRunning = 2,
  kSucceeded = 3,
  kFailed = 4,
  kCancelled = 5,
};

std::string Name(OperationState state);
bool IsTerminal(OperationState state);
// "operations/{id}".
std::string OperationName(const std::string& id);

struct OperationStep {
  std::string title;
  OperationState state = OperationState::kPending;
  std::string job;     // id of the job that this step is; empty if it is none
  std::string detail;  // what it waits for, or how it ended
  std::string nodes =
      {};  // folded: whom it is about, once that is known and if it is not all of the operation's
  bool operator==(const OperationStep&) const = default;
};

// Something that happened, in one sentence.
struct OperationNote {
  Time time{};
  std::string text;
  bool operator==(const OperationNote&) const = default;
};

// Whom HMNFD had as subscribers: the names of their agents, by node. Lower case.
using Subscribers = std::map<std::string, std::vector<std::string>>;

// Every node that should be subscribed to HMNFD is, and it is shown. What was asked; never changes.
struct ResubscriptionSpec {
  std::string job;  // id of the job that restarts
  Work work;
  Policy policy;
  std::vector<std::string> nodes;  // sorted
  bool only_missing = false;       // of the nodes, those that are not subscribed
  bool restarts_hmnfd = false;     // if it does not take subscriptions
  bool restarts_bss = false;       // if its subscription is missing
  Subscribers baseline;            // before the loss; empty: any agent's subscription counts
  // Starts a second, between which the pace follows HMNFD.
  uint32_t floor = 5;
  uint32_t ceiling = 500;
  // A subscription counts when it is seen again so long after it was first seen. HMNFD's prune loop runs each 10 s (fanout.go).
  Duration second_look = 15s;
  // For how long HMNFD may answer without a node's subscription before the attempt has failed.
  Duration appear_within = 30s;
  bool operator==(const ResubscriptionSpec&) const = default;
};

// One phase of what a rebuild of CPS's etcd needs: projected content is unmounted everywhere before it, or mounted again after it. What was
// asked; never changes.
struct ContentSpec {
  std::string content;  // the name under which the phases of one rebuild are found
  bool is_unmount = true;
  std::string record_job;  // id of the job that records what is mounted, before it is unmounted
  std::string job;         // id of the job that unmounts or mounts
  Policy policy;           // of that one
  bool is_lazy = false;
  bool is_forced = false;
  std::vector<std::string> nodes;  // sorted
  // So many workers must serve CPS beside those that are being unmounted, and before anything is mounted again. 0: CPS is not asked, and no
  // worker is treated differently.
  uint32_t min_servers = 0;
  std::string servers_job;  // id of the job that unmounts on workers that serve CPS
  // The template of the BOS sessions that shut down, or boot, nodes with their root on content. Empty: that is left to the operator.
  std::string bos_template;
  std::vector<std::string> rooted;  // of a phase that mounts again: those of `nodes` that BOS boots
  bool operator==(const ContentSpec&) const = default;
};

// Either a resubscription or, if it is set, a phase of a content.
struct OperationSpec {
  std::string id;  // UUIDv7
  std::string created_by;
  Time created{};
  std::string request_id;  // as of a job
  std::string request_digest;
  ResubscriptionSpec resubscription;
  std::optional<ContentSpec> content = std::nullopt;
  bool operator==(const OperationSpec&) const = default;
};

// The ids of the jobs that it makes, if it comes so far.
std::vector<std::string> JobsOf(const OperationSpec& spec);
// Its targets.
const std::vector<std::string>& NodesOf(const OperationSpec& spec);

// The newest notes that are kept.
inline constexpr size_t kMaxNotes = 200;

struct OperationStatus {
  OperationState state = OperationState::kRunning;
  std::string detail;  // how it ended; empty while it runs
  std::optional<Time> ended = std::nullopt;
  std::vector<OperationStep> steps = {};
  std::vector<OperationNote> notes = {};
  bool operator==(const OperationStatus&) const = default;
};

}  // namespace muster
