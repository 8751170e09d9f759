#include "controller/operation/cps_wait.h"

#include <fmt/format.h>

#include <utility>

#include "controller/nodeset/node_set.h"

namespace muster {

ServiceCallWanted CpsWait::Question() { return {"", ServiceCall::kProbeCps}; }

bool CpsWait::Hear(const ServiceNews& news) {
  const auto* probed = std::get_if<CpsProbed>(&news.news);
  if (probed == nullptr) return false;
  if (!probed->servers.ok()) {
    Say(Message(probed->servers.status()));
    return true;
  }
  servers_ = *probed->servers;
  std::string who = fmt::format("{} worker{} serve{} CPS{}{}", servers_.size(),
                                servers_.size() == 1 ? "" : "s", servers_.size() == 1 ? "s" : "",
                                servers_.empty() ? "" : ": ", FoldNodeSet(servers_));
  if (servers_.size() >= min_servers_ + (has_spare_ ? 1 : 0)) {
    Succeed(std::move(who));
  } else if (has_spare_) {
    Say(fmt::format("{}; {} have to go on beside each that is unmounted", who, min_servers_));
  } else {
    Say(fmt::format("{}; {} have to", who, min_servers_));
  }
  return true;
}

std::string CpsWait::GivenUp() const {
  return fmt::format(
      "given up; the last was: {}. --cps-servers says how many workers have to serve "
      "CPS; with 0 it is not asked",
      detail().empty() ? "no answer of CPS" : detail());
}

}  // namespace muster
