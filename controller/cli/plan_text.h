// What a dry run shows: the job as it would be. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/json.h"
#include "muster/v1/job.pb.h"

namespace muster::cli {

// `job` is the answer to validate_only. `width` as of TextTable.
std::string PlanText(const v1::Job& job, size_t width = 0);
// The document of a job without a name, with "nodes" and "plan", in which "order" has the nodes as they would be started.
Json PlanToJson(const v1::Job& job);

// "2, then 1, 2, 4, 8 (10 times)": the canaries, then the others; waves of equal size are told once.
std::string WavesInWords(const v1::Plan& plan);

}  // namespace muster::cli
