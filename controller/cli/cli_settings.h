// The file of `muster`: what an operator does not want to type each time. Main thread.
//
// What is typed goes before the environment, that before the user's file ($XDG_CONFIG_HOME/muster/muster.toml, ~/.config without it), and that
// before the system's (/etc/muster/muster.toml). MUSTER_CONFIG names one file in place of both; empty: none.
#pragma once

#include "common/settings.h"
#include "common/status.h"
#include "controller/cli/options.h"

namespace muster::cli {

// The keys of the file. `options`, whose values are the defaults, is lent to the result.
Settings CliSettings(GlobalOptions* options);

// Takes what the files say; one that is not there says nothing, but for that of MUSTER_CONFIG. Errors as of Settings::Read.
absl::Status ReadCliSettings(GlobalOptions* options);

}  // namespace muster::cli
