// The streams between agents and the controller. As a gRPC stream does, each delivers messages in order until it breaks, and then an
// unknown number of the last ones, each way, is lost; the two ends learn of it at times of their own. A stalled stream delivers
// nothing for a while and loses nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "common/messages.h"
#include "tests/sim/world/agenda.h"
#include "tests/sim/world/random.h"

namespace muster::sim {

using LinkId = uint64_t;
using std::chrono_literals::operator""us;

class AgentEnd {
 public:
  virtual ~AgentEnd() = default;
  virtual void OnLinkUp(LinkId link) = 0;
  virtual void OnLinkMessage(LinkId link, const ControllerMessage& message, uint64_t clock_ns) = 0;
  virtual void OnLinkDown(LinkId link) = 0;
};

class ControllerEnd {
 public:
  virtual ~ControllerEnd() = default;
  virtual bool is_listening() const = 0;
  virtual void OnAgentMessage(LinkId link, const AgentMessage& message) = 0;
  virtual void OnAgentGone(LinkId link) = 0;
};

class Network {
 public:
  Network(Agenda& agenda, Random random, ControllerEnd& controller)
      : agenda_(agenda), random_(random), controller_(controller) {}

  // OnLinkUp or OnLinkDown follows.
  LinkId Connect(AgentEnd& agent);
  void SendUp(LinkId link, AgentMessage message);
  // How many messages wait for the agent, this one included; 0 if the link has ended.
  size_t SendDown(LinkId link, ControllerMessage message, uint64_t clock_ns);

  // In the middle: both ends live and are told some time.
  void Break(LinkId link);
  void Stall(LinkId link, Duration length);
  // One end ends it and is told nothing more. A process that dies leaves what the kernel has taken to arrive; a machine that loses
  // its power, or a cut cable, does not say that it is gone.
  void CloseByAgent(LinkId link, bool is_silent);
  void CloseByController(LinkId link);

  std::vector<LinkId> links() const;
  bool is_empty() const;  // nothing is on its way
  void set_latency(Duration shortest, Duration longest) {
    latency_min_ = shortest;
    latency_max_ = longest;
  }

 private:
  enum Way { kUp, kDown };
  struct Parcel {
    Duration arrives{};
    uint64_t clock_ns = 0;
    std::variant<AgentMessage, ControllerMessage> message;
  };
  struct Pipe {
    std::deque<Parcel> parcels;
    bool is_open = true;   // takes messages
    bool is_deaf = false;  // its receiver has gone
    Duration end_at{};     // when the receiver learns that it is closed, if it is
    bool is_pumping = false;
  };
  struct Link {
    AgentEnd* agent = nullptr;
    bool is_up = false;
    Duration stalled_until{};
    Pipe pipes[2];
  };

  size_t Put(LinkId id, Way way, Parcel parcel);
  // Some of what is on its way arrives, nothing after it, and the receiver is told later.
  void Close(LinkId id, Way way, Duration told_after);
  void Deafen(Link& link, Way way);
  void Wake(LinkId id, Way way, Duration when);
  void Pump(LinkId id, Way way);
  void Deliver(LinkId id, Way way, Parcel parcel);
  void TellEnd(LinkId id, Way way);
  // Until an end learns that the other has gone: mostly at once, sometimes only by silence.
  Duration Detection(Duration longest);
  Link* Find(LinkId id);
  void EraseIfDead(LinkId id);

  Agenda& agenda_;
  Random random_;
  ControllerEnd& controller_;
  Duration latency_min_ = 100us;
  Duration latency_max_ = 2ms;
  LinkId last_id_ = 0;
  std::map<LinkId, Link> links_;
};

}  // namespace muster::sim
