// Theory. A connection is one of:
//
//   closed     no sd_bus. Waiting for the timer if the bus is wanted, else for the next Call.
//   opening    sd_bus_start has begun; calls queue up behind Hello. The timer ends an opening that takes too long: the socket may be
//              there while no daemon accepts, and libsystemd's own limits differ from state to state.
//   ready      Hello was answered. No timer.
//
// Any end of a connection - Disconnected, a failed opening, our timer - goes through Drop(), which closes it, answers every
// pending call with NoReply and begins to wait. It never runs inside one of libsystemd's callbacks on that connection
// but is posted to the loop, so that nothing is freed under its feet.
#include "agent/systemd/system_bus.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace muster {
namespace {

constexpr char kDefaultAddress[] = "unix:path=/run/dbus/system_bus_socket";
constexpr char kNoReplyError[] = "org.freedesktop.DBus.Error.NoReply";
// The default of D-Bus, for a call and for an opening.
constexpr Duration kCallDeadline = 25s;
constexpr Duration kBackoffMin = 100ms;
constexpr Duration kBackoffMax = 30s;
// How late a timer may fire, so that the kernel can join it with another.
constexpr Duration kAccuracy = 10ms;

uint64_t ToUsec(Duration duration) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

BusReply ErrorReply(const char* name, const std::string& message) {
  return {.message = nullptr, .error_name = name, .error_message = message};
}

std::string ErrnoText(int error) { return std::strerror(error < 0 ? -error : error); }

}  // namespace

SystemBus::SystemBus(sd_event* event, Listener& listener)
    : event_(sd_event_ref(event)), listener_(listener), backoff_(kBackoffMin) {
  sd_event_add_defer(event_, &defer_, OnPosted, this);
  sd_event_source_set_enabled(defer_, SD_EVENT_OFF);
  sd_event_add_post(event_, &iteration_, OnIteration, this);
  sd_event_source_set_enabled(iteration_, SD_EVENT_OFF);
  sd_event_add_time(event_, &timer_, CLOCK_MONOTONIC, 0, ToUsec(kAccuracy), OnTimer, this);
  sd_event_source_set_enabled(timer_, SD_EVENT_OFF);
}

SystemBus::~SystemBus() {
  Close();
  for (Pending& call : pending_) sd_bus_slot_unref(call.slot);
  sd_event_source_disable_unref(timer_);
  sd_event_source_disable_unref(iteration_);
  sd_event_source_disable_unref(defer_);
  sd_event_unref(event_);
}

void SystemBus::KeepUp(bool keep_up) {
  keep_up_ = keep_up;
  if (!keep_up_ && is_waiting_) {
    is_waiting_ = false;
    sd_event_source_set_enabled(timer_, SD_EVENT_OFF);
  }
}

void SystemBus::Open() {
  if (bus_ != nullptr || is_waiting_) return;
  const int r = Start();
  if (r < 0) {
    log::Warning("system bus not opened: {}", ErrnoText(r));
    Close();
    if (keep_up_) ScheduleReopen();
    return;
  }
  listener_.OnBusOpened();
}

// Everything here is asynchronous: an answer, or the failure, comes through the loop.
int SystemBus::Start() {
  const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  int r = sd_bus_new(&bus_);
  if (r < 0) return r;
  is_ready_ = false;
  if ((r = sd_bus_set_address(bus_, address == nullptr ? kDefaultAddress : address)) < 0) return r;
  if ((r = sd_bus_set_bus_client(bus_, 1)) < 0) return r;
  if ((r = sd_bus_set_connected_signal(bus_, 1)) < 0) return r;
  sd_bus_set_description(bus_, "system");
  sd_bus_set_method_call_timeout(bus_, ToUsec(kCallDeadline));
  const char* local = "org.freedesktop.DBus.Local";
  const char* path = "/org/freedesktop/DBus/Local";
  r = sd_bus_match_signal(bus_, nullptr, local, path, local, "Connected", OnConnected, this);
  if (r < 0) return r;
  r = sd_bus_match_signal(bus_, nullptr, local, path, local, "Disconnected", OnDisconnected, this);
  if (r < 0) return r;
  if ((r = sd_bus_start(bus_)) < 0) return r;
  if ((r = sd_bus_attach_event(bus_, event_, SD_EVENT_PRIORITY_NORMAL)) < 0) return r;
  SetTimer(kCallDeadline);
  return 0;
}

int SystemBus::OnConnected(sd_bus_message*, void* userdata, sd_bus_error*) {
  auto& self = *static_cast<SystemBus*>(userdata);
  self.is_ready_ = true;
  sd_event_source_set_enabled(self.timer_, SD_EVENT_OFF);
  return 0;
}

int SystemBus::OnDisconnected(sd_bus_message* message, void* userdata, sd_bus_error*) {
  auto& self = *static_cast<SystemBus*>(userdata);
  const sd_bus* lost = sd_bus_message_get_bus(message);
  self.Post([&self, lost] {
    if (self.bus_ == lost) self.Drop("the system bus closed the connection");
  });
  return 0;
}

// The opening took too long, or it is time for the next one.
int SystemBus::OnTimer(sd_event_source*, uint64_t, void* userdata) {
  auto& self = *static_cast<SystemBus*>(userdata);
  if (self.is_waiting_) {
    self.is_waiting_ = false;
    self.Open();
  } else {
    self.Drop("the system bus did not answer");
  }
  return 0;
}

void SystemBus::Drop(const std::string& why) {
  log::Warning("system bus lost: {}", why);
  Close();
  if (keep_up_) ScheduleReopen();
  // A handler may call again; what it adds is not of the lost connection.
  std::list<Pending> lost;
  lost.swap(pending_);
  for (Pending& call : lost) {
    sd_bus_slot_unref(call.slot);
    call.handler(ErrorReply(kNoReplyError, why));
  }
}

void SystemBus::Close() {
  while (!matches_.empty()) RemoveMatch(matches_.front().number);
  is_ready_ = false;
  if (!is_waiting_) sd_event_source_set_enabled(timer_, SD_EVENT_OFF);
  // What waited to be sent never will be.
  when_sent_.clear();
  sd_event_source_set_enabled(iteration_, SD_EVENT_OFF);
  if (bus_ == nullptr) return;
  sd_bus_detach_event(bus_);
  bus_ = sd_bus_close_unref(bus_);
}

void SystemBus::SetTimer(Duration delay) {
  uint64_t now_usec = 0;
  sd_event_now(event_, CLOCK_MONOTONIC, &now_usec);
  sd_event_source_set_time(timer_, now_usec + ToUsec(delay));
  sd_event_source_set_enabled(timer_, SD_EVENT_ONESHOT);
}

void SystemBus::ScheduleReopen() {
  is_waiting_ = true;
  SetTimer(backoff_);
  backoff_ = std::min(backoff_ * 2, kBackoffMax);
}

void SystemBus::Call(const BusMethod& method, const std::vector<std::string>& arguments,
                     ReplyHandler handler) {
  Open();
  int r = bus_ == nullptr ? -ENOTCONN : 0;
  sd_bus_message* message = nullptr;
  if (r >= 0) {
    r = sd_bus_message_new_method_call(bus_, &message, method.destination, method.path,
                                       method.interface, method.member);
  }
  for (size_t i = 0; r >= 0 && i < arguments.size(); ++i) {
    r = sd_bus_message_append_basic(message, 's', arguments[i].c_str());
  }
  if (r >= 0) {
    const auto call = pending_.insert(pending_.end(), Pending{this, nullptr, handler, {}});
    call->self = call;
    r = sd_bus_call_async(bus_, &call->slot, message, OnReply, &*call, 0);
    if (r < 0) pending_.erase(call);
  }
  sd_bus_message_unref(message);
  if (r >= 0) return;
  Post([handler = std::move(handler), r] {
    handler(ErrorReply(kDisconnectedError, "the system bus is not there: " + ErrnoText(r)));
  });
}

int SystemBus::OnReply(sd_bus_message* message, void* userdata, sd_bus_error*) {
  auto& call = *static_cast<Pending*>(userdata);
  SystemBus& self = *call.bus;
  if (const sd_bus_error* error = sd_bus_message_get_error(message)) {
    self.Answer(call.self,
                ErrorReply(error->name, error->message == nullptr ? "" : error->message));
  } else {
    self.backoff_ = kBackoffMin;  // a connection that answers is a good one
    self.Answer(call.self, {.message = message, .error_name = {}, .error_message = {}});
  }
  return 0;
}

void SystemBus::Answer(std::list<Pending>::iterator call, const BusReply& reply) {
  const ReplyHandler handler = std::move(call->handler);
  sd_bus_slot_unref(call->slot);
  pending_.erase(call);
  handler(reply);
}

SystemBus::MatchNumber SystemBus::AddMatch(const std::string& rule, SignalHandler handler) {
  if (bus_ == nullptr) return 0;
  const auto match =
      matches_.insert(matches_.end(), Match{++last_match_, nullptr, std::move(handler)});
  const int r =
      sd_bus_add_match_async(bus_, &match->slot, rule.c_str(), OnSignal, nullptr, &*match);
  if (r >= 0) return match->number;
  // Only a connection that is being lost refuses a match; Disconnected is on its way.
  log::Warning("system bus match not added: {}", ErrnoText(r));
  matches_.erase(match);
  return 0;
}

// Frees the slot only: libsystemd then sends RemoveMatch without waiting for an answer.
void SystemBus::RemoveMatch(MatchNumber number) {
  const auto match = std::find_if(matches_.begin(), matches_.end(),
                                  [number](const Match& one) { return one.number == number; });
  if (match == matches_.end()) return;
  sd_bus_slot_unref(match->slot);
  matches_.erase(match);
}

int SystemBus::OnSignal(sd_bus_message* message, void* userdata, sd_bus_error*) {
  // A copy: the handler may remove the match that it came by.
  const SignalHandler handler = static_cast<Match*>(userdata)->handler;
  handler(message);
  return 0;
}

bool SystemBus::HasUnsent() const {
  uint64_t unsent = 0;
  return bus_ != nullptr &&
         (!is_ready_ || sd_bus_get_n_queued_write(bus_, &unsent) < 0 || unsent > 0);
}

void SystemBus::WhenSent(std::function<void()> sent) {
  if (bus_ == nullptr) return;
  when_sent_.push_back(std::move(sent));
  if (HasUnsent()) {
    sd_event_source_set_enabled(iteration_, SD_EVENT_ON);
  } else {
    RunSent();
  }
}

// After each iteration of the loop that did something, while a call has not left.
int SystemBus::OnIteration(sd_event_source*, void* userdata) {
  auto& self = *static_cast<SystemBus*>(userdata);
  if (!self.HasUnsent()) self.RunSent();
  return 0;
}

void SystemBus::RunSent() {
  sd_event_source_set_enabled(iteration_, SD_EVENT_OFF);
  std::deque<std::function<void()>> sent;
  sent.swap(when_sent_);
  for (const auto& function : sent) function();
}

void SystemBus::Post(std::function<void()> function) {
  posted_.push_back(std::move(function));
  sd_event_source_set_enabled(defer_, SD_EVENT_ONESHOT);
}

int SystemBus::OnPosted(sd_event_source*, void* userdata) {
  auto& self = *static_cast<SystemBus*>(userdata);
  std::deque<std::function<void()>> posted;
  posted.swap(self.posted_);
  for (const auto& function : posted) function();
  return 0;
}

}  // namespace muster
