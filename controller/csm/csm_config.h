// How musterd reaches CSM: the table [csm] of its settings. Plain data. Without the table nothing of it is used; read_csm_config.h reads it.
//
//   [csm]
//   gateway = "https://api-gw-service-nmn.local/apis"   gives those of the next six that are not given: GATEWAY/smd/hsm/v2,
//                                                       GATEWAY/sls/v1, GATEWAY/hmnfd/hmi/v2, GATEWAY/bss/boot/v1, GATEWAY/bos/v2,
//                                                       GATEWAY/v2/cps
//   hsm = "http://cray-smd/hsm/v2"                      which nodes there are
//   sls = "http://cray-sls/v1"                          what they are called; without it compute nodes are called nid%06d
//   hmnfd = "http://cray-hmnfd/hmi/v2"                  who is subscribed
//   bss = "http://cray-bss/boot/v1"                     boot parameters
//   bos = "http://cray-bos/v2"                          shuts down and boots nodes with their root on projected content
//   cps = "https://api-gw-service-nmn.local/apis/v2/cps"
//                                                       which workers serve projected content
//   ca = "/etc/ssl/ca-bundle.pem"                       authorities of https (PEM). Default: the machine's own
//   token_url = "https://api-gw-service-nmn.local/keycloak/realms/shasta/protocol/openid-connect/token"
//                                                       where tokens come from. Default: none are sent
//   client_id = "admin-client"                          needed with token_url, and only with it
//   client_secret_file = "/etc/muster/client-secret"    its secret, read for each token; may come from the environment instead
//   kubectl = "kubectl"                                 the program that restarts services; looked for in PATH if it has no '/'
//   namespace = "services"                              where they are
//   hmnfd_agents = ["orca"]                             whose subscriptions count as a node's. Default: anybody's
//   refresh = 60                                        seconds from one reading of HSM to the next; 5 to 86400
#pragma once

#include <set>
#include <string>

#include "common/time.h"

namespace muster {

struct CsmConfig {
  // Base URLs without '/' at the end; empty: that service is not used.
  std::string hsm;
  std::string sls;
  std::string hmnfd;
  std::string bss;
  std::string bos;
  std::string cps;
  std::string ca_file;
  std::string token_url;
  std::string client_id;
  std::string client_secret_file;
  std::string kubectl = "kubectl";
  std::string name_space = "services";
  std::set<std::string> hmnfd_agents;  // lower case; empty: any
  Duration refresh = 60s;
};

}  // namespace muster
