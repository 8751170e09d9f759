// Which nodes a verb is about: -w, -x, --all, --role, --group, --partition, --hsm-state, --sat, --from-job, read from the command line,
// from files and from standard input. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <vector>

#include "common/status.h"
#include "muster/v1/controller.pb.h"

namespace muster::cli {

struct TargetOptions {
  std::vector<std::string> with{};     // -w
  std::vector<std::string> without{};  // -x
  std::vector<std::string> roles{};
  std::vector<std::string> groups{};
  std::vector<std::string> partitions{};
  std::vector<std::string> hsm_states{};  // --hsm-state; none: any
  std::vector<std::string> sat{};         // --sat: files, or "-"
  std::vector<std::string> from_jobs{};   // --from-job: ids, as typed
  std::vector<v1::TaskState> states{};    // --state; none: all
  bool all = false;
  bool include_disabled = false;

  // By what HSM or the inventory says of nodes.
  bool IsSelecting() const { return !roles.empty() || !groups.empty() || !partitions.empty(); }
  bool IsEmpty() const {
    return with.empty() && sat.empty() && from_jobs.empty() && !IsSelecting() && !all;
  }
};

// `options` must outlive the parse.
void AddTargetOptions(CLI::App& verb, TargetOptions& options);
// Those of them that a verb has whose nodes are an earlier job's.
void AddExcludeOption(CLI::App& verb, TargetOptions& options);
void AddDisabledOption(CLI::App& verb, TargetOptions& options);
CLI::Option* AddStateOption(CLI::App& verb, const std::string& help, TargetOptions& options);

// Reads ^FILE, "-", ClusterShell's groups and the files of --sat, checks what was typed and folds it. Operators are left to the controller,
// which knows what names one node has. Says on standard error how many nodes each --sat has.
// INVALID_ARGUMENT with a sentence for a file that cannot be read, for a text that is no node set, a group that is not there, or nothing that sat
// status prints, and for an empty choice. Whether the nodes exist only the controller knows; the jobs of --from-job stand there as typed (see ResolveJobIds).
absl::StatusOr<v1::Targets> ReadTargets(const TargetOptions& options, std::istream& standard_input);

}  // namespace muster::cli
