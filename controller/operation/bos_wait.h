// Makes a session of BOS and follows it node by node to its end: that a session is complete says nothing of its nodes. Pure; owned by its
// operation. After a restart of musterd it makes the session again, which is harmless, and goes on.
#pragma once

#include <memory>
#include <string>

#include "controller/operation/service_wait.h"

namespace muster {

// BOS itself looks each 15 s (polling_frequency).
inline constexpr Duration kBosInterval = 15s;
// BOS gives a node 20 min to boot, and three tries (max_boot_wait_time, default_retry_policy).
inline constexpr Duration kBosDeadline = 75min;

class BosWait final : public ServiceWait {
 public:
  // `was_asked`: musterd may have made the session before, in an earlier life.
  BosWait(BosSession session, bool was_asked, Time deadline);

  std::string WhatGoesOn() const override;

 private:
  ServiceCallWanted Question() override;
  bool Hear(const ServiceNews& news) override;
  void Hear(const BosSessionMade& made);
  void Hear(const BosProgress& progress);
  std::string GivenUp() const override;

  const std::shared_ptr<const BosSession> session_;
  bool was_asked_;
  bool is_made_ = false;
};

}  // namespace muster
