// The files that musterd's settings name, read. Used by main.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "controller/config.h"
#include "controller/inventory/inventory_node.h"
#include "controller/pki/revocation.h"
#include "controller/web/web_listener.h"

namespace muster {

// What the web port serves with.
struct WebFiles {
  WebListener::Tls tls;
  std::string token;  // empty: certificates only
  bool operator==(const WebFiles&) const = default;
};

struct NamedFiles {
  std::vector<InventoryNode> inventory;
  RevocationList revoked;
  WebFiles web;  // nothing if there is no web port
};

// Errors have the file and what is wrong with it; certificates and key that do not fit together are one. `served_tls_dir` is the tls_dir that the
// program serves from, that of its start: its files are those of the web port.
absl::StatusOr<NamedFiles> ReadNamedFiles(const ControllerConfig& config,
                                          const std::string& served_tls_dir);

// Of the files that are read only when they are needed: whether they can be, and whether the certificate is still valid.
absl::Status CheckOtherFiles(const ControllerConfig& config);

}  // namespace muster
