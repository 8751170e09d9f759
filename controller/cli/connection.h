// The way to the controller: one channel, whose calls all have a deadline and are repeated while the controller cannot be
// reached. Every unary call of the protocol may be repeated safely: reads and CancelJob by nature, CreateJob by its request_id.
//
// Owned by the verb; main thread. Errors are one sentence that names the controller's address and what to do.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/status.h"
#include "common/time.h"
#include "controller/cli/interrupt.h"
#include "muster/v1/controller.grpc.pb.h"

namespace muster::cli {

// musterd's operators' port (agents use 7420).
inline constexpr int kOperatorPort = 7421;
// One try of a unary call. A controller that waits for a full disk answers later than this; the next try finds it.
inline constexpr Duration kCallTimeout = 10s;
// Tries of one call, all together: long enough for a restart of the controller. --connect-timeout.
inline constexpr Duration kConnectTimeout = 30s;
// While a job is watched the operator has more patience: a controller may move to another NCN. --reconnect-timeout.
inline constexpr Duration kReconnectTimeout = 5min;

struct ConnectionOptions {
  std::string controller;  // HOST or HOST:PORT
  std::string tls_dir;
  Duration connect_timeout = kConnectTimeout;
  Duration reconnect_timeout = kReconnectTimeout;
};

// "host:7421" for "host", "[::1]:7421" for "::1". INVALID_ARGUMENT with a sentence for what is no address.
absl::StatusOr<std::string> ControllerAddress(const std::string& text);

// Waits that double from 100 ms to 2 s, with full jitter, so that many CLIs do not come back together.
class Backoff {
 public:
  Duration Next();
  void Reset() { limit_ = kFirst; }

 private:
  static constexpr Duration kFirst = 100ms;
  static constexpr Duration kLargest = 2s;
  Duration limit_ = kFirst;
};

class Connection {
 public:
  // Reads the certificates; connects with the first call.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const ConnectionOptions& options);

  // `what` begins the sentence of an error: "list jobs". CANCELLED only if the operator interrupted.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (v1::Controller::Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                    const std::string& what, const Request& request, Response& response) {
    return Retry(what, [&](grpc::ClientContext& context) {
      return (stub_.get()->*method)(&context, request, &response);
    });
  }

  // The sentence for a failed call that was not made by Call.
  absl::Status Explain(const std::string& what, const grpc::Status& status) const;

  // A call has failed that the controller may have received all the same.
  bool MayHaveArrived() const { return may_have_arrived_; }

  v1::Controller::Stub& stub() { return *stub_; }
  Interrupt& interrupt() { return interrupt_; }
  const std::string& address() const { return address_; }
  const ConnectionOptions& options() const { return options_; }

 private:
  Connection(ConnectionOptions options, std::string address);
  absl::Status Retry(const std::string& what,
                     const std::function<grpc::Status(grpc::ClientContext&)>& call);

  Interrupt interrupt_;  // first: before gRPC's threads
  ConnectionOptions options_;
  std::string address_;
  std::unique_ptr<v1::Controller::Stub> stub_;
  bool may_have_arrived_ = false;
};

// A call with this status may work a moment later.
bool IsTransient(const grpc::Status& status);
// A stream with this status will not work later either.
bool IsHopeless(const grpc::Status& status);

}  // namespace muster::cli
