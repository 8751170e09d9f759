#include "agent/swarm/swarm_agent.h"

#include <fmt/format.h>

namespace muster::swarm {
namespace {

constexpr char kOnlyUnit[] = "cray-orca.service";

std::string NewIncarnation(std::mt19937_64& random) {
  return fmt::format("{:016x}{:016x}", random(), random());
}

AgentCore::Config CoreConfig(const AgentSetup& setup) {
  AgentCore::Config config{setup.node, setup.boot_id, {}, {kOnlyUnit}};
  config.watched_units = {kOnlyUnit};  // there is no other
  return config;
}

}  // namespace

SwarmAgent::SwarmAgent(sd_event* event, const AgentSetup& setup, const Profile& profile,
                       Tally& tally, Subscriber* subscriber, std::mt19937_64& random)
    : node_(setup.node),
      tally_(tally),
      subscriber_(subscriber),
      ledger_(NewIncarnation(random)),
      runner_(CoreConfig(setup), event, ledger_, *this),
      units_(event, profile, *this, *this, random),
      uplink_(event, setup.uplink, *this, random) {}

void SwarmAgent::Flood(size_t reports) {
  if (!is_attached_) return;
  Outcome outcome;
  outcome.state = OutcomeState::kFailed;
  outcome.reason = Reason::kExitCode;
  outcome.detail = "a flood of the swarm's";
  for (size_t i = 0; i < reports; ++i) {
    const AttemptKey key{fmt::format("jobs/flood/tasks/{}", node_), ++flooded_};
    uplink_.Send(Report{node_, key, outcome});
  }
}

void SwarmAgent::OnUp() {
  ++tally_.opened;
  is_up_ = true;
  runner_.OnUp();
}

void SwarmAgent::OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) {
  runner_.OnMessage(message, sender_clock_ns);
}

bool SwarmAgent::OnRefused() { return runner_.OnRefused(); }

void SwarmAgent::OnDown(const std::string& why) {
  ++(is_up_ ? tally_.ended : tally_.failed);
  is_up_ = false;
  runner_.OnDown(why);
}

void SwarmAgent::OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) {
  ++tally_.restarts;
  runner_.OnJobRemoved(unit, job_id, result);
}

void SwarmAgent::OnSubscribe(const std::string& invocation) {
  if (subscriber_ != nullptr) subscriber_->Subscribe(node_, invocation);
}

void SwarmAgent::OnStop() {
  if (subscriber_ != nullptr) subscriber_->Cancel(node_);
}

void SwarmAgent::OnChanged(const AgentCore& core) {
  if (core.is_attached() == is_attached_) return;
  is_attached_ = core.is_attached();
  tally_.attached += is_attached_ ? 1 : -1;
}

}  // namespace muster::swarm
