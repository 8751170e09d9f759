// Theory of operation.
//
//   new ──Start──> connecting ──TCP──> handshaking ──TLS, peer checked──> open ──────────────> ended
//                      └────────────────────┴──────── any failure ─────────┴── any end ──────────┘
//
// The stream owns one socket, one TLS connection, one HTTP/2 session with one call, and one timer.
// It ends itself at the first thing that cannot go on: it closes the socket and drops what was
// queued there and then, and calls OnStreamEnd once, later, from the loop, with nothing of its own
// left on the stack. The owner ends it with Close, which calls nothing. A graceful GOAWAY is no end:
// the call goes on until the peer ends it.
//
// Layers: TlsSocket moves bytes and knows TLS; H2Session turns bytes into messages and knows HTTP/2
// and gRPC; this file moves bytes between them when the loop says so, and knows time. After each
// readiness it reads all there is, delivers, then writes all it can: TLS may need either direction
// for either purpose, and nghttp2 answers what it has read. Writability is watched only while
// something waits for it.
//
// Deadlines, all on one timer: TCP within connect_timeout; the answer to the call within
// attach_timeout of that (a controller in a storm accepts at once and answers late); then a byte at
// least each silence_limit. The timer is moved on at each arrival, before it can fire: an idle
// stream wakes for the controller's PINGs and for nothing else.
//
// Re-entrancy: Start, Send, SetSilenceLimit, Fail and Close never call the handler. What they have
// to say is said from the loop (`soon_`), which also gathers the messages of one turn into one
// write. The handler may call Send, Fail and Close from its callbacks, and destroy the stream from
// OnStreamEnd; hence messages are delivered outside nghttp2's callbacks, and the state is looked at
// after each delivery.
#include "agent/uplink/grpc_stream.h"

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <utility>

namespace muster {
namespace {

// One TLS record (RFC 8446 5.1).
constexpr size_t kReadBytes = 16 << 10;
// Deadlines may move by this to meet another wakeup.
constexpr Duration kDeadlineAccuracy = 250ms;

std::string Seconds(Duration duration) {
  return fmt::format("{:.3g} s", std::chrono::duration<double>(duration).count());
}

}  // namespace

GrpcStream::GrpcStream(sd_event* event, const GrpcStreamConfig& config, const Endpoint& endpoint,
                       GrpcStreamHandler& handler)
    : event_(event),
      config_(config),
      endpoint_(endpoint),
      handler_(handler),
      silence_limit_(config.silence_limit),
      session_(limits::kMaxControllerMessageBytes, limits::kMaxOutboxBytes) {
  deadline_ = MakeTimer(
      event_, kDeadlineAccuracy,
      [](sd_event_source*, uint64_t, void* self) {
        static_cast<GrpcStream*>(self)->OnDeadline();
        return 0;
      },
      this);
  soon_ = MakeDeferred(
      event_,
      [](sd_event_source*, void* self) {
        static_cast<GrpcStream*>(self)->OnSoon();
        return 0;
      },
      this);
}

void GrpcStream::Start() {
  state_ = State::kConnecting;
  if (const absl::Status status = Connect(); !status.ok()) End(Message(status));
}

absl::Status GrpcStream::Connect() {
  absl::StatusOr<SslPtr> ssl = NewTlsClient(config_.tls_dir);
  if (!ssl.ok()) return ssl.status();
  socket_.emplace(*std::move(ssl));
  if (const absl::Status status = socket_->StartConnect(endpoint_); !status.ok()) {
    return MakeStatus(status.code(), "the controller at {} {}", endpoint_.text, Message(status));
  }
  sd_event_source* source = nullptr;
  watched_ = EPOLLOUT;
  const int added = sd_event_add_io(
      event_, &source, socket_->fd(), watched_,
      [](sd_event_source*, int, uint32_t, void* self) {
        static_cast<GrpcStream*>(self)->OnReady();
        return 0;
      },
      this);
  if (added < 0) return ErrnoStatus(-added, "watch the connection to " + endpoint_.text);
  io_.reset(source);
  Arm(deadline_, config_.connect_timeout);
  return absl::OkStatus();
}

void GrpcStream::Send(std::string frame) {
  if (state_ != State::kOpen) return;
  if (session_.Queue(std::move(frame))) return RunSoon(soon_);
  Fail(fmt::format("takes nothing more: {} bytes wait for it", session_.queued_bytes()));
}

void GrpcStream::Fail(std::string_view what) {
  End(fmt::format("the controller at {} {}", endpoint_.text, what));
}

void GrpcStream::SetSilenceLimit(Duration limit) {
  silence_limit_ = limit;
  if (state_ == State::kOpen && answered_) Arm(deadline_, silence_limit_);
}

void GrpcStream::SetDeaf(bool is_deaf) {
  if (state_ != State::kOpen || is_deaf == is_deaf_) return;
  is_deaf_ = is_deaf;
  sd_event_source_set_enabled(io_.get(), is_deaf ? SD_EVENT_OFF : SD_EVENT_ON);
  if (!is_deaf) RunSoon(soon_);
}

void GrpcStream::OnReady() {
  if (state_ == State::kConnecting) FinishConnect();
  if (state_ == State::kHandshaking) return Handshake();
  if (state_ == State::kOpen) Pump();
}

void GrpcStream::FinishConnect() {
  if (const absl::Status status = socket_->FinishConnect(); !status.ok())
    return Fail(Message(status));
  state_ = State::kHandshaking;
  was_connected_ = true;
  Arm(deadline_, config_.attach_timeout);
}

void GrpcStream::Handshake() {
  const absl::StatusOr<bool> done = socket_->Handshake(config_.controller_pattern);
  if (!done.ok()) return Fail(Message(done.status()));
  if (!*done) return WatchWritable();
  state_ = State::kOpen;
  session_.Open(endpoint_.host, config_.path);
  handler_.OnStreamOpen();
  if (state_ == State::kOpen) Pump();
}

void GrpcStream::Pump() {
  if (is_deaf_) return;
  ReadAll();
  if (state_ == State::kOpen) WriteAll();
  if (state_ == State::kOpen) WatchWritable();
}

void GrpcStream::OnSoon() {
  // The handler may destroy us.
  if (state_ == State::kEnded) return handler_.OnStreamEnd(std::exchange(why_, {}));
  if (state_ != State::kOpen || is_deaf_) return;
  WriteAll();
  if (state_ == State::kOpen) WatchWritable();
}

void GrpcStream::OnDeadline() {
  if (state_ == State::kConnecting) {
    return Fail(fmt::format("could not be reached within {}", Seconds(config_.connect_timeout)));
  }
  if (!answered_) {
    return Fail(fmt::format("did not {} within {}",
                            state_ == State::kOpen ? "answer" : "finish the TLS handshake",
                            Seconds(config_.attach_timeout)));
  }
  Fail(fmt::format("has been silent for {}", Seconds(silence_limit_)));
}

void GrpcStream::ReadAll() {
  std::array<uint8_t, kReadBytes> buffer;
  bool has_read = false;
  // Flow control bounds this: the peer's windows open again only when we write.
  while (state_ == State::kOpen) {
    const absl::StatusOr<size_t> count = socket_->Read(buffer.data(), buffer.size());
    if (!count.ok()) return Fail(Message(count.status()));
    if (*count == 0) break;
    has_read = true;
    session_.Receive({reinterpret_cast<const char*>(buffer.data()), *count});
    answered_ = answered_ || session_.answered();
    Deliver();
    if (state_ == State::kOpen && session_.end().has_value()) return Fail(*session_.end());
  }
  if (state_ == State::kOpen && has_read && answered_ && !is_closing_)
    Arm(deadline_, silence_limit_);
}

void GrpcStream::Deliver() {
  for (const std::string& message : session_.TakeMessages()) {
    if (is_closing_ || state_ != State::kOpen) return;
    handler_.OnStreamMessage(message);
  }
}

void GrpcStream::WriteAll() {
  while (state_ == State::kOpen) {
    const std::string_view bytes = session_.Pending();
    // nghttp2 ends a call whose peer broke the rules when it builds the frame that says so.
    if (session_.end().has_value()) return Fail(*session_.end());
    if (bytes.empty()) return;
    const absl::StatusOr<size_t> count = socket_->Write(bytes);
    if (!count.ok()) {
      // The peer's reason to close, an alert about our certificate for example, may wait to be read.
      ReadAll();
      if (state_ == State::kOpen) Fail(Message(count.status()));
      return;
    }
    if (*count == 0) return;
    session_.Wrote(*count);
  }
}

void GrpcStream::WatchWritable() {
  const uint32_t wanted = EPOLLIN | (socket_->wants_write() ? EPOLLOUT : 0u);
  if (wanted == watched_ || io_ == nullptr) return;
  watched_ = wanted;
  const int result = sd_event_source_set_io_events(io_.get(), wanted);
  if (result < 0) End(Message(ErrnoStatus(-result, "watch the connection to " + endpoint_.text)));
}

void GrpcStream::End(std::string why) {
  if (state_ == State::kEnded) return;
  ReleaseAll();
  // While we close, nobody wants to know.
  if (is_closing_) return;
  why_ = std::move(why);
  RunSoon(soon_);
}

void GrpcStream::ReleaseAll() {
  state_ = State::kEnded;
  io_.reset();
  Disarm(deadline_);
  Disarm(soon_);
  if (socket_.has_value()) socket_->Close();
}

void GrpcStream::Close(Duration flush_timeout) {
  is_closing_ = true;
  const SystemClock clock;
  Disarm(soon_);
  if (state_ == State::kOpen) {
    session_.FinishRequest();
    FlushUntil(clock.Now() + flush_timeout, clock);
  }
  if (state_ != State::kEnded) ReleaseAll();
}

void GrpcStream::FlushUntil(Time deadline, const Clock& clock) {
  while (true) {
    WriteAll();
    if (state_ != State::kOpen || session_.is_flushed()) return;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.Now());
    if (left.count() <= 0) return;
    pollfd waiting{socket_->fd(), POLLIN, 0};
    if (socket_->wants_write()) waiting.events |= POLLOUT;
    if (poll(&waiting, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return;
    ReadAll();
  }
}

}  // namespace muster
