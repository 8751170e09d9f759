#include "controller/cli/options.h"

#include <map>

#include "controller/cli/duration.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

// CLI11 wants its own exceptions for wrong values.
CLI::Option* AddDuration(CLI::App& app, const std::string& name, const std::string& help,
                         bool zero_allowed, std::function<void(Duration)> set) {
  const auto parse = [name, zero_allowed, set = std::move(set)](const std::string& text) {
    const absl::StatusOr<Duration> duration = ParseDuration(text);
    if (!duration.ok()) throw CLI::ValidationError(name, Message(duration.status()));
    if (!zero_allowed && *duration == Duration::zero()) {
      throw CLI::ValidationError(name, "must be more than 0");
    }
    set(*duration);
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("DURATION");
}

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
  static const std::map<std::string, OutputFormat> kFormats = {{"table", OutputFormat::kTable},
                                                               {"json", OutputFormat::kJson}};
  app.add_option_function<std::string>(
         "-o,--output", [&options](const std::string& text) { options.output = kFormats.at(text); },
         "table (default) or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
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

void AddJobOptions(CLI::App& verb, JobOptions& options) {
  AddTargetOptions(verb, options.targets);
  AddWaitOption(verb, options.wait);
  verb.add_flag("--detach", options.wait.detach,
                "Leave once the job is on the controller's disk; print its name")
      ->excludes("--wait");
  AddDuration(verb, "--timeout", "The job's deadline: every task has ended by then", false,
              Into(options.timeout));
  AddDuration(verb, "--delivery-deadline", "How long a node that is away is waited for (2min)",
              false, Into(options.delivery_deadline));
  AddDuration(verb, "--execution-deadline", "From a node's receipt to its outcome (5min)", false,
              Into(options.execution_deadline));
  AddDuration(verb, "--settle", "How long the unit must stay up to count as restarted (5s)", true,
              Into(options.settle));
  verb.add_option("--max-parallel", options.max_parallel, "Nodes at once (1000)")
      ->check(CLI::Range(1u, 100'000u))
      ->type_name("N");
  verb.add_option("--request-id", options.request_id,
                  "A UUID; the same one with the same request never makes a second job")
      ->type_name("UUID");
}

v1::Policy PolicyOf(const JobOptions& options) {
  v1::Policy policy;
  policy.set_max_parallel(options.max_parallel);
  if (options.timeout) *policy.mutable_deadline() = ToProto(*options.timeout);
  if (options.delivery_deadline) {
    *policy.mutable_delivery_deadline() = ToProto(*options.delivery_deadline);
  }
  if (options.execution_deadline) {
    *policy.mutable_execution_deadline() = ToProto(*options.execution_deadline);
  }
  return policy;
}

}  // namespace muster::cli
