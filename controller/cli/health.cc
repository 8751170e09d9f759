// muster health [TARGETS] [--by PART] [--watch] [--events] - how the fleet is, on one screen; or what has happened to it.
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/health_text.h"
#include "controller/cli/job_id.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

// Agents tell what changes; this is how often the screen is drawn anew.
constexpr Duration kRedraw = 1s;
constexpr char kClear[] = "\033[H\033[2J";

struct HealthOptions {
  TargetOptions targets;
  v1::HealthBy by = v1::HEALTH_BY_UNSPECIFIED;
  bool watch = false;
  bool events = false;
};

absl::StatusOr<v1::Health> GetHealth(Connection& connection, const v1::GetHealthRequest& request) {
  v1::Health health;
  const absl::Status status = connection.Call(&v1::Controller::Stub::GetHealth,
                                              "look at the fleet's health", request, health);
  MUSTER_RETURN_IF_ERROR(status);
  return health;
}

ExitCode ExitCodeOf(v1::HealthVerdict verdict) {
  switch (verdict) {
    case v1::HEALTH_VERDICT_WELL:
      return ExitCode::kSuccess;
    case v1::HEALTH_VERDICT_DEGRADED:
      return ExitCode::kFailure;
    default:
      return ExitCode::kUnreachable;
  }
}

v1::HealthBy ByOf(const std::string& part) {
  if (part == "cabinet") return v1::HEALTH_BY_CABINET;
  if (part == "chassis") return v1::HEALTH_BY_CHASSIS;
  if (part == "role") return v1::HEALTH_BY_ROLE;
  return v1::HEALTH_BY_UNSPECIFIED;  // by condition it is counted anyway
}

void Show(const v1::Health& health, const HealthOptions& options, const GlobalOptions& global) {
  if (global.output != OutputFormat::kTable)
    return PrintDocument(FromMessage(health), global.output);
  // A terminal keeps one screen, anything else gets one text after another.
  const bool is_screen = options.watch && isatty(STDOUT_FILENO) == 1;
  Print((is_screen ? kClear : "") + HealthText(health));
}

ExitCode ShowEvents(Connection& connection, const v1::GetHealthRequest& of,
                    const GlobalOptions& global) {
  v1::ListHealthEventsRequest request;
  if (of.has_targets()) *request.mutable_targets() = of.targets();
  v1::ListHealthEventsResponse events;
  const absl::Status status = connection.Call(&v1::Controller::Stub::ListHealthEvents,
                                              "list what has happened", request, events);
  if (!status.ok()) return Fail(status);
  if (global.output == OutputFormat::kTable) {
    Print(EventsText(events.events()));
  } else {
    PrintDocument(FromMessage(events), global.output, "/events");
  }
  return ExitCode::kSuccess;
}

ExitCode Health(const HealthOptions& options, const GlobalOptions& global) {
  v1::GetHealthRequest request;
  request.set_by(options.by);
  TargetOptions chosen = options.targets;
  chosen.include_disabled = true;
  if (!chosen.IsEmpty()) {
    absl::StatusOr<v1::Targets> targets = ReadTargets(chosen, std::cin);
    if (!targets.ok()) return Fail(targets.status());
    *request.mutable_targets() = *std::move(targets);
  }
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  if (request.has_targets()) {
    const absl::Status found = ResolveJobIds(**connection, *request.mutable_targets());
    if (!found.ok()) return Fail(found);
  }
  if (options.events) return ShowEvents(**connection, request, global);
  while (true) {
    const absl::StatusOr<v1::Health> health = GetHealth(**connection, request);
    // A controller that is started again is waited for by who watches.
    if (!health.ok() && !(options.watch && absl::IsUnavailable(health.status())))
      return Fail(health.status());
    if (health.ok()) Show(*health, options, global);
    if (!options.watch) return ExitCodeOf(health->verdict());
    std::cout.flush();
    if (!(*connection)->interrupt().SleepFor(kRedraw)) return ExitCode::kStoppedWaiting;
  }
}

}  // namespace

void AddHealth(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb =
      app.add_subcommand("health", "How the fleet is: exit code 0 well, 1 degraded, 3 not known");
  const auto options = std::make_shared<HealthOptions>();
  AddTargetOptions(*verb, options->targets);
  verb->add_option_function<std::string>(
          "--by", [options](const std::string& part) { options->by = ByOf(part); },
          "Count by cabinet, chassis or role, too; by condition it always is")
      ->check(CLI::IsMember({"cabinet", "chassis", "role", "condition"}))
      ->type_name("PART");
  CLI::Option* watch =
      verb->add_flag("--watch", options->watch, "Draw it anew each second, until Ctrl-C");
  verb->add_flag("--events", options->events,
                 "What has happened to the nodes, the newest first; exit code 0")
      ->excludes(watch);
  verb->callback(
      [options, &global, &exit_code] { exit_code = static_cast<int>(Health(*options, global)); });
}

}  // namespace muster::cli
