// What musterd is told: by its command line, and by a TOML file, which the command line overrides. The keys of the file are declared in
// controller_settings.cc; a wrong one is an error.
#pragma once

#include <map>
#include <string>

#include "common/identity.h"
#include "common/status.h"
#include "controller/csm/csm_config.h"
#include "controller/store/retention.h"

namespace muster {

struct WebConfig {
  std::string listen;      // HOST:PORT; empty: there is no web port
  std::string token_file;  // empty: certificates only
};

struct ControllerConfig {
  std::string listen = "0.0.0.0:7420";  // HOST:PORT for agents
  std::string operator_listen;  // HOST:PORT for operators; the next port, if it was not told
  std::string state_dir = "/var/lib/muster";
  std::string tls_dir = "/etc/muster/controller";
  std::string inventory_file;
  std::string revoked_file;
  IdentityPatterns patterns;
  Retention retention;
  CsmConfig csm;
  WebConfig web;
  // --restored: the state directory is a restored backup or a copy; see StoreOptions.
  bool is_restored = false;
  bool debug = false;
  // --check-config: look whether all is right, and start nothing.
  bool is_check = false;

  std::string file;                          // --config; empty: there is none
  std::map<std::string, std::string> given;  // by the file: Settings::given

  bool has_web() const { return !web.listen.empty(); }
};

// INVALID_ARGUMENT with the sentence for the operator. Ends the program itself for --help, --version and --print-config.
absl::StatusOr<ControllerConfig> ParseCommandLine(int argc, char** argv);

}  // namespace muster
