// The command line of `muster` as a whole: its verbs, their options and what is said of them. --help, the manual pages and the completion
// of shells are made from this one tree. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "controller/cli/options.h"

namespace muster::cli {

class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& app() { return app_; }
  // Does what was typed; the exit code.
  int Run(int argc, char** argv);

 private:
  GlobalOptions global_;
  int exit_code_ = 0;
  CLI::App app_;
};

// "muster job retry".
std::string PathOf(const CLI::App& verb);

}  // namespace muster::cli
