// Who is subscribed to state changes: a seam to HMNFD, the proof that a resubscription worked. Calls block. Any thread.
//
// What HMNFD answers, and when it lies. An entry has no time and no generation: it says that a subscription is there, not when it was made. One
// that is seen right after a unit's restart may be gone 10 s later: a notification that met the closed port had marked the node, and HMNFD
// prunes what is marked. So look twice, more than 10 s apart. After a restore from a backup old entries are there again and prove nothing.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "common/time.h"

namespace muster {

struct Subscription {
  std::string node;   // xname
  std::string agent;  // who subscribed on it; "" if it did not say
  std::string url;    // where notifications go
  bool operator==(const Subscription&) const = default;
};

struct HmnfdState {
  enum class Kind {
    kReady,
    kNotReady,  // it, or something in front of it, says so; 503 from the mesh or gateway looks like its own
    kNoHealthKey,  // its etcd lost the key that it writes at start alone: not ready until it is restarted, though it lives
    kUnreachable,
    kDenied,  // 401 or 403, or no token
  };
  Kind kind = Kind::kUnreachable;
  std::string detail = {};  // one sentence; empty when ready
  Duration latency = {};    // of its answer; 0 without one
};

class Subscriptions {
 public:
  virtual ~Subscriptions() = default;

  // How HMNFD is now; takes up to 6 s, and what a new token takes; no retries.
  virtual HmnfdState Probe() = 0;

  // All subscriptions, in lower case and no order; a node may have several, also of one agent. Errors are ServiceClient's, and INTERNAL for an
  // answer that is not HMNFD's.
  virtual absl::StatusOr<std::vector<Subscription>> List() = 0;
};

}  // namespace muster
