#include "agent/runner/agent_runner.h"

#include <algorithm>
#include <utility>

#include "common/crash_point.h"

namespace muster {

AgentRunner::AgentRunner(AgentCore::Config config, sd_event* event, LedgerStore& ledger,
                         AgentPlace& place)
    : place_(place),
      core_(std::move(config), ledger, clock_, *this),
      timer_(MakeTimer(event, 0ms, &AgentRunner::OnTimer, this)),
      report_left_(MakeDeferred(event, &AgentRunner::OnReportLeft, this)) {
  // After the uplink has written: what is asked for here happens once the report is on its way.
  sd_event_source_set_priority(report_left_.get(), SD_EVENT_PRIORITY_IDLE);
}

void AgentRunner::OnChanged() {
  if (const std::optional<Time> next = core_.NextDeadline()) {
    Arm(timer_, std::max(*next - Time(Duration(clock_.BoottimeNs())), Duration(0)));
  } else {
    Disarm(timer_);
  }
  place_.OnChanged(core_);
}

void AgentRunner::OnReported() { RunSoon(report_left_); }

int AgentRunner::OnTimer(sd_event_source*, uint64_t, void* userdata) {
  static_cast<AgentRunner*>(userdata)->core_.OnDeadline();
  return 0;
}

int AgentRunner::OnReportLeft(sd_event_source*, void*) {
  CrashPoint("agent.report-sent");
  return 0;
}

}  // namespace muster
