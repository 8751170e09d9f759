// What the operator reads about an operation: its steps, what happened beside them, how it ended. Pure; any thread.
#pragma once

#include <string>

#include "controller/cli/json.h"
#include "muster/v1/operation.pb.h"

namespace muster::cli {

bool IsEnded(v1::OperationState state);
// Without its prefix.
std::string StateName(v1::OperationState state);

// Steps and notes, each line ended, and one line with how it ended or where it stands.
std::string OperationText(const v1::Operation& operation);
uint32_t TargetCount(const v1::Operation& operation);
// "operations/…: resubscription of 20 nodes", "…: unmounting of content pe-24 on 20 nodes".
std::string StartLine(const v1::Operation& operation);
using Notes = google::protobuf::RepeatedPtrField<v1::Operation::Note>;
// How many of the notes that there are now have been told. The controller keeps the newest only, several may be of the same time, and an
// answer may be older than the one before.
int CountTold(const Notes& told, const Notes& now);
// "nodes restarted and subscribed: 20 of 20 tasks succeeded" of a step.
std::string StepLine(const v1::Operation::Step& step);

// But for the tasks of its job.
Json ToJson(const v1::Operation& operation);

}  // namespace muster::cli
