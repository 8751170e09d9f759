// Conversion between the messages of agent.proto and command.proto and the plain structs of common/. One source, compiled
// twice: against protobuf for the controller, against protobuf-lite for the agent.
//
// From the wire: unknown cases become UnknownMessage or UnknownWork, unknown enum numbers keep their number, absent
// messages become empty structs. Checking what a message means is the receiver's business. No errors, no state; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "common/messages.h"
#include "muster/v1/agent.pb.h"

namespace muster {

v1::Work ToProto(const Work& work);
Work FromProto(const v1::Work& proto);

v1::Outcome ToProto(const Outcome& outcome);
Outcome FromProto(const v1::Outcome& proto);

v1::NodeStatus ToProto(const NodeStatus& status);
NodeStatus FromProto(const v1::NodeStatus& proto);

v1::AgentMessage ToProto(const AgentMessage& message);
AgentMessage FromProto(const v1::AgentMessage& proto);

// `sender_clock_ns` is the controller's CLOCK_BOOTTIME.
v1::ControllerMessage ToProto(const ControllerMessage& message, uint64_t sender_clock_ns);
// In the order in which they are to be taken; none for a message of a kind that this program does not know.
std::vector<ControllerMessage> FromProto(const v1::ControllerMessage& proto);

google::protobuf::Duration ToProto(Duration duration);
Duration FromProto(const google::protobuf::Duration& proto);

}  // namespace muster
