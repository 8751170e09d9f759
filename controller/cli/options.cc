#include "controller/cli/options.h"

#include "controller/cli/policy_options.h"

namespace muster::cli {
namespace {

constexpr char kDurationHint[] =
    "A DURATION is a number with ms, s, min, h or d, such as 30s; a number alone is seconds.";

template <typename Target>
std::function<void(Duration)> Into(Target& target) {
  return [&target](Duration duration) { target = duration; };
}

}  // namespace

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  app.add_option("--controller", options.connection.controller,
                 "Where musterd listens for operators; the port is 7421 unless given")
      ->envname("MUSTER_CONTROLLER")
      ->type_name("HOST[:PORT]");
  app.add_option("--tls-dir", options.connection.tls_dir,
                 "Directory with ca.pem, cert.pem and key.pem of an operator")
      ->envname("MUSTER_TLS_DIR")
      ->type_name("DIR");
  app.add_option_function<std::string>(
         "-o,--output",
         [&options](const std::string& text) { TakeOutputFormat(text, &options.output); },
         "table (default), json, yaml, toml; or jsonl: a line for each job, task, node or event, "
         "and "
         "before a job's tasks one for the job")
      ->check(CLI::IsMember(OutputFormatNames()))
      ->type_name("FORMAT");
  app.add_flag("--no-pager", options.no_pager,
               "A list longer than the terminal is not shown by $MUSTER_PAGER, $PAGER or less");
  AddDuration(app, "--connect-timeout", "How long an unreachable controller is tried (default 30s)",
              false, Into(options.connection.connect_timeout));
  AddDuration(app, "--reconnect-timeout",
              "How long a broken watch of a job is tried again (default 5min)", false,
              Into(options.connection.reconnect_timeout));
}

void AddWaitOption(CLI::App& verb, WaitOptions& options) {
  AddDuration(verb, "--wait", "How long to stay; then exit code 4, and the job goes on", true,
              Into(options.wait));
}

void AddSettleOption(CLI::App& verb, JobOptions& options) {
  AddDuration(verb, "--settle", "How long the unit must stay up to count as restarted (5s)", true,
              Into(options.settle));
}

void AddJobOptions(CLI::App& verb, JobOptions& options) {
  verb.footer(std::string(kDurationHint) + "\n\n" + verb.get_footer());
  AddDisabledOption(verb, options.targets);
  AddWaitOption(verb, options.wait);
  verb.add_flag("--detach", options.wait.detach,
                "Leave once the job is on the controller's disk; print its name")
      ->excludes("--wait");
  verb.add_flag("--dry-run", options.dry_run,
                "Check everything, make nothing; show the nodes, the canaries, the waves and how "
                "long it takes at least")
      ->excludes("--detach", "--wait");
  AddPolicyOptions(verb, options.policy);
  verb.add_option("--request-id", options.request_id,
                  "A UUID; the same one with the same request never makes a second job")
      ->type_name("UUID");
}

}  // namespace muster::cli
