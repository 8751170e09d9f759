// The documents of `-o json`. Field names are the protocol's; states and reasons stand without their prefix, "" for none;
// durations are texts such as "5s", times as in RFC 3339. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/cli/job_view.h"
#include "muster/v1/controller.pb.h"

namespace muster::cli {

using Json = nlohmann::ordered_json;

// A job's counts, its policy and work, without tasks.
Json ToJson(const v1::Job& job);
// The same with "tasks": one for each node, in their order.
Json ToJson(const JobView& view);
Json ToJson(const v1::Node& node);

// Any message; null if it cannot be shown.
Json FromMessage(const google::protobuf::Message& message);

// One document with a line end. Bytes that are not UTF-8 are replaced.
std::string JsonText(const Json& json);

}  // namespace muster::cli
