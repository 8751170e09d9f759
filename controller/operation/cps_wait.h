// Waits until CPS answers as it does when it is well, and enough workers serve it. Pure; owned by its operation.
#pragma once

#include <string>
#include <vector>

#include "controller/operation/service_wait.h"

namespace muster {

inline constexpr Duration kCpsInterval = 10s;

class CpsWait final : public ServiceWait {
 public:
  // So many have to serve it; `has_spare`: and one more, which is to be taken.
  CpsWait(size_t min_servers, bool has_spare, Time deadline)
      : ServiceWait(kCpsInterval, deadline), min_servers_(min_servers), has_spare_(has_spare) {}

  // Those that serve it, once it has succeeded.
  const std::vector<std::string>& servers() const { return servers_; }

 private:
  ServiceCallWanted Question() override;
  bool Hear(const ServiceNews& news) override;
  std::string GivenUp() const override;

  const size_t min_servers_;
  const bool has_spare_;
  std::vector<std::string> servers_;
};

}  // namespace muster
