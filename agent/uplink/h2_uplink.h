// The agent's uplink: keeps one stream to one of its controllers open, for ever. See h2_uplink.cc for when it tries which.
//
// Owned by the program; loop thread only; makes no thread and no global, so that one program may
// hold thousands. Logs each end and each failed attempt with its sentence, which OnDown also tells.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "agent/uplink/controller_address.h"
#include "agent/uplink/grpc_stream.h"
#include "agent/uplink/uplink.h"

namespace muster {

struct UplinkConfig {
  // Tried in this order; at least one.
  std::vector<HostPort> controllers;
  GrpcStreamConfig stream;
};

// "host:port,host:port" of the command line. INVALID_ARGUMENT with what is expected.
absl::StatusOr<std::vector<HostPort>> ParseControllers(const std::string& text);

class H2Uplink final : public Uplink, private GrpcStreamHandler {
 public:
  // All but the configuration must outlive the uplink. `random` spreads the reconnects: seed it differently on each node.
  H2Uplink(sd_event* event, const UplinkConfig& config, UplinkHandler& handler,
           std::mt19937_64& random);
  ~H2Uplink() override;
  H2Uplink(const H2Uplink&) = delete;
  H2Uplink& operator=(const H2Uplink&) = delete;

  void Start() override;
  void Send(const AgentMessage& message) override;
  void Reject(const std::string& why) override;
  void Stop() override;

  // Another list, from the next attempt on; the stream stays. At least one.
  void SetControllers(std::vector<HostPort> controllers);

  // For agents that test a controller. Break ends the stream as a connection that breaks would. A stream that is deaf reads and writes
  // nothing, and stays open for as long as both sides let it; the next one hears again.
  void Break();
  void SetDeaf(bool is_deaf);

 private:
  void OnStreamOpen() override;
  void OnStreamMessage(std::string_view bytes) override;
  void OnStreamEnd(const std::string& why) override;

  void StartAttempt();
  void OnAddresses(absl::StatusOr<std::vector<Endpoint>> endpoints);
  void ConnectNext();
  void OnWelcome(const Welcome& welcome);
  void StreamEnded(const std::string& why);
  void AttemptFailed(const std::string& why, bool controller_was_there);
  void TryAgainAfter(Duration delay, const std::string& why);

  sd_event* const event_;
  UplinkConfig config_;
  UplinkHandler& handler_;
  std::mt19937_64& random_;
  EventSource retry_;

  SystemClock clock_;
  size_t current_ = 0;          // of config_.controllers
  size_t unreachable_ = 0;      // controllers that nobody listened at, one after the other
  uint32_t failures_ = 0;       // in a row
  uint32_t fleet_size_ = 0;     // from the last Welcome
  std::optional<Time> opened_;  // when the stream opened; nothing while there is none
  bool has_welcome_ = false;    // on this stream
  bool is_rejected_ = false;    // this stream

  std::unique_ptr<AddressLookup> lookup_;
  std::deque<Endpoint> endpoints_;  // of the current controller, still to be tried
  std::unique_ptr<GrpcStream> stream_;
};

}  // namespace muster
