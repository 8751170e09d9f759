// What the operator reads about a job: its tasks grouped by equal ending, failures first, each group with its count and its folded
// set of nodes. The groups are bounded by the states and reasons there are, whatever the agents say, and no node is ever
// missing: counts that do not add up are told. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/job_view.h"

namespace muster::cli {

// Where a state stands in the report: what must be acted upon first. One that this version does not know comes before all: nobody
// knows what it is.
int ReportRank(v1::TaskState state);

// Tasks that ended, or stand, equally.
struct ReportGroup {
  v1::TaskState state{};
  std::string reason;
  size_t count = 0;
  std::string nodes;                   // folded
  std::vector<std::string> sentences;  // what is said of them
};

// What must be acted upon first.
std::vector<ReportGroup> ReportGroups(const JobView& view);
// What is said of the job as a whole: that tasks are missing, what was noticed of its targets, why it was stopped.
std::vector<std::string> ReportRemarks(const JobView& view);

// The groups, the remarks and the last line, each line ended; for a file or a program, whole. For a screen there is screen_report.h.
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
