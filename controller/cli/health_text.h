// The fleet's health as an operator reads it: one screen, whatever the number of nodes. Pure; any thread.
#pragma once

#include <string>

#include "muster/v1/controller.pb.h"

namespace muster::cli {

// "OrcaActive", "False".
std::string ConditionName(v1::ConditionKind kind);
std::string StateOf(v1::ConditionState state);
// "False, CrashLoop: cray-orca.service was started again 5 times by itself".
std::string InWords(const v1::Condition& condition);

// The verdict with its numbers; how many are True, False and Unknown of each condition; parts, if they were asked for, worst first; who is
// not well and why; and what to type next.
std::string HealthText(const v1::Health& health);

// What has happened to the nodes, a line for each event, the newest first.
std::string EventsText(const google::protobuf::RepeatedPtrField<v1::HealthEvent>& events);
// "OrcaActive False, CrashLoop: ..." of one node.
std::string InWords(const v1::HealthEvent& event);

}  // namespace muster::cli
