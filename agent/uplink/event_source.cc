#include "agent/uplink/event_source.h"

#include <signal.h>

#include <cerrno>

#include "common/require.h"

namespace muster {
namespace {

// A loop that has finished refuses with ESTALE.
void RequireOfLoop(int result, const char* what) {
  if (result != -ESTALE) Require(result, what);
}

uint64_t Microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// Without a handler it ends the loop.
void WatchSignal(sd_event* event, int number, sd_event_signal_handler_t handler, void* userdata) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  RequireOfLoop(sd_event_add_signal(event, nullptr, number, handler, userdata), "watch a signal");
}

}  // namespace

EventSource MakeTimer(sd_event* event, Duration accuracy, sd_event_time_handler_t handler,
                      void* userdata) {
  sd_event_source* source = nullptr;
  RequireOfLoop(sd_event_add_time(event, &source, CLOCK_MONOTONIC, UINT64_MAX,
                                  Microseconds(accuracy), handler, userdata),
                "make a timer");
  EventSource timer(source);
  RequireOfLoop(sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 10),
                "order a timer");
  Disarm(timer);
  return timer;
}

void Arm(const EventSource& timer, Duration delay) {
  uint64_t now = 0;
  RequireOfLoop(sd_event_now(sd_event_source_get_event(timer.get()), CLOCK_MONOTONIC, &now),
                "read the loop's clock");
  RequireOfLoop(sd_event_source_set_time(timer.get(), now + Microseconds(delay)), "set a timer");
  RequireOfLoop(sd_event_source_set_enabled(timer.get(), SD_EVENT_ONESHOT), "arm a timer");
}

void Disarm(const EventSource& source) {
  RequireOfLoop(sd_event_source_set_enabled(source.get(), SD_EVENT_OFF), "disarm an event source");
}

EventSource MakeDeferred(sd_event* event, sd_event_handler_t handler, void* userdata) {
  sd_event_source* source = nullptr;
  RequireOfLoop(sd_event_add_defer(event, &source, handler, userdata), "make a deferred call");
  EventSource deferred(source);
  Disarm(deferred);
  return deferred;
}

void RunSoon(const EventSource& deferred) {
  RequireOfLoop(sd_event_source_set_enabled(deferred.get(), SD_EVENT_ONESHOT),
                "ask for a deferred call");
}

void CallOnHangup(sd_event* event, sd_event_signal_handler_t handler, void* userdata) {
  WatchSignal(event, SIGHUP, handler, userdata);
}

void EndOnSignals(sd_event* event) {
  for (const int number : {SIGTERM, SIGINT}) WatchSignal(event, number, nullptr, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace muster
