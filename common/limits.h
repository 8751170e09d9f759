// Every limit that both daemons share, or that one enforces against the other. A queue, map or text without a limit here has one
// beside its declaration.
#pragma once

#include <cstddef>

#include "common/content.h"
#include "common/time.h"

namespace muster::limits {

// One outcome's sentence, cut by the agent.
inline constexpr size_t kMaxDetailBytes = 4096;
// A name of a node, task, unit, job: what fits a file name with room for a suffix (NAME_MAX is 255, limits.h(0P)).
inline constexpr size_t kMaxNameBytes = 200;
// A message from the controller, on the agent. Ours are under 1 KiB, but for commands with a record of mounts.
inline constexpr size_t kMaxControllerMessageBytes = 1 << 20;
static_assert(kMaxControllerMessageBytes > kMaxMergedRecordBytes + (64 << 10));
// A message from an agent, on the controller. A Hello with kMaxHeldAttempts is the largest.
inline constexpr size_t kMaxAgentMessageBytes = 256 << 10;
// Unsettled attempts that one agent holds; a Command beyond is REFUSED (AGENT_BUSY).
inline constexpr size_t kMaxHeldAttempts = 256;
// Of them on projected content, whose outcomes have records of mounts; a Command beyond is REFUSED (AGENT_BUSY).
inline constexpr size_t kMaxHeldContentAttempts = 4;
// Settled attempts that an agent still recognises.
inline constexpr size_t kMaxTombstones = 1000;
// A Report on the controller, where thousands may wait for a store that is slow. Ours are under 8 KiB: a detail, and three units' states.
inline constexpr size_t kMaxReportBytes = 16 << 10;
// One with a record of mounts: what it is beside the record, and the record (common/content.h).
inline constexpr size_t kMaxContentReportBytes = kMaxReportBytes + kMaxRecordBytes;
static_assert(kMaxContentReportBytes <= kMaxAgentMessageBytes);
// Units in what a node says of itself.
inline constexpr size_t kMaxStatusUnits = 8;
// Bytes that wait in an agent for the stream to take them; a stream that falls behind further is closed and opened anew. After a
// Welcome all outcomes that are held are said again.
inline constexpr size_t kMaxOutboxBytes = 5 << 20;
static_assert(kMaxOutboxBytes >=
              kMaxHeldAttempts * kMaxReportBytes + kMaxHeldContentAttempts * kMaxRecordBytes);

// A stream without a Hello is ended after this.
inline constexpr Duration kHelloDeadline = 30s;
// How long a Command may be on its way and still be started.
inline constexpr Duration kStartWithin = 30s;
// An attempt that has lasted this long reports that it is running.
inline constexpr Duration kProgressAfter = 2s;
// A new connection may take this long to become a session. Shorter, and a storm of reconnects eats itself: the
// controller pays for handshakes that the agents have given up (measured with 5,000 agents, 5 s against 120 s: twice the time).
inline constexpr Duration kAttachTimeout = 120s;
// The controller's HTTP/2 PINGs, which wake each node and cost the controller most of what it uses when it is idle; and how much silence
// an agent takes for death, as a multiple of them.
inline constexpr Duration kPingInterval = 120s;
inline constexpr double kSilenceFactor = 1.5;
// Reconnects are spread over this much for each agent of the fleet: the controller's CPU time of one handshake on one core.
inline constexpr Duration kReconnectPerAgent = 2ms;
inline constexpr Duration kReconnectMin = 1s;

}  // namespace muster::limits
