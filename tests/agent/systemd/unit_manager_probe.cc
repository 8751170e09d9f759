// Drives SdBusUnitManager on a real host, step by step, and prints each thing that comes as one line of key=value:
//
//   unit_manager_probe [-t SECONDS] STEP...
//   STEP: watch:UNIT unwatch:UNIT inspect:UNIT restart:UNIT   wait for the answer, then go on
//         call:UNIT     restart without waiting for the answer
//         job           wait for the end of the last restart's job
//         restored      wait until a watch was restored
//         classify      print what ClassifyAfterJob makes of the first inspection, the job and the last inspection
//         run:COMMAND   system(3)
//         idle:SECONDS  do nothing but listen
//
// Ends with status 1 if not all steps were done within the time (30 s).
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/systemd/sdbus_unit_manager.h"
#include "agent/systemd/unit_result.h"
#include "common/log.h"

namespace muster {
namespace {

using Step = std::pair<std::string, std::string>;

template <typename... Args>
void Print(fmt::format_string<Args...> format, Args&&... args) {
  std::puts(fmt::format(format, std::forward<Args>(args)...).c_str());
  std::fflush(stdout);
}

void PrintState(const UnitState& s) {
  Print(
      "inspected unit={} load={} active={} sub={} result={} invocation={} code={} status={} "
      "restarts={} job={} reload={} condition={} age_ms={}",
      s.unit, s.load_state, s.active_state, s.sub_state, s.result, s.invocation_id,
      s.exec_main_code, s.exec_main_status, s.restarts, s.job_id, s.need_daemon_reload,
      s.condition_result, s.active_age ? s.active_age->count() / 1000000 : -1);
}

class Probe final : public UnitManager::Handler {
 public:
  Probe(sd_event* event, std::vector<Step> steps)
      : event_(event), steps_(std::move(steps)), manager_(event, *this) {}

  void Next() {
    if (next_ == steps_.size()) {
      sd_event_exit(event_, 0);
      return;
    }
    const auto [verb, argument] = steps_[next_++];
    is_calling_ = true;
    Do(verb, argument);
    is_calling_ = false;
  }

  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override {
    Print("job-removed unit={} job={} result={}", unit, job_id, result);
    job_results_[job_id] = result;
    if (std::exchange(waits_for_job_, false)) AwaitJob();
  }

  void OnUnitsChanged() override {}

  void OnWatchRestored(const std::string& unit) override {
    Print("watch-restored unit={}", unit);
    ++restored_;
    if (std::exchange(waits_for_restored_, false)) Next();
  }

 private:
  void Do(const std::string& verb, const std::string& argument) {
    if (verb == "watch") {
      manager_.Watch(argument, [this, argument](const absl::Status& status) {
        CheckOutside();
        Print("watched unit={} status=\"{}\"", argument, status.ok() ? "OK" : Message(status));
        Next();
      });
    } else if (verb == "unwatch") {
      manager_.Unwatch(argument);
      Next();
    } else if (verb == "inspect") {
      manager_.Inspect(argument, [this](const absl::StatusOr<UnitState>& state) {
        CheckOutside();
        OnInspected(state);
        Next();
      });
    } else if (verb == "restart" || verb == "call") {
      const bool waits = verb == "restart";
      manager_.Restart(argument, [this, waits](const RestartAnswer& answer) {
        CheckOutside();
        Print("restarted job={} error={} message=\"{}\" unknown={}", answer.job_id,
              answer.error_name, answer.error_message, IsEffectUnknown(answer));
        answer_ = answer;
        if (waits) Next();
      });
      if (!waits) Next();
    } else if (verb == "job") {
      AwaitJob();
    } else if (verb == "restored") {
      restored_ > 0 ? Next() : void(waits_for_restored_ = true);
    } else if (verb == "classify") {
      Classify();
      Next();
    } else if (verb == "run") {
      Print("ran status={}", std::system(argument.c_str()));
      Next();
    } else if (verb == "idle") {
      Print("idle pid={}", getpid());
      After(std::strtoul(argument.c_str(), nullptr, 10));
    } else {
      Print("unknown step {}", verb);
      sd_event_exit(event_, 2);
    }
  }

  void OnInspected(const absl::StatusOr<UnitState>& state) {
    if (!state.ok()) return Print("inspected error=\"{}\"", Message(state.status()));
    PrintState(*state);
    if (!first_) first_ = *state;
    last_ = *state;
  }

  // An answer inside the call would break the seam's promise.
  void CheckOutside() {
    if (!is_calling_) return;
    Print("answered inside the call");
    sd_event_exit(event_, 3);
  }

  void AwaitJob() {
    if (answer_.job_id != 0 && job_results_.contains(answer_.job_id)) {
      Next();
    } else {
      waits_for_job_ = true;
    }
  }

  void Classify() {
    if (!first_ || !last_) return;
    const auto outcome = answer_.error_name.empty()
                             ? ClassifyAfterJob(*first_, job_results_[answer_.job_id], *last_)
                             : std::optional<Outcome>(ClassifyCallError(answer_, *first_));
    Print("outcome reason={} detail=\"{}\"", outcome ? Name(outcome->reason) : "SETTLE",
          outcome ? outcome->detail : "");
  }

  void After(uint64_t seconds) {
    uint64_t now = 0;
    sd_event_now(event_, CLOCK_MONOTONIC, &now);
    sd_event_add_time(
        event_, nullptr, CLOCK_MONOTONIC, now + seconds * 1000000, 0,
        [](sd_event_source*, uint64_t, void* probe) {
          static_cast<Probe*>(probe)->Next();
          return 0;
        },
        this);
  }

  sd_event* event_;
  std::vector<Step> steps_;
  size_t next_ = 0;
  bool is_calling_ = false;
  Boxed<UnitState> first_, last_;
  RestartAnswer answer_;
  std::map<uint32_t, std::string> job_results_;
  bool waits_for_job_ = false;
  bool waits_for_restored_ = false;
  int restored_ = 0;
  SdBusUnitManager manager_;
};

int Run(int argc, char** argv) {
  uint64_t limit_seconds = 30;
  int option = 0;
  while ((option = getopt(argc, argv, "+t:")) > 0) {
    if (option == 't') limit_seconds = std::strtoul(optarg, nullptr, 10);
  }
  std::vector<Step> steps;
  for (int i = optind; i < argc; ++i) {
    const std::string step = argv[i];
    const size_t colon = step.find(':');
    steps.emplace_back(step.substr(0, colon),
                       colon == std::string::npos ? "" : step.substr(colon + 1));
  }

  sd_event* event = nullptr;
  if (sd_event_new(&event) < 0) return 2;
  uint64_t now = 0;
  sd_event_now(event, CLOCK_MONOTONIC, &now);
  // The time's up: its user data is the exit status.
  sd_event_add_time(event, nullptr, CLOCK_MONOTONIC, now + limit_seconds * 1000000, 0, nullptr,
                    reinterpret_cast<void*>(1));
  int status = 0;
  {
    Probe probe(event, std::move(steps));
    probe.Next();
    status = sd_event_loop(event);
  }
  sd_event_unref(event);
  return status;
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  muster::log::Init("unit_manager_probe", muster::log::Level::kDebug);
  return muster::Run(argc, argv);
}
