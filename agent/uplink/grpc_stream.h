// One bidirectional gRPC stream to one address of a controller, from connect to its end; see grpc_stream.cc for its life.
// Owned by H2Uplink. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/uplink/controller_address.h"
#include "agent/uplink/event_source.h"
#include "agent/uplink/h2_session.h"
#include "agent/uplink/tls_socket.h"
#include "common/identity.h"
#include "common/limits.h"

namespace muster {

// Called from the loop only, never from inside a call to the stream.
class GrpcStreamHandler {
 public:
  virtual ~GrpcStreamHandler() = default;
  // The peer is a controller and the call is submitted: messages may be sent.
  virtual void OnStreamOpen() = 0;
  virtual void OnStreamMessage(std::string_view message) = 0;
  // The last call. `why` is one sentence. The stream may be destroyed from here.
  virtual void OnStreamEnd(const std::string& why) = 0;
};

struct GrpcStreamConfig {
  std::string path = "/muster.v1.AgentGateway/Attach";
  std::string tls_dir;
  std::string controller_pattern = IdentityPatterns().controller;
  // For TCP alone. A dead address must not eat the attempt; Linux repeats a lost SYN after 1, 3, 7 and 15 s.
  Duration connect_timeout = 20s;
  // From then on until the controller answers the call.
  Duration attach_timeout = limits::kAttachTimeout;
  // No byte for this long is death; until the controller tells its own ping interval.
  Duration silence_limit =
      std::chrono::duration_cast<Duration>(limits::kPingInterval * limits::kSilenceFactor);
};

class GrpcStream {
 public:
  GrpcStream(sd_event* event, const GrpcStreamConfig& config, const Endpoint& endpoint,
             GrpcStreamHandler& handler);
  GrpcStream(const GrpcStream&) = delete;
  GrpcStream& operator=(const GrpcStream&) = delete;

  void Start();
  // Queues a message with its prefix (FramePrefix). If more than limits::kMaxOutboxBytes would
  // wait, the stream ends. Before it is open and after its end the message is dropped.
  void Send(std::string frame);
  void SetSilenceLimit(Duration limit);
  // Ends the stream for something the peer did: "the controller at ADDRESS" and `what`.
  void Fail(std::string_view what);
  // Reads and writes nothing meanwhile. Only while it is open.
  void SetDeaf(bool is_deaf);
  // Writes what is queued, blocking for at most `flush_timeout`, then closes. The handler is not called any more.
  void Close(Duration flush_timeout);

  bool is_open() const { return state_ == State::kOpen; }
  // TCP has connected at some time: there was a machine at that address.
  bool was_connected() const { return was_connected_; }
  // The peer has ended it with FAILED_PRECONDITION.
  bool was_refused() const { return session_.is_refused(); }

 private:
  enum class State { kNew, kConnecting, kHandshaking, kOpen, kEnded };

  absl::Status Connect();
  void OnReady();
  void FinishConnect();
  void Handshake();
  void Pump();
  void OnDeadline();
  void OnSoon();

  void ReadAll();
  void Deliver();
  void WriteAll();
  void WatchWritable();
  void End(std::string why);
  void ReleaseAll();
  void FlushUntil(Time deadline, const Clock& clock);

  sd_event* const event_;
  const GrpcStreamConfig config_;
  const Endpoint endpoint_;
  GrpcStreamHandler& handler_;

  State state_ = State::kNew;
  bool was_connected_ = false;
  bool answered_ = false;
  bool is_deaf_ = false;
  bool is_closing_ = false;  // in Close: messages are not delivered any more
  Duration silence_limit_;
  std::optional<TlsSocket> socket_;
  H2Session session_;
  std::string why_;       // the stream has ended, until the loop can say it
  uint32_t watched_ = 0;  // epoll events
  EventSource io_;
  EventSource deadline_;  // the one timer, for whatever the state waits for
  EventSource soon_;
};

}  // namespace muster
