// Where a controller listens, from host and port to socket addresses. A numeric host needs nothing
// but parsing; a name is looked up in a short-lived child, because getaddrinfo() blocks for as long
// as dead name servers make it (30 s and more), the alternatives that do not block start a thread,
// and the loop must go on serving restarts that are under way.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "agent/uplink/event_source.h"
#include "common/host_port.h"
#include "common/status.h"

namespace muster {

// One socket address of a controller.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::string host;  // as configured; a name goes into the TLS hello, a number does not
  bool host_is_name = false;
  std::string text;  // for people: "ncn-m001:7443 (10.252.1.4)"
};

// One look-up. Loop thread only. Destroying it ends it and its child.
class AddressLookup {
 public:
  using Done = std::function<void(absl::StatusOr<std::vector<Endpoint>>)>;

  // Calls `done` once, from the loop and not from here, with at least one endpoint and at most
  // eight, or with UNAVAILABLE and a sentence. The callee may destroy this object.
  AddressLookup(sd_event* event, const HostPort& address, Duration timeout, Done done);
  ~AddressLookup();
  AddressLookup(const AddressLookup&) = delete;
  AddressLookup& operator=(const AddressLookup&) = delete;

 private:
  absl::Status StartChild(sd_event* event);
  void ReadAnswer();
  void Finish(absl::StatusOr<std::vector<Endpoint>> result);
  void EndChild();

  const HostPort address_;
  Done done_;
  absl::StatusOr<std::vector<Endpoint>> result_;
  EventSource finish_soon_;
  EventSource timer_;
  EventSource answer_;
  pid_t child_ = -1;
  int answer_fd_ = -1;
};

}  // namespace muster
