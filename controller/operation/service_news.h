// What operations ask of the services of CSM, and what they hear. Plain data; the calls are made elsewhere, off the runner's thread.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "common/status.h"
#include "common/time.h"
#include "controller/operation/operation.h"

namespace muster {

// One at a time of each kind, and each is answered, within a minute or two at the most.
enum class ServiceCall {
  kProbeHmnfd,       // HmnfdProbed
  kListSubscribers,  // SubscribersListed
  kRestartHmnfd,     // RolloutEnded
  kRestartBss,       // RolloutEnded
  kFindHmnfdInHsm,   // HsmAsked: whether HSM has HMNFD as a subscriber
};
inline constexpr int kServiceCallCount = 5;

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

struct ServiceNews {
  std::string operation;
  std::variant<HmnfdProbed, SubscribersListed, RolloutEnded, HsmAsked> news;
};

}  // namespace muster
