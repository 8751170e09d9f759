#include "agent/swarm/swarm.h"

#include <cmath>

#include "common/uuid.h"

namespace muster::swarm {
namespace {

constexpr Duration kTick = 100ms;
constexpr uint64_t kTicksOfASecond = 10;
// Of each flooding agent, in a tick: more than a controller takes from it.
constexpr size_t kFloodReports = 500;
// A slow reader reads in one of so many ticks.
constexpr uint64_t kSlowness = 10;

}  // namespace

Swarm::Swarm(sd_event* event, const SwarmConfig& config, std::mt19937_64& random,
             std::function<void(const Tally&)> show)
    : config_(config), show_(std::move(show)), is_over_(config.faults.size()), loops_(event) {
  if (!config.hmnfd.empty()) subscriber_.emplace(event, config.hmnfd, tally_, random);
  const std::string boot_id = NewUuid();
  agents_.reserve(config.nodes.size());
  for (const std::string& node : config.nodes) {
    AgentSetup setup{node, boot_id, {config.controllers, {}}};
    setup.uplink.stream.tls_dir = config.tls_dir + "/" + node;
    agents_.push_back(std::make_unique<SwarmAgent>(loops_.LoopOf(agents_.size()), setup,
                                                   config_.profile, tally_,
                                                   subscriber_ ? &*subscriber_ : nullptr, random));
  }
  timer_ = MakeTimer(
      event, 1ms,
      [](sd_event_source*, uint64_t, void* self) {
        static_cast<Swarm*>(self)->Tick();
        return 0;
      },
      this);
  // Before the agents' own: they may keep the loop busy for seconds.
  sd_event_source_set_priority(timer_.get(), SD_EVENT_PRIORITY_IMPORTANT);
}

void Swarm::Start() {
  started_ = clock_.Now();
  show_(tally_);
  Tick();
}

void Swarm::Tick() {
  const Duration elapsed = clock_.Now() - started_;
  ++ticks_;
  StartAgents(elapsed);
  for (size_t i = 0; i < config_.faults.size(); ++i)
    Misbehave(config_.faults[i], elapsed, is_over_[i]);
  loops_.TurnAll();
  if (tally_ != shown_) show_(tally_);
  shown_ = tally_;
  Arm(timer_, kTick);
}

void Swarm::StartAgents(Duration elapsed) {
  const double share = config_.start_over <= elapsed
                           ? 1
                           : static_cast<double>(elapsed.count()) / config_.start_over.count();
  const auto due = static_cast<size_t>(share * static_cast<double>(agents_.size()));
  for (; running_ < due; ++running_) agents_[running_]->Start();
}

void Swarm::Misbehave(const Fault& fault, Duration elapsed, bool& is_over) {
  if (is_over || elapsed < fault.at) return;
  is_over = elapsed >= fault.at + fault.lasts;
  const auto count = static_cast<size_t>(std::ceil(fault.share * static_cast<double>(running_)));
  switch (fault.kind) {
    case FaultKind::kDisconnect:
      for (size_t i = 0; i < count; ++i) agents_[i]->Disconnect();
      break;
    case FaultKind::kSilent:
      SetDeaf(count, !is_over);
      break;
    case FaultKind::kSlow:
      SetDeaf(count, !is_over && ticks_ % kSlowness != 0);
      break;
    case FaultKind::kFlap:
      // A tenth of them in each tick.
      for (size_t i = 0; i < count; ++i) {
        if (is_over || i % kTicksOfASecond == ticks_ % kTicksOfASecond)
          agents_[i]->SetUnitFailed(!is_over && ticks_ / kTicksOfASecond % 2 == 0);
      }
      break;
    case FaultKind::kFlood:
      for (size_t i = 0; !is_over && i < count; ++i) agents_[i]->Flood(kFloodReports);
      break;
  }
}

void Swarm::SetDeaf(size_t count, bool is_deaf) {
  for (size_t i = 0; i < count; ++i) agents_[i]->SetDeaf(is_deaf);
}

}  // namespace muster::swarm
