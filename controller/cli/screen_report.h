// The report on a job as a terminal shows it: in as many columns as there are, states in their colours, long node sets cut with the way
// to see all of them, and the next command to type. Pure, but for ReportFor; any thread.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/job_view.h"
#include "controller/cli/screen_text.h"
#include "controller/cli/terminal.h"

namespace muster::cli {

// No line is wider, down to 20 columns.
std::vector<ScreenLine> ScreenReport(const JobView& view, size_t columns);

// What brings the nodes of an ended job further: "muster job retry jobs/… --state failed,lost". Empty if trying again helps nobody, or
// the job was no restart.
std::string NextCommand(const JobView& view);

// ScreenReport for a terminal, ReportText for anything else.
std::string ReportFor(const JobView& view, const Terminal& terminal);

}  // namespace muster::cli
