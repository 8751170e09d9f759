// musterd's settings: the command line, and a TOML file. Every key is told here; a wrong one is an error.
//
//   inventory = "/etc/muster/inventory.toml"   which nodes there are; see controller/inventory/file_inventory.h. Default: only those that
//                                              ever attached
//   revoked = "/etc/muster/revoked"            certificates that are not accepted any more; read again when it changes
//
//   [retention]                                which ended jobs stay, with their tasks; those that have not ended always do
//   jobs = 1000                                the ones that ended last; 1 to 100000
//   age = "90d"                                and ended no longer ago; days or hours ("36h"), from 1h to 3650d
//   history = "30d"                            what happened to nodes is kept for so long; likewise
//
//   [csm]                                      the services of CSM: HSM, HMNFD and others; see controller/csm/csm_config.h
//
//   [web]                                      a map of the machine for people, and /metrics for Prometheus; off without this table
//   listen = "HOST:PORT"                       HTTPS, with the certificate of --tls-dir; needed
//   token_file = "/etc/muster/web.token"       who has this token may look, beside operators with a certificate: one line of 32 to 512
//                                              characters (openssl rand -base64 32), given as the password of HTTP Basic or as a Bearer token
//
//   [identity]                                 URI names of certificates
//   agent = "spiffe://muster/agent/<name>"
//   operator = "spiffe://muster/operator/<name>"
#pragma once

#include <optional>
#include <string>

#include "common/identity.h"
#include "common/status.h"
#include "controller/csm/csm_config.h"
#include "controller/store/retention.h"

namespace muster {

struct WebConfig {
  std::string listen;
  std::string token_file;  // empty: certificates only
};

struct ControllerConfig {
  std::string listen;           // HOST:PORT for agents
  std::string operator_listen;  // HOST:PORT for operators; empty: the next port
  std::string state_dir;
  std::string tls_dir;
  std::string inventory_file;
  std::string revoked_file;
  IdentityPatterns patterns;
  Retention retention;
  std::optional<CsmConfig> csm;
  std::optional<WebConfig> web;
  // --restored: the state directory is a restored backup or a copy; see StoreOptions.
  bool is_restored = false;
  bool debug = false;
};

// INVALID_ARGUMENT with the sentence for the operator. Ends the program itself for --help and --version.
absl::StatusOr<ControllerConfig> ParseCommandLine(int argc, char** argv);

}  // namespace muster
