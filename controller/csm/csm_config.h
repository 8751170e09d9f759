// How musterd reaches CSM: the table [csm] of its settings. Plain data. Without the table nothing of it is used; csm_settings.h tells its keys.
#pragma once

#include <set>
#include <string>

#include "common/time.h"

namespace muster {

struct CsmConfig {
  // Base URLs without '/' at the end; empty: that service is not used.
  std::string gateway;  // gives those that are empty
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

  bool is_used() const { return !(hsm + hmnfd + bss + bos + cps).empty(); }
};

}  // namespace muster
