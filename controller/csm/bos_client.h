// BOS, the service that shuts down and boots nodes, over its REST API v2. Calls block. Any thread.
#pragma once

#include <string>
#include <vector>

#include "controller/csm/service_client.h"

namespace muster {

// A limit may have so many characters (BOS's API, Session.limit).
inline constexpr size_t kMaxBosLimitBytes = 524'288;
// So many nodes are asked for by name at once: their names fit the 8 KB that servers allow a request line.
inline constexpr size_t kBosComponentsAtOnce = 300;

struct BosSessionRequest {
  std::string name;       // at most 45 lower-case letters, digits, '-' and '.'
  std::string operation;  // "boot", "shutdown"
  std::string template_name;
  std::vector<std::string> nodes;  // xnames: BOS takes no other names of nodes
};

// What BOS is about with a node.
struct BosComponent {
  std::string xname;  // lower case
  std::string session;
  std::string phase;   // "powering_off", or empty
  std::string status;  // "stable", "failed", "power_off_pending", …
  std::string error;
  bool is_enabled = false;  // BOS works on it
};

struct BosSessionState {
  std::string status;  // "pending", "running" or "complete"
  std::string error;   // why it found no nodes; empty if it has some
};

class BosClient {
 public:
  // `service` is at …/v2, is lent and outlives it. Each call tries again for so long.
  explicit BosClient(ServiceClient& service, Duration retry_for = kRetryFor);

  // One that is there already by this name is the same one. INVALID_ARGUMENT for what BOS refuses, such as a template that it does not have,
  // and for too many nodes.
  absl::Status MakeSession(const BosSessionRequest& request);
  // NOT_FOUND if it is gone.
  absl::StatusOr<BosSessionState> Session(const std::string& name);
  // Those whose newest session is this.
  absl::StatusOr<std::vector<BosComponent>> ComponentsOf(const std::string& session);
  // Of these; whom BOS does not know is left out.
  absl::StatusOr<std::vector<BosComponent>> Components(const std::vector<std::string>& xnames);

 private:
  absl::StatusOr<std::vector<BosComponent>> Read(const std::string& path_and_query);

  ServiceClient& service_;
  const Duration retry_for_;
};

// The bodies of GET /v2/sessions/{name} and GET /v2/components.
absl::StatusOr<BosSessionState> ParseBosSession(const std::string& body);
absl::StatusOr<std::vector<BosComponent>> ParseBosComponents(const std::string& body);

}  // namespace muster
