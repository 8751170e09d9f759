#include "controller/cli/command_line.h"

#include <fmt/format.h>

#include <cstdio>

#include "common/version.h"
#include "controller/cli/cli_settings.h"
#include "controller/cli/completion.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/help_format.h"
#include "controller/cli/help_text.h"
#include "controller/cli/pki_command.h"
#include "controller/cli/verb_problem.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

void AddVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  AddResubscribe(app, global, exit_code);
  AddRestart(app, global, exit_code);
  CLI::App* job =
      app.add_subcommand("job", "Jobs: list, show, watch, cancel, pause, resume, retry, delete")
          ->require_subcommand(1);
  AddJobList(*job, global, exit_code);
  AddJobShow(*job, global, exit_code);
  AddJobWatch(*job, global, exit_code);
  AddJobCancel(*job, global, exit_code);
  AddJobPause(*job, global, exit_code);
  AddJobResume(*job, global, exit_code);
  AddJobRetry(*job, global, exit_code);
  AddJobDelete(*job, global, exit_code);
  CLI::App* node = app.add_subcommand("node", "Nodes: list, show")->require_subcommand(1);
  AddNodeList(*node, global, exit_code);
  AddNodeShow(*node, global, exit_code);
  AddOperationVerbs(app, global, exit_code);
  AddSubscriptionVerbs(app, global, exit_code);
  AddContentVerbs(app, global, exit_code);
  AddHealth(app, global, exit_code);
  AddBackup(app, global, exit_code);
  AddStatus(app, global, exit_code);
  AddNodeSetVerbs(app, global, exit_code);
  AddPkiCommands(app, exit_code);
}

// "muster job retry": the program and the verbs that were understood.
std::string Typed(const CLI::App& app) {
  std::string typed = app.get_name();
  for (const CLI::App* verb : app.get_subcommands()) typed += " " + Typed(*verb);
  return typed;
}

std::string DefaultSettings() {
  GlobalOptions defaults;
  return CliSettings(&defaults).DefaultFile();
}

}  // namespace

CommandLine::CommandLine()
    : app_("Tracked, idempotent commands for the nodes of HPE Cray EX systems", "muster") {
  app_.formatter(std::make_shared<HelpFormat>());
  app_.fallthrough();  // options may stand before or after the verb
  app_.require_subcommand(1);
  app_.set_version_flag("--version", std::string("muster ") + kVersion);
  AddGlobalOptions(app_, global_);
  app_.add_flag_callback(
      "--print-config", [] { throw CLI::CallForVersion(DefaultSettings(), 0); },
      "Show every key of muster.toml with its documentation and default");
  AddVerbs(app_, global_, exit_code_);
  AddHelpText(app_);
}

int CommandLine::Run(int argc, char** argv) {
  // What is typed goes before it.
  const absl::Status settings = ReadCliSettings(&global_);
  if (IsCompletion(argc, argv)) return Complete(app_, global_.connection, argc, argv);
  // Before any verb acts, and after what only shows help.
  app_.parse_complete_callback([&settings] {
    if (settings.ok()) return;
    fmt::print(stderr, "muster: {}\n", Message(settings));
    throw CLI::RuntimeError(static_cast<int>(ExitCode::kUsage));
  });
  try {
    app_.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_.exit(error);  // --help, --version
    const std::string verb_problem = VerbProblem(app_, {argv + 1, argv + argc});
    fmt::print(stderr, "muster: {}; `{} --help` shows how to use it\n",
               verb_problem.empty() ? error.what() : verb_problem, Typed(app_));
    return static_cast<int>(ExitCode::kUsage);
  }
  return exit_code_;
}

std::string PathOf(const CLI::App& verb) {
  const CLI::App* parent = verb.get_parent();
  return parent == nullptr ? verb.get_name() : PathOf(*parent) + " " + verb.get_name();
}

}  // namespace muster::cli
