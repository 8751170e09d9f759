// A connection to the D-Bus system bus on the owner's event loop: opened at the first call, asynchronous only, and
// opened again after a loss. Loop thread only; destroying it calls nothing.
//
// Every handler is called exactly once, from the loop and never inside Call(): with systemd's reply, with a D-Bus error, or with
// NoReply after 25 s or when the bus is lost (the effect is then unknown), or with Disconnected if nothing was sent.
// While KeepUp(true), a lost bus is opened again after 100 ms, doubling to 30 s; else at the next call. When
// nothing is under way there is no timer and no match, so nothing wakes the process.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/time.h"

namespace muster {

// The error that a call answers with when there is no bus to send it on.
inline constexpr char kDisconnectedError[] = "org.freedesktop.DBus.Error.Disconnected";

struct BusReply {
  sd_bus_message* message =
      nullptr;  // null if there is an error; the handler's for the length of its call
  std::string error_name;
  std::string error_message;
  bool ok() const { return error_name.empty(); }
};

struct BusMethod {
  const char* destination;
  const char* path;
  const char* interface;
  const char* member;
};

class SystemBus {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // A connection was opened, the first or a later one: it has no matches, and takes calls.
    virtual void OnBusOpened() = 0;
  };
  using ReplyHandler = std::function<void(const BusReply&)>;
  using SignalHandler = std::function<void(sd_bus_message*)>;

  // `event` and `listener` outlive it.
  SystemBus(sd_event* event, Listener& listener);
  ~SystemBus();
  SystemBus(const SystemBus&) = delete;
  SystemBus& operator=(const SystemBus&) = delete;

  // Whether the bus is wanted even when nobody calls.
  void KeepUp(bool keep_up);
  bool is_open() const { return bus_ != nullptr; }
  // Opens the connection if it is not, and if it is not being waited for.
  void Open();

  // A call whose arguments are all strings.
  void Call(const BusMethod& method, const std::vector<std::string>& arguments,
            ReplyHandler handler);
  // Calls `sent` once every call made so far has left this process.
  void WhenSent(std::function<void()> sent);

  // Signals of that rule reach `handler` until RemoveMatch of what is answered, or until the connection ends.
  using MatchNumber = uint64_t;
  MatchNumber AddMatch(const std::string& rule, SignalHandler handler);
  // Nothing if it is gone.
  void RemoveMatch(MatchNumber number);

 private:
  struct Pending {
    SystemBus* bus;
    sd_bus_slot* slot = nullptr;
    ReplyHandler handler;
    std::list<Pending>::iterator self;
  };
  struct Match {
    MatchNumber number = 0;
    sd_bus_slot* slot = nullptr;
    SignalHandler handler;
  };

  static int OnReply(sd_bus_message* message, void* userdata, sd_bus_error* error);
  static int OnSignal(sd_bus_message* message, void* userdata, sd_bus_error* error);
  static int OnConnected(sd_bus_message* message, void* userdata, sd_bus_error* error);
  static int OnDisconnected(sd_bus_message* message, void* userdata, sd_bus_error* error);
  static int OnTimer(sd_event_source* source, uint64_t usec, void* userdata);
  static int OnPosted(sd_event_source* source, void* userdata);
  static int OnIteration(sd_event_source* source, void* userdata);

  int Start();
  void Drop(const std::string& why);
  void Close();
  void SetTimer(Duration delay);
  void ScheduleReopen();
  void Answer(std::list<Pending>::iterator call, const BusReply& reply);
  void Post(std::function<void()> function);
  bool HasUnsent() const;
  void RunSent();

  sd_event* event_;
  Listener& listener_;
  sd_bus* bus_ = nullptr;
  bool keep_up_ = false;
  bool is_ready_ = false;
  Duration backoff_;
  // Off, or running to the end of a connection attempt, or to the beginning of the next one.
  sd_event_source* timer_ = nullptr;
  bool is_waiting_ = false;  // the timer is for the next attempt
  sd_event_source* defer_ = nullptr;
  sd_event_source* iteration_ = nullptr;
  std::deque<std::function<void()>> posted_;
  std::deque<std::function<void()>> when_sent_;
  std::list<Pending> pending_;
  std::list<Match> matches_;
  MatchNumber last_match_ = 0;
};

}  // namespace muster
