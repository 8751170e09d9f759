// muster - the operators' command. This file is the command line and nothing else; the verbs are files of their own.
#include <absl/synchronization/mutex.h>
#include <fmt/core.h>
#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "common/version.h"
#include "controller/cli/cli_settings.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/pki_command.h"
#include "controller/cli/verb_problem.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 every task succeeded, was satisfied or not applicable; or the verb waits for no "
    "job, and did what it says;\n"
    "1 otherwise, also for `job show` and `job watch` of a job that has ended otherwise;\n"
    "2 bad usage, unknown target or job; 3 controller not reachable or not authorised; 4 stopped "
    "waiting (--wait, Ctrl-C), the job goes on.";

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

int Main(int argc, char** argv) {
  GlobalOptions global;
  int exit_code = 0;
  CLI::App app("Tracked, idempotent commands for the nodes of HPE Cray EX systems", "muster");
  app.fallthrough();  // options may stand before or after the verb
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("muster ") + kVersion);
  app.footer(kFooter);
  AddGlobalOptions(app, global);
  app.add_flag_callback(
      "--print-config", [] { throw CLI::CallForVersion(DefaultSettings(), 0); },
      "Show every key of muster.toml with its documentation and default");
  // Before any verb acts, and after what only shows help.
  const absl::Status settings = ReadCliSettings(&global);
  app.parse_complete_callback([&settings] {
    if (settings.ok()) return;
    fmt::print(stderr, "muster: {}\n", Message(settings));
    throw CLI::RuntimeError(static_cast<int>(ExitCode::kUsage));
  });
  AddVerbs(app, global, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const std::string verb_problem = VerbProblem(app, {argv + 1, argv + argc});
    fmt::print(stderr, "muster: {}; `{} --help` shows how to use it\n",
               verb_problem.empty() ? error.what() : verb_problem, Typed(app));
    return static_cast<int>(ExitCode::kUsage);
  }
  return exit_code;
}

}  // namespace
}  // namespace muster::cli

int main(int argc, char** argv) {
  // Threads of gRPC may still be at work when the process exits, and OpenSSL would be cleaned up under them.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // Between two calls no thread drives a connection but gRPC's backup poller, each 5 s: a reconnect, with its TCP and TLS steps,
  // then takes 15 s (measured), and the operator waits for a controller that is long back.
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "50", /*overwrite=*/0);
  const int exit_code = muster::cli::Main(argc, argv);
  // A report that was not written is not a report.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  std::fputs("muster: the output could not be written whole; is the disk full?\n", stderr);
  return exit_code == 0 ? static_cast<int>(muster::cli::ExitCode::kFailure) : exit_code;
}
