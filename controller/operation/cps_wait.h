// Waits until CPS answers as it does when it is well, and enough workers serve it. Pure; owned by its operation.
#pragma once

#include <string>
#include <vector>

#include "controller/operation/service_wait.h"

namespace muster {

inline constexpr Duration kCpsInterval = 10s;

class CpsWait final : public ServiceWait {
 public:
  CpsWait(size_t min_servers, Time deadline)
      : ServiceWait(kCpsInterval, deadline), min_servers_(min_servers) {}

  // Those that serve it, once it has succeeded.
  const std::vector<std::string>& servers() const { return servers_; }

 private:
  ServiceCallWanted Question() const override;
  bool Hear(const ServiceNews& news) override;
  std::string GivenUp() const override;

  const size_t min_servers_;
  std::vector<std::string> servers_;
};

}  // namespace muster
