#include "agent/swarm/simulated_units.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <utility>

namespace muster::swarm {
namespace {

constexpr char kUnit[] = "cray-orca.service";
constexpr Duration kDiesAfter = 500ms;

std::string NewInvocation(std::mt19937_64& random) {
  return fmt::format("{:016x}{:016x}", random(), random());
}

UnitState NotFound(const std::string& unit) {
  UnitState state;
  state.unit = unit;
  state.load_state = "not-found";
  state.active_state = "inactive";
  state.sub_state = "dead";
  return state;
}

}  // namespace

SimulatedUnits::SimulatedUnits(sd_event* event, const Profile& profile, Handler& handler,
                               Process& process, std::mt19937_64& random)
    : profile_(profile), handler_(handler), process_(process), random_(random) {
  soon_ = MakeDeferred(
      event,
      [](sd_event_source*, void* self) {
        static_cast<SimulatedUnits*>(self)->RunLater();
        return 0;
      },
      this);
  timer_ = MakeTimer(
      event, std::chrono::microseconds(1),
      [](sd_event_source*, uint64_t, void* self) {
        static_cast<SimulatedUnits*>(self)->Go();
        return 0;
      },
      this);
  unit_.unit = kUnit;
  unit_.load_state = "loaded";
  unit_.condition_result = true;
  unit_.invocation_id = NewInvocation(random_);
  BecomeActive();
}

void SimulatedUnits::Watch(const std::string&, std::function<void(absl::Status)> done) {
  Later([done = std::move(done)] { done(absl::OkStatus()); });
}

void SimulatedUnits::Inspect(const std::string& unit,
                             std::function<void(absl::StatusOr<UnitState>)> done) {
  Later([this, unit, done = std::move(done)] { done(unit == kUnit ? State() : NotFound(unit)); });
}

void SimulatedUnits::Restart(const std::string& unit, std::function<void(RestartAnswer)> done) {
  if (unit != kUnit) {
    return Later([unit, done = std::move(done)] {
      done({0, "org.freedesktop.systemd1.NoSuchUnit", fmt::format("Unit {} not found.", unit)});
    });
  }
  if (const uint32_t old = std::exchange(unit_.job_id, 0); old != 0)
    Later([this, old] { handler_.OnJobRemoved(kUnit, old, "canceled"); });
  process_.OnStop();
  const uint32_t job = static_cast<uint32_t>(++restarts_);
  unit_.job_id = job;
  unit_.active_state = "activating";
  unit_.sub_state = "start";
  unit_.result = "success";
  unit_.exec_main_code = 0;
  unit_.exec_main_status = 0;
  unit_.invocation_id = NewInvocation(random_);
  handler_.OnUnitsChanged();
  Later([job, done = std::move(done)] { done({job, {}, {}}); });

  const double what = std::uniform_real_distribution<>(0, 1)(random_);
  const double up_to_fails = profile_.fails;
  const double up_to_hangs = up_to_fails + profile_.hangs;
  const double up_to_dies = up_to_hangs + profile_.dies;
  const double up_to_forgets = up_to_dies + profile_.forgets;
  const bool fails = what < up_to_fails;
  const bool hangs = !fails && what < up_to_hangs;
  dies_ = what >= up_to_hangs && what < up_to_dies;
  forgets_ = what >= up_to_dies && what < up_to_forgets;
  next_ = fails ? Next::kFailed : Next::kActive;
  if (hangs) return Disarm(timer_);
  Arm(timer_, Duration(std::uniform_int_distribution<int64_t>(
                  profile_.shortest_start.count(), profile_.longest_start.count())(random_)));
}

void SimulatedUnits::SetFailed(bool is_failed) {
  if (unit_.job_id != 0 || (unit_.active_state == "failed") == is_failed) return;
  if (is_failed) {
    Fail();
  } else {
    unit_.invocation_id = NewInvocation(random_);
    BecomeActive();
  }
  handler_.OnUnitsChanged();
}

void SimulatedUnits::Later(std::function<void()> what) {
  later_.push_back(std::move(what));
  RunSoon(soon_);
}

void SimulatedUnits::RunLater() {
  // What is asked for meanwhile is for the next turn.
  for (std::deque<std::function<void()>> now = std::exchange(later_, {}); !now.empty();
       now.pop_front()) {
    now.front()();
  }
}

void SimulatedUnits::Go() {
  const Next next = std::exchange(next_, Next::kNothing);
  if (next == Next::kNothing) return;
  const uint32_t job = std::exchange(unit_.job_id, 0);
  if (next == Next::kActive) BecomeActive();
  if (next != Next::kActive) Fail();
  handler_.OnUnitsChanged();
  if (next == Next::kActive && !forgets_) process_.OnSubscribe(unit_.invocation_id);
  if (next == Next::kActive && dies_) {
    next_ = Next::kDead;
    Arm(timer_, kDiesAfter);
  }
  if (job != 0) handler_.OnJobRemoved(kUnit, job, next == Next::kActive ? "done" : "failed");
}

void SimulatedUnits::BecomeActive() {
  unit_.active_state = "active";
  unit_.sub_state = "running";
  unit_.result = "success";
  active_since_ns_ = clock_.BoottimeNs();
}

void SimulatedUnits::Fail() {
  process_.OnStop();
  unit_.active_state = "failed";
  unit_.sub_state = "failed";
  unit_.result = "exit-code";
  unit_.exec_main_code = CLD_EXITED;
  unit_.exec_main_status = 1;
}

UnitState SimulatedUnits::State() const {
  UnitState state = unit_;
  if (state.active_state == "active")
    state.active_age = Duration(clock_.BoottimeNs() - active_since_ns_);
  return state;
}

}  // namespace muster::swarm
