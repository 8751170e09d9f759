// What the operator reads about a job: its tasks grouped by equal ending, failures first, each group with its count and its folded
// set of nodes. The groups are bounded by the states and reasons there are, whatever the agents say, and no node is ever
// missing: counts that do not add up are told. Pure; any thread.
#pragma once

#include <string>

#include "controller/cli/job_view.h"

namespace muster::cli {

// Where a state stands in the report: what must be acted upon first. One that this version does not know comes before all: nobody
// knows what it is.
int ReportRank(v1::TaskState state);

// The groups and the last line, each line ended.
std::string ReportText(const JobView& view);

// "jobs/…: FAILED: 18 of 20 succeeded, 1 timed out, 1 lost, in 7.2 s".
std::string SummaryLine(const JobView& view);

// "12 of 20 ended: 11 succeeded, 1 failed; waiting for x1000c0s0b0n[0-7]".
std::string ProgressLine(const JobView& view);

// What has to be known before anybody waits: "jobs/…: restart ORCA on 20 nodes: x1000c0s[0-7]b0n0".
std::string StartLine(const JobView& view);

// The folded set, cut at `limit` characters with how many nodes there are in all, for lines that must stay short.
std::string ShortNodeSet(const std::vector<std::string>& nodes, size_t limit = 120);

}  // namespace muster::cli
