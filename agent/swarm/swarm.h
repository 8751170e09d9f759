// Many agents on one loop, and what they do to their controller. Loop thread only.
#pragma once

#include <systemd/sd-event.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "agent/swarm/fault.h"
#include "agent/swarm/loop_group.h"
#include "agent/swarm/subscriber.h"
#include "agent/swarm/swarm_agent.h"

namespace muster::swarm {

struct SwarmConfig {
  std::vector<HostPort> controllers;
  // Holds a directory with ca.pem, cert.pem and key.pem for each agent, named as the node.
  std::string tls_dir;
  std::vector<std::string> nodes;
  Duration start_over{};  // the agents start within this time
  Profile profile;
  std::string hmnfd;  // its URL, where units subscribe that have started; empty: none does
  std::vector<Fault> faults;
};

class Swarm {
 public:
  // `show` is called with the tally at the start and then ten times a second, if it has changed.
  Swarm(sd_event* event, const SwarmConfig& config, std::mt19937_64& random,
        std::function<void(const Tally&)> show);
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  void Start();

 private:
  void Tick();
  void StartAgents(Duration elapsed);
  void Misbehave(const Fault& fault, Duration elapsed, bool& is_over);
  void SetDeaf(size_t count, bool is_deaf);

  const SwarmConfig config_;
  std::function<void(const Tally&)> show_;
  SystemClock clock_;
  Time started_{};
  uint64_t ticks_ = 0;
  size_t running_ = 0;        // agents that have been started
  std::deque<bool> is_over_;  // for each fault
  Tally tally_;
  Tally shown_;
  std::optional<Subscriber> subscriber_;
  LoopGroup loops_;
  std::vector<std::unique_ptr<SwarmAgent>> agents_;
  EventSource timer_;
};

}  // namespace muster::swarm
