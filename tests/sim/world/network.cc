#include "tests/sim/world/network.h"

#include <algorithm>

#include "common/limits.h"

namespace muster::sim {
namespace {

constexpr auto kAgentSilence =
    std::chrono::duration_cast<Duration>(limits::kPingInterval * limits::kSilenceFactor);
// gRPC's keepalive on the controller: a PING that is not answered within 20 s.
constexpr Duration kControllerSilence = limits::kPingInterval + 20s;

}  // namespace

LinkId Network::Connect(AgentEnd& agent) {
  const LinkId id = ++last_id_;
  links_[id].agent = &agent;
  agenda_.After(random_.Between(latency_min_, latency_max_), [this, id] {
    Link* link = Find(id);
    if (link == nullptr || link->pipes[kDown].is_deaf) return;
    if (!controller_.is_listening()) {
      AgentEnd* const end = link->agent;
      links_.erase(id);
      end->OnLinkDown(id);
      return;
    }
    link->is_up = true;
    link->agent->OnLinkUp(id);
  });
  return id;
}

void Network::SendUp(LinkId link, AgentMessage message) {
  Put(link, kUp, {{}, 0, std::move(message)});
}

size_t Network::SendDown(LinkId link, ControllerMessage message, uint64_t clock_ns) {
  return Put(link, kDown, {{}, clock_ns, std::move(message)});
}

size_t Network::Put(LinkId id, Way way, Parcel parcel) {
  Link* link = Find(id);
  if (link == nullptr) return 0;
  Pipe& pipe = link->pipes[way];
  // The sender does not know yet that nobody reads.
  if (!pipe.is_open || pipe.is_deaf) return 1;
  parcel.arrives =
      std::max({agenda_.now() + random_.Between(latency_min_, latency_max_), link->stalled_until,
                pipe.parcels.empty() ? Duration(0) : pipe.parcels.back().arrives});
  pipe.parcels.push_back(std::move(parcel));
  if (!pipe.is_pumping) Wake(id, way, pipe.parcels.front().arrives);
  return pipe.parcels.size();
}

void Network::Break(LinkId id) {
  Link* link = Find(id);
  if (link == nullptr) return;
  Close(id, kUp, Detection(kControllerSilence));
  Close(id, kDown, Detection(kAgentSilence));
}

void Network::Stall(LinkId id, Duration length) {
  if (Link* link = Find(id)) link->stalled_until = agenda_.now() + length;
}

void Network::CloseByAgent(LinkId id, bool is_silent) {
  Link* link = Find(id);
  if (link == nullptr) return;
  Deafen(*link, kDown);
  if (!link->is_up) {
    links_.erase(id);
    return;
  }
  Close(id, kUp, is_silent ? kControllerSilence : random_.Between(0ms, 100ms));
}

void Network::CloseByController(LinkId id) {
  Link* link = Find(id);
  if (link == nullptr) return;
  Deafen(*link, kUp);
  Close(id, kDown, Detection(kAgentSilence));
  EraseIfDead(id);
}

void Network::Close(LinkId id, Way way, Duration told_after) {
  Pipe& pipe = Find(id)->pipes[way];
  if (!pipe.is_open || pipe.is_deaf) return;
  pipe.is_open = false;
  pipe.parcels.resize(random_.Below(pipe.parcels.size() + 1));
  pipe.end_at = std::max(agenda_.now() + told_after,
                         pipe.parcels.empty() ? Duration(0) : pipe.parcels.back().arrives);
  if (!pipe.is_pumping) Wake(id, way, pipe.parcels.empty() ? pipe.end_at : agenda_.now());
}

void Network::Deafen(Link& link, Way way) {
  link.pipes[way].is_deaf = true;
  link.pipes[way].parcels.clear();
}

void Network::Wake(LinkId id, Way way, Duration when) {
  Find(id)->pipes[way].is_pumping = true;
  agenda_.At(when, [this, id, way] { Pump(id, way); });
}

void Network::Pump(LinkId id, Way way) {
  Link* link = Find(id);
  if (link == nullptr) return;
  link->pipes[way].is_pumping = false;
  while ((link = Find(id)) != nullptr) {
    Pipe& pipe = link->pipes[way];
    if (pipe.is_deaf || pipe.is_pumping) return;
    const Duration now = agenda_.now();
    if (pipe.parcels.empty()) {
      if (pipe.is_open) return;
      if (now < pipe.end_at) return Wake(id, way, pipe.end_at);
      return TellEnd(id, way);
    }
    const Duration next = std::max(pipe.parcels.front().arrives, link->stalled_until);
    if (now < next) return Wake(id, way, next);
    Parcel parcel = std::move(pipe.parcels.front());
    pipe.parcels.pop_front();
    Deliver(id, way, std::move(parcel));
  }
}

void Network::Deliver(LinkId id, Way way, Parcel parcel) {
  if (way == kUp) {
    controller_.OnAgentMessage(id, std::get<AgentMessage>(parcel.message));
  } else {
    Find(id)->agent->OnLinkMessage(id, std::get<ControllerMessage>(parcel.message),
                                   parcel.clock_ns);
  }
}

void Network::TellEnd(LinkId id, Way way) {
  Link& link = *Find(id);
  AgentEnd* const agent = link.agent;
  Deafen(link, way);
  EraseIfDead(id);
  if (way == kUp) {
    controller_.OnAgentGone(id);
  } else {
    agent->OnLinkDown(id);
  }
}

Duration Network::Detection(Duration longest) {
  return random_.Chance(70) ? random_.Between(0ms, 500ms) : random_.Between(0ms, longest);
}

Network::Link* Network::Find(LinkId id) {
  const auto it = links_.find(id);
  return it == links_.end() ? nullptr : &it->second;
}

void Network::EraseIfDead(LinkId id) {
  const Link* link = Find(id);
  if (link != nullptr && link->pipes[kUp].is_deaf && link->pipes[kDown].is_deaf) links_.erase(id);
}

std::vector<LinkId> Network::links() const {
  std::vector<LinkId> ids;
  for (const auto& [id, link] : links_) {
    if (link.is_up) ids.push_back(id);
  }
  return ids;
}

bool Network::is_empty() const {
  return std::all_of(links_.begin(), links_.end(), [](const auto& link) {
    return link.second.pipes[kUp].parcels.empty() && link.second.pipes[kDown].parcels.empty();
  });
}

}  // namespace muster::sim
