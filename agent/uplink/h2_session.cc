#include "agent/uplink/h2_session.h"

#include <array>
#include <utility>

#include "common/require.h"
#include "common/version.h"

namespace muster {
namespace {

// The response headers of a gRPC call have a few hundred bytes; a status message may have some thousand.
constexpr uint32_t kMaxHeaderListBytes = 16 << 10;
// FAILED_PRECONDITION, in grpc-status.
constexpr char kFailedPrecondition[] = "9";

void RequireOfHttp2(int result, const char* what) {
  Require(result >= 0, what, nghttp2_strerror(result));
}

std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// nghttp2 copies both: no NGHTTP2_NV_FLAG_NO_COPY_*.
nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

H2Session::H2Session(size_t max_message_bytes, size_t max_outbox_bytes)
    : outbox_(max_outbox_bytes), reader_(max_message_bytes), session_(NewSession(this)) {}

// nghttp2 answers PINGs and SETTINGS and opens the receive windows again by itself.
std::unique_ptr<nghttp2_session, H2Session::SessionRelease> H2Session::NewSession(H2Session* self) {
  nghttp2_session_callbacks* callbacks = nullptr;
  RequireOfHttp2(nghttp2_session_callbacks_new(&callbacks), "set up HTTP/2");
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
        static_cast<H2Session*>(user)->OnHeader(Text(name, name_size), Text(value, value_size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        auto* session = static_cast<H2Session*>(user);
        const bool ends_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_GOAWAY) session->OnGoAway(frame->goaway);
        if (frame->hd.type == NGHTTP2_RST_STREAM) session->peer_reset_ = true;
        if (frame->hd.type == NGHTTP2_HEADERS) session->OnHeadersDone(ends_stream);
        if (frame->hd.type == NGHTTP2_DATA && ends_stream)
          session->End("ended the stream without a gRPC status");
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks,
      [](nghttp2_session*, uint8_t, int32_t, const uint8_t* data, size_t size, void* user) {
        static_cast<H2Session*>(user)->OnData(Text(data, size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, int32_t, uint32_t error_code, void* user) {
        static_cast<H2Session*>(user)->OnClosed(error_code);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->hd.type == NGHTTP2_GOAWAY)
          static_cast<H2Session*>(user)->OnGivenUp(frame->goaway);
        return 0;
      });
  nghttp2_session_callbacks_set_error_callback2(
      callbacks, [](nghttp2_session*, int, const char* text, size_t size, void* user) {
        static_cast<H2Session*>(user)->complaint_ = OneLine({text, size});
        return 0;
      });
  nghttp2_session* session = nullptr;
  RequireOfHttp2(nghttp2_session_client_new(&session, callbacks, self), "set up HTTP/2");
  nghttp2_session_callbacks_del(callbacks);
  return std::unique_ptr<nghttp2_session, SessionRelease>(session);
}

void H2Session::Open(const std::string& authority, const std::string& path) {
  const std::array<nghttp2_settings_entry, 2> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxHeaderListBytes}}};
  RequireOfHttp2(
      nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()),
      "submit HTTP/2 settings");
  const std::string user_agent = fmt::format("muster-agent/{}", kVersion);
  const std::array<nghttp2_nv, 8> headers = {Header(":method", "POST"),
                                             Header(":scheme", "https"),
                                             Header(":path", path),
                                             Header(":authority", authority),
                                             Header("te", "trailers"),
                                             Header("content-type", "application/grpc"),
                                             Header("user-agent", user_agent),
                                             Header("grpc-accept-encoding", "identity")};
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = &H2Session::ReadBody;
  stream_ = nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &body,
                                   nullptr);
  RequireOfHttp2(stream_, "submit a request");
}

ssize_t H2Session::ReadBody(nghttp2_session*, int32_t, uint8_t* to, size_t size, uint32_t* flags,
                            nghttp2_data_source* source, void*) {
  auto* self = static_cast<H2Session*>(source->ptr);
  const size_t count = self->outbox_.Pop(to, size);
  if (self->outbox_.empty() && self->request_ends_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    self->request_ended_ = true;
  } else if (count == 0) {
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(count);
}

bool H2Session::Queue(std::string frame) {
  if (!outbox_.Push(std::move(frame))) return false;
  // It fails when the body is not waiting for data; then it asks by itself.
  nghttp2_session_resume_data(session_.get(), stream_);
  return true;
}

void H2Session::FinishRequest() {
  request_ends_ = true;
  nghttp2_session_resume_data(session_.get(), stream_);
}

void H2Session::Receive(std::string_view bytes) {
  const ssize_t result = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (result < 0) {
    return End(fmt::format(
        "sent what is not HTTP/2: {}",
        complaint_.empty() ? nghttp2_strerror(static_cast<int>(result)) : complaint_.c_str()));
  }
}

std::string_view H2Session::Pending() {
  if (!pending_.empty()) return pending_;
  const uint8_t* data = nullptr;
  const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
  RequireOfHttp2(static_cast<int>(size), "build HTTP/2 frames");
  pending_ = Text(data, static_cast<size_t>(size));
  // nghttp2 gives up a connection whose peer breaks the rules: it sends a GOAWAY and then wants nothing more.
  if (pending_.empty() && nghttp2_session_want_read(session_.get()) == 0)
    OnClosed(NGHTTP2_PROTOCOL_ERROR);
  return pending_;
}

void H2Session::OnHeader(std::string_view name, std::string_view value) {
  if (name == ":status") http_status_ = value;
  if (name == "content-type") content_type_ = value;
  if (name == "grpc-status") grpc_status_ = value;
  if (name == "grpc-message") grpc_message_ = value;
}

void H2Session::OnHeadersDone(bool ends_stream) {
  const bool is_informational = http_status_.starts_with('1');
  if (!answered_ && is_informational) {
    content_type_.clear();
    return;
  }
  if (!answered_) OnResponse();
  if (ends_stream) OnTrailers();
}

void H2Session::OnResponse() {
  answered_ = true;
  if (http_status_ != "200") {
    return End(fmt::format("answered with HTTP status {} and {}, not with gRPC",
                           OneLine(http_status_),
                           content_type_.empty() ? "no content" : OneLine(content_type_)));
  }
  if (!content_type_.starts_with("application/grpc")) {
    End(fmt::format("answered with content of type '{}', not with gRPC", OneLine(content_type_)));
  }
}

void H2Session::OnTrailers() {
  if (!grpc_status_.has_value()) return End("ended the stream without a gRPC status");
  is_refused_ = *grpc_status_ == kFailedPrecondition;
  const std::string message = OneLine(PercentDecode(grpc_message_));
  End(fmt::format("ended the stream with status {}{}{}{}", GrpcStatusName(*grpc_status_),
                  message.empty() ? "" : ": ", message,
                  reader_.in_message() ? ", in the middle of a message" : ""));
}

void H2Session::OnData(std::string_view bytes) {
  if (end_.has_value()) return;
  const absl::Status status = reader_.Feed(bytes, messages_);
  if (!status.ok()) End(Message(status));
}

void H2Session::OnGoAway(const nghttp2_goaway& frame) {
  // Our stream may go on (the peer is told to say which do); if not, nghttp2 closes it and we say why.
  const std::string text = OneLine(Text(frame.opaque_data, frame.opaque_data_len));
  goaway_ = fmt::format("{}{}{}", nghttp2_http2_strerror(frame.error_code),
                        text.empty() ? "" : ": ", text);
}

void H2Session::OnGivenUp(const nghttp2_goaway& frame) {
  if (!complaint_.empty()) return;
  complaint_ = frame.opaque_data_len > 0 ? OneLine(Text(frame.opaque_data, frame.opaque_data_len))
                                         : nghttp2_http2_strerror(frame.error_code);
}

void H2Session::OnClosed(uint32_t error_code) {
  if (peer_reset_)
    return End(fmt::format("reset the stream: {}", nghttp2_http2_strerror(error_code)));
  if (!goaway_.empty()) return End(fmt::format("is going away ({})", goaway_));
  End(fmt::format("broke the rules of HTTP/2: {}",
                  complaint_.empty() ? nghttp2_http2_strerror(error_code) : complaint_.c_str()));
}

void H2Session::End(std::string what) {
  if (!end_.has_value()) end_ = std::move(what);
}

}  // namespace muster
