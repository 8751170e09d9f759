// An sd-event source that ends with its owner, and the two kinds of it that are made once and armed
// many times. Loop thread only. One that cannot be made means that memory or, at the start of the
// program, file descriptors have run out, which ends the program with a reason. When the loop has
// finished, arming does nothing: there will be no turn for it.
#pragma once

#include <systemd/sd-event.h>

#include <memory>

#include "common/time.h"

namespace muster {

struct EventSourceRelease {
  void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using EventSource = std::unique_ptr<sd_event_source, EventSourceRelease>;

// A timer, off. It is served after sockets, so that bytes that wait when the process was held up count before the time
// that has passed. `accuracy` is how far its wakeup may move to meet another one.
EventSource MakeTimer(sd_event* event, Duration accuracy, sd_event_time_handler_t handler,
                      void* userdata);
// Arms it once, `delay` from now. Arming again moves it and costs no wakeup.
void Arm(const EventSource& timer, Duration delay);
void Disarm(const EventSource& source);

// Something to do once the code that asks for it has returned, off.
EventSource MakeDeferred(sd_event* event, sd_event_handler_t handler, void* userdata);
void RunSoon(const EventSource& deferred);

// SIGHUP calls the handler. Before any other thread starts.
void CallOnHangup(sd_event* event, sd_event_signal_handler_t handler, void* userdata);

// SIGTERM and SIGINT end the loop, SIGPIPE does nothing. Before any other thread starts.
void EndOnSignals(sd_event* event);

}  // namespace muster
