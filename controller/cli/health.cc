// muster health [TARGETS] [--by PART] [--watch] [--events] - how the fleet is, on one screen; or what has happened to it.
#include <fmt/core.h>
#include <google/protobuf/util/time_util.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/health_text.h"
#include "controller/cli/job_id.h"
#include "controller/cli/screen_text.h"
#include "controller/cli/terminal.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

// Agents tell what changes; this is how often the controller is asked, and the screen drawn anew.
constexpr Duration kRedraw = 1s;
// How soon a screen of another size is drawn.
constexpr Duration kLook = 100ms;
// Where nothing can be drawn over, a text follows the last one after this time, and only if it is another.
constexpr Duration kRepeatInterval = 10s;
// For one answer, while others are on the screen.
constexpr std::chrono::seconds kAnswerWithin{5};
constexpr char kWhat[] = "look at the fleet's health";

struct HealthOptions {
  TargetOptions targets;
  v1::HealthBy by = v1::HEALTH_BY_UNSPECIFIED;
  bool watch = false;
  bool events = false;
};

absl::StatusOr<v1::Health> GetHealth(Connection& connection, const v1::GetHealthRequest& request) {
  v1::Health health;
  const absl::Status status =
      connection.Call(&v1::Controller::Stub::GetHealth, kWhat, request, health);
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

// Keeps the fleet's health on the screen until Ctrl-C. A controller that is started again is waited for: what is shown says then that it is
// old.
class HealthWatch {
 public:
  HealthWatch(Connection& connection, const v1::GetHealthRequest& request,
              const GlobalOptions& global)
      : connection_(connection), request_(request), global_(global) {
    // Documents follow one another on any terminal.
    if (global.output != OutputFormat::kTable) terminal_.has_escapes = false;
  }

  ExitCode Run() {
    // The first answer is waited for as every verb does.
    absl::StatusOr<v1::Health> health = GetHealth(connection_, request_);
    if (!health.ok()) return Fail(health.status());
    for (;;) {
      if (health.ok()) {
        Take(*health);
      } else if (!is_away_) {
        return Fail(health.status());
      }
      Show();
      if (!SleepAndRedraw()) return ExitCode::kStoppedWaiting;
      health = AskOnce();
      if (connection_.interrupt().IsRaised()) return ExitCode::kStoppedWaiting;
    }
  }

 private:
  using SteadyClock = std::chrono::steady_clock;

  absl::StatusOr<v1::Health> AskOnce() {
    grpc::ClientContext context;
    const Interrupt::Cancels cancels(connection_.interrupt(), context);
    context.set_deadline(std::chrono::system_clock::now() + kAnswerWithin);
    v1::Health health;
    const grpc::Status status = connection_.stub().GetHealth(&context, request_, &health);
    if (status.ok()) return health;
    is_away_ = IsTransient(status);
    return connection_.Explain(kWhat, status);
  }

  void Take(const v1::Health& health) {
    text_ = TextOf(health, global_);
    time_ = google::protobuf::util::TimeUtil::GetCurrentTime();
    is_away_ = false;
  }

  void Show() {
    if (terminal_.has_escapes) return DrawNow();
    if (is_away_ != std::exchange(has_told_, is_away_))
      fmt::print(stderr, "muster: {}\n", is_away_ ? AsOf() : "the controller answers again");
    if (text_ == shown_ || SteadyClock::now() < next_) return;
    Print(text_);
    shown_ = text_;
    next_ = SteadyClock::now() + kRepeatInterval;
  }

  void DrawNow() const { Draw(is_away_ ? AsOf() + "\n" + text_ : text_, terminal_); }

  // By the clock here, in UTC.
  std::string AsOf() const {
    const std::string time = FormatTime(time_);
    return fmt::format("as of {}; the controller does not answer", time.substr(time.find(' ') + 1));
  }

  // For kRedraw; draws again when the screen has got another size. False when it is interrupted.
  bool SleepAndRedraw() {
    const auto end = SteadyClock::now() + kRedraw;
    while (SteadyClock::now() < end) {
      if (!connection_.interrupt().SleepFor(kLook)) return false;
      if (connection_.interrupt().TakeNewSize() && terminal_.has_escapes) DrawNow();
    }
    return true;
  }

  Connection& connection_;
  const v1::GetHealthRequest& request_;
  const GlobalOptions& global_;
  Terminal terminal_ = Terminal::Of(STDOUT_FILENO);
  std::string text_;  // of the last answer, which came at
  google::protobuf::Timestamp time_;
  bool is_away_ = false;
  // Where nothing is drawn over: what was printed last, when something may be printed again, and whether it was said that the controller is
  // away.
  std::string shown_;
  SteadyClock::time_point next_ = SteadyClock::now();
  bool has_told_ = false;
};

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
  if (options.watch) return HealthWatch(**connection, request, global).Run();
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
