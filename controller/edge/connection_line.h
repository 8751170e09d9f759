// Who is next: which accepted connections get a TLS handshake now, and which are dropped. A pure core; the Acceptor has the sockets.
//
// A connection is silent until its first byte has come, then waiting, then opening: it was handed to gRPC, which owes it
// one handshake of about a millisecond of CPU. It leaves the line when it is open (a stream or a call has come), when it has gone,
// or after `opening_time`. Few are opening at once, so that each handshake that is begun ends soon, also when all nodes of a system
// come back in the same second: those that wait have cost nothing yet, and those that give up waiting never will.
//
// Sources (addresses) take turns. When there is no room, it is the source with most connections that loses one.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/time.h"
#include "controller/edge/refusals.h"

namespace muster {

struct ConnectionLimits {
  size_t waiting = 16384;  // silent ones included
  size_t opening = 128;
  Duration first_byte = 10s;
  // Not more than gRPC's own limit of a handshake, which ends it.
  Duration opening_time = 20s;
  // Whether those that are opening for longer are dropped: nobody opens a connection to the agents' port without a stream. (gRPC's own
  // limit, GRPC_ARG_MAX_CONNECTION_IDLE_MS, costs a timer for each connection.)
  bool drops_unopened = false;
  // While others wait, a source with this many opening loses the oldest of them when it has been opening for `stall`.
  size_t share = 8;
  Duration stall = 2s;
};

class ConnectionLine {
 public:
  using Id = uint64_t;  // ascending
  struct Drop {
    Id id = 0;
    Refusal why{};
  };

  explicit ConnectionLine(const ConnectionLimits& limits) : limits_(limits) {}

  // A new one, silent. What has to go for it, which may be itself.
  std::optional<Drop> Add(Id id, const std::string& source, Time now);
  void OnFirstByte(Id id);
  // It is open, or has gone. Nothing if it is not in the line.
  void Remove(Id id);
  // Those that were silent or opening for too long are removed: some have to be dropped, the others are left alone from now on.
  struct Expired {
    std::vector<Drop> drops;
    std::vector<Id> left;
  };
  Expired Expire(Time now);

  // The next to be handed to gRPC. Maybe another one has to go for it.
  struct Turn {
    std::optional<Id> next;
    std::optional<Drop> drop;
  };
  Turn Next(Time now);

  // When Expire or Next may have something to do without another call.
  std::optional<Time> NextDeadline(Time now) const;

  size_t waiting() const { return entries_.size() - openings_.size(); }
  size_t opening() const { return openings_.size(); }

 private:
  enum class Phase { kSilent, kWaiting, kOpening };
  using Since = std::set<std::pair<Time, Id>>;
  struct Entry {
    std::string source;
    Phase phase = Phase::kSilent;
    Time since{};  // of the phase
  };
  struct Source {
    std::set<Id> silent, waiting, opening;
    bool has_turn = false;
    size_t size() const { return silent.size() + waiting.size(); }
  };

  Drop DropOfTheMost(Id newest);
  void TidyTurns();
  std::optional<Drop> MakeRoom(Time now);
  // Whether a source with one that waits stands at the front of turns_.
  bool HasTurn();
  bool HasWaiting() const { return waiting() > silences_.size(); }

  const ConnectionLimits limits_;
  std::map<Id, Entry> entries_;
  std::map<std::string, Source> sources_;
  // Each source with a waiting one, once; and some whose last one has gone: no more than limits_.waiting of them.
  std::deque<std::string> turns_;
  size_t gone_turns_ = 0;
  Since silences_;
  Since openings_;
};

}  // namespace muster
