// systemd's journal as the place where log lines go, with the fields that people search it by (sd_journal_sendv(3)):
// `journalctl MUSTER_JOB=…` is the story of a job on the controller and on every node. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/log.h"

namespace muster {

// Of what is before the first quoted value: "MUSTER_JOB=…" of "job=…" in a line, likewise operation, node, attempt and unit; of "task=jobs/J/tasks/N" job and node, too.
std::vector<std::string> JournalFields(std::string_view line);

// A log::Journal. False if the journal does not take it.
bool SendToJournal(log::Level level, const std::string& name, const std::string& line);

}  // namespace muster
