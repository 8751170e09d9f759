// One gRPC call over one HTTP/2 connection, as bytes in and bytes out: no socket, no clock. Loop thread only; calls nobody.
//
// Its end is said as a verb phrase that follows "the controller at ADDRESS".
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/uplink/grpc_frame.h"
#include "agent/uplink/outbox.h"
#include "common/status.h"

namespace muster {

class H2Session {
 public:
  // `max_message_bytes` bounds one message from the peer, `max_outbox_bytes` what waits for it.
  H2Session(size_t max_message_bytes, size_t max_outbox_bytes);
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Submits the call of `path`. Once, before anything else.
  void Open(const std::string& authority, const std::string& path);
  // Queues one framed message. False if too much waits already.
  [[nodiscard]] bool Queue(std::string frame);
  // Nothing more will be queued: the call's request ends after what is.
  void FinishRequest();

  void Receive(std::string_view bytes);
  // The messages that have arrived, in order; those before the end count.
  std::vector<std::string> TakeMessages() { return std::exchange(messages_, {}); }

  // What to write next; empty: nothing now. This, too, can end the call, if the peer broke the
  // rules. The bytes stay as they are until Wrote has taken them all.
  std::string_view Pending();
  void Wrote(size_t count) { pending_.remove_prefix(count); }

  // The peer has answered the call, with a good response or a bad one.
  bool answered() const { return answered_; }
  // The request has ended and all of it was handed to the socket.
  bool is_flushed() const { return request_ended_ && pending_.empty(); }
  size_t queued_bytes() const { return outbox_.size(); }
  // The peer has ended the call with this status: FAILED_PRECONDITION.
  bool is_refused() const { return is_refused_; }
  // How the call ended, if it has.
  const std::optional<std::string>& end() const { return end_; }

 private:
  struct SessionRelease {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  static std::unique_ptr<nghttp2_session, SessionRelease> NewSession(H2Session* self);
  static ssize_t ReadBody(nghttp2_session*, int32_t stream, uint8_t* to, size_t size,
                          uint32_t* flags, nghttp2_data_source* source, void*);

  void OnHeader(std::string_view name, std::string_view value);
  void OnHeadersDone(bool ends_stream);
  void OnResponse();
  void OnTrailers();
  void OnData(std::string_view bytes);
  void OnGoAway(const nghttp2_goaway& frame);
  void OnGivenUp(const nghttp2_goaway& frame);
  void OnClosed(uint32_t error_code);
  // The first end counts; what follows it is its consequence.
  void End(std::string what);

  Outbox outbox_;
  FrameReader reader_;
  std::unique_ptr<nghttp2_session, SessionRelease> session_;
  int32_t stream_ = -1;
  bool request_ends_ = false;
  bool request_ended_ = false;
  std::string_view pending_;

  bool answered_ = false;
  std::vector<std::string> messages_;
  // Of the header block that is being read.
  std::string http_status_;
  std::string content_type_;
  std::optional<std::string> grpc_status_;
  std::string grpc_message_;
  // For the sentence at the end: what nghttp2 last complained about, and what the peer's GOAWAY said.
  std::string complaint_;
  bool peer_reset_ = false;
  std::string goaway_;
  bool is_refused_ = false;
  std::optional<std::string> end_;
};

}  // namespace muster
