// `muster pki init` and `muster pki issue`, which speak to no controller.
#pragma once

#include <CLI/CLI.hpp>

namespace muster {

// Adds `pki` with its subcommands to `app`. They run while `app` parses: what was written goes to standard output; an error is one
// sentence on standard error, and `exit_code`, which must outlive `app`, becomes 2 for bad usage, and 1 for what could not be made.
void AddPkiCommands(CLI::App& app, int& exit_code);

}  // namespace muster
