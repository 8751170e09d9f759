// What is typed about a job's policy. Parsed by CLI11 into a message; main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "common/time.h"
#include "muster/v1/job.pb.h"

namespace muster::cli {

// A duration that is typed; `set` gets it. Zero is refused unless `zero_allowed`.
CLI::Option* AddDuration(CLI::App& app, const std::string& name, const std::string& help,
                         bool zero_allowed, std::function<void(Duration)> set);

// `policy` must outlive the parse; it then holds what was typed and nothing else.
void AddPolicyOptions(CLI::App& verb, v1::Policy& policy);

// `base` with what was typed in its place.
v1::Policy Overridden(v1::Policy base, const v1::Policy& typed);

// "--canary 0" and "--rate 0/s" mean none.
v1::Policy WithoutZeros(v1::Policy policy);

}  // namespace muster::cli
