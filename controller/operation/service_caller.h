// The runner's way to the services of CSM. Implemented by CsmCaller, which main owns; by memory in tests.
#pragma once

#include <string>

#include "controller/operation/action.h"

namespace muster {

class ServiceCaller {
 public:
  virtual ~ServiceCaller() = default;
  // Never blocks. What comes of it is told as ServiceNews, from another thread, and in any case. Runner thread.
  virtual void Start(const ServiceCallWanted& call) = 0;
};

// Where the news goes. Any thread.
class ServiceListener {
 public:
  virtual ~ServiceListener() = default;
  virtual void Tell(ServiceNews news) = 0;
};

}  // namespace muster
