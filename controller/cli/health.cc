// muster health [TARGETS] [--by PART] [--watch] [--events] - how the fleet is, on one screen; or what has happened to it.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/health_text.h"
#include "controller/cli/job_id.h"
#include "controller/cli/screen_text.h"
#include "controller/cli/terminal.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

// Agents tell what changes; this is how often the controller is asked, and the screen drawn anew.
constexpr Duration kRedraw = 1s;
// How soon a screen of another size is drawn.
constexpr Duration kLook = 100ms;
// Where nothing can be drawn over, a text follows the last one after this time, and only if it is another.
constexpr Duration kRepeatInterval = 10s;

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

std::string TextOf(const v1::Health& health, const GlobalOptions& global) {
  return global.output == OutputFormat::kTable ? HealthText(health)
                                               : DocumentText(FromMessage(health), global.output);
}

// From the upper left corner, each line over what was there; the cursor ends below. No line is as wide as the screen: there, terminals
// differ.
void Draw(const std::string& text, const Terminal& terminal) {
  std::string drawn = "\033[H";
  for (const std::string& line : FittedLines(text, terminal.Columns() - 1, terminal.Rows() - 1))
    drawn += line + "\033[K\n";
  Print(drawn + "\033[J");
}

// For kRedraw; draws again when the screen has got another size. False when it is interrupted.
bool SleepAndRedraw(Interrupt& interrupt, const std::string& text, const Terminal& terminal) {
  const auto end = std::chrono::steady_clock::now() + kRedraw;
  while (std::chrono::steady_clock::now() < end) {
    if (!interrupt.SleepFor(kLook)) return false;
    if (interrupt.TakeNewSize() && terminal.has_escapes) Draw(text, terminal);
  }
  return true;
}

ExitCode Watch(Connection& connection, const v1::GetHealthRequest& request,
               const GlobalOptions& global) {
  Terminal terminal = Terminal::Of(STDOUT_FILENO);
  // Documents follow one another on any terminal.
  if (global.output != OutputFormat::kTable) terminal.has_escapes = false;
  std::string shown;
  auto next = std::chrono::steady_clock::now();
  for (;;) {
    const absl::StatusOr<v1::Health> health = GetHealth(connection, request);
    // A controller that is started again is waited for by who watches.
    if (!health.ok() && !absl::IsUnavailable(health.status())) return Fail(health.status());
    const std::string text = health.ok() ? TextOf(*health, global) : shown;
    const auto now = std::chrono::steady_clock::now();
    if (terminal.has_escapes) {
      Draw(text, terminal);
      shown = text;
    } else if (text != shown && now >= next) {
      Print(text);
      shown = text;
      next = now + kRepeatInterval;
    }
    if (!SleepAndRedraw(connection.interrupt(), shown, terminal)) return ExitCode::kStoppedWaiting;
  }
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
  if (options.watch) return Watch(**connection, request, global);
  const absl::StatusOr<v1::Health> health = GetHealth(**connection, request);
  if (!health.ok()) return Fail(health.status());
  Print(TextOf(*health, global));
  return ExitCodeOf(health->verdict());
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
