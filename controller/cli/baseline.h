// The file of `muster subscriptions save`: who was subscribed to HMNFD at a time, and with which agents. Any thread.
//
//   {"saved": "2026-11-21T08:04:11Z", "subscribers": [{"node": "x1000c0s0b0n0", "agents": ["orca"]}]}
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "muster/v1/operation.pb.h"

namespace muster::cli {

// INVALID_ARGUMENT for what is no such file, with what is wrong; NOT_FOUND and its like if it cannot be read.
absl::StatusOr<std::vector<v1::Subscriber>> ReadBaseline(const std::string& path);
absl::StatusOr<std::vector<v1::Subscriber>> ParseBaseline(const std::string& text);

std::string BaselineText(const std::vector<v1::Subscriber>& subscribers, const std::string& time);

// ALREADY_EXISTS if there is such a file: a baseline is never written over. It is there whole or not at all. "-" is standard output.
absl::Status WriteBaseline(const std::string& path, const std::string& text);

}  // namespace muster::cli
