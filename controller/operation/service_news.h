// What operations ask of the services of CSM, and what they hear. Plain data; the calls are made elsewhere, off the runner's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/status.h"
#include "common/time.h"
#include "controller/operation/operation.h"

namespace muster {

// One at a time of each kind, and each is answered, within a minute or two at the most.
enum class ServiceCall {
  kProbeHmnfd,        // HmnfdProbed
  kListSubscribers,   // SubscribersListed
  kRestartHmnfd,      // RolloutEnded
  kRestartBss,        // RolloutEnded
  kFindHmnfdInHsm,    // HsmAsked: whether HSM has HMNFD as a subscriber
  kProbeCps,          // CpsProbed
  kMakeBosSession,    // BosSessionMade
  kLookAtBosSession,  // BosSessionSeen
};
inline constexpr int kServiceCallCount = 8;

struct HmnfdProbed {
  enum class State {
    kReady,
    kNotReady,     // it says no, or nobody is behind the gateway
    kNoHealthKey,  // its etcd was replaced under it: it will never be ready before it is restarted
    kUnreachable,  // no answer
    kDenied,       // the gateway refuses our token
  };
  State state{};
  std::string detail;  // one sentence; empty if it is ready
  Duration latency{};  // of the answer
};

struct SubscribersListed {
  Time asked{};  // when the request was sent: what came later may not be in it
  absl::StatusOr<std::shared_ptr<const Subscribers>> subscribers;
};

struct RolloutEnded {
  ServiceCall call{};
  absl::Status status;
};

struct HsmAsked {
  absl::StatusOr<bool> has_hmnfd;
};

// Who serves projected content: xnames, sorted; those that are not ready do not count. An error if CPS does not answer as it does when it is
// well, or names somebody whom we do not know.
struct CpsProbed {
  absl::StatusOr<std::vector<std::string>> servers;
};

// A session of BOS, which shuts down or boots nodes. Its name is ours: to make it again is harmless.
struct BosSession {
  std::string name;
  bool is_boot = false;
  std::string template_name;
  std::vector<std::string> nodes;  // xnames
  bool operator==(const BosSession&) const = default;
};

struct BosSessionMade {
  absl::Status status;  // UNAVAILABLE and DEADLINE_EXCEEDED may pass
};

// What has become of its nodes, one by one: that the session is complete says nothing of them.
struct BosProgress {
  bool is_complete = false;
  size_t done = 0;
  std::map<std::string, std::string> failed;  // node, and why
  std::map<std::string, size_t> open;  // what they wait for, such as "powering off", and how many
  bool operator==(const BosProgress&) const = default;
};

struct BosSessionSeen {
  absl::StatusOr<BosProgress> progress;
};

struct ServiceNews {
  std::string operation;
  std::variant<HmnfdProbed, SubscribersListed, RolloutEnded, HsmAsked, CpsProbed, BosSessionMade,
               BosSessionSeen>
      news;
};

}  // namespace muster
