// Theory of operation.
//
// An attempt is one controller of the list: its name is looked up, each of its addresses is tried,
// and the first that leads to an open stream is kept until it ends. Then, whatever the reason and
// the status, the uplink waits for a random time and tries again.
//
//   * A controller that nobody listens at costs nobody anything: the next in the list is tried at once. When the whole list
//     was tried in vain, that is one failure.
//   * A controller that took the connection and then failed, or whose stream ended, may have 10,000 agents that feel the same: the
//     delay (reconnect_delay.h) is spread over the fleet's size, and the next attempt goes to the next in the list; but the end of
//     a stream that was good goes back to the same controller, which most likely was only restarted.
//   * A controller that the agent rejects counts as one that failed, whatever it has said.
//   * So does one that refuses the agent; but it is tried again, and not the next, if it is to be told something else.
//   * Failures in a row double the delay. A Welcome, or a stream that has lived for some minutes, ends the row.
#include "agent/uplink/h2_uplink.h"

#include <algorithm>
#include <utility>

#include "agent/uplink/reconnect_delay.h"
#include "common/log.h"
#include "proto/convert.h"

namespace muster {
namespace {

// A stream that lived this long was good, Welcome or not.
constexpr Duration kGoodStream = 5min;
// What a stream may take to write what is queued when the agent stops (uplink.h).
constexpr Duration kFlushTimeout = 2s;
// What a controller may ask for. Over an hour, a dead one would go unnoticed.
constexpr Duration kMaxPingInterval = 60min;

std::string Framed(const v1::AgentMessage& message) {
  const size_t size = message.ByteSizeLong();
  const auto prefix = FramePrefix(static_cast<uint32_t>(size));
  std::string frame(prefix.begin(), prefix.end());
  frame.resize(kFramePrefixBytes + size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(frame.data()) +
                                          kFramePrefixBytes);
  return frame;
}

}  // namespace

absl::StatusOr<std::vector<HostPort>> ParseControllers(const std::string& text) {
  std::vector<HostPort> controllers;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    absl::StatusOr<HostPort> address = ParseHostPort(text.substr(begin, end - begin));
    if (!address.ok()) return address.status();
    controllers.push_back(*std::move(address));
    begin = end + 1;
  }
  return controllers;
}

H2Uplink::H2Uplink(sd_event* event, const UplinkConfig& config, UplinkHandler& handler,
                   std::mt19937_64& random)
    : event_(event), config_(config), handler_(handler), random_(random) {
  // Without accuracy: timers of many uplinks must not be gathered into one moment.
  retry_ = MakeTimer(
      event_, std::chrono::microseconds(1),
      [](sd_event_source*, uint64_t, void* self) {
        static_cast<H2Uplink*>(self)->StartAttempt();
        return 0;
      },
      this);
}

H2Uplink::~H2Uplink() = default;

void H2Uplink::Start() { Arm(retry_, 0s); }

void H2Uplink::Send(const AgentMessage& message) {
  if (stream_ == nullptr || !stream_->is_open()) return;
  const v1::AgentMessage proto = ToProto(message);
  if (proto.ByteSizeLong() > limits::kMaxAgentMessageBytes) {
    // The controller would end the stream for it, and so again after each reconnect.
    log::Error("message dropped size={} limit={}", proto.ByteSizeLong(),
               limits::kMaxAgentMessageBytes);
    return;
  }
  stream_->Send(Framed(proto));
}

void H2Uplink::Reject(const std::string& why) {
  if (stream_ == nullptr || !stream_->is_open()) return;
  is_rejected_ = true;
  stream_->Fail(why);
}

void H2Uplink::Stop() {
  Disarm(retry_);
  lookup_.reset();
  // Kept until we go: the stream may be the caller of our caller.
  if (stream_ != nullptr) stream_->Close(kFlushTimeout);
}

void H2Uplink::SetControllers(std::vector<HostPort> controllers) {
  const std::string current = config_.controllers[current_].text;
  config_.controllers = std::move(controllers);
  const auto found = std::find_if(config_.controllers.begin(), config_.controllers.end(),
                                  [&current](const HostPort& one) { return one.text == current; });
  current_ = found == config_.controllers.end()
                 ? 0
                 : static_cast<size_t>(found - config_.controllers.begin());
  unreachable_ = 0;
}

void H2Uplink::Break() {
  if (stream_ != nullptr && stream_->is_open()) stream_->Fail("was left");
}

void H2Uplink::SetDeaf(bool is_deaf) {
  if (stream_ != nullptr && stream_->is_open()) stream_->SetDeaf(is_deaf);
}

void H2Uplink::StartAttempt() {
  lookup_ = std::make_unique<AddressLookup>(
      event_, config_.controllers[current_], config_.stream.connect_timeout,
      [this](absl::StatusOr<std::vector<Endpoint>> found) { OnAddresses(std::move(found)); });
}

void H2Uplink::OnAddresses(absl::StatusOr<std::vector<Endpoint>> found) {
  lookup_.reset();
  if (!found.ok()) return AttemptFailed(Message(found.status()), false);
  endpoints_.assign(found->begin(), found->end());
  ConnectNext();
}

void H2Uplink::ConnectNext() {
  const Endpoint endpoint = std::move(endpoints_.front());
  endpoints_.pop_front();
  log::Debug("uplink connecting controller={}", endpoint.text);
  GrpcStreamHandler& handler = *this;
  stream_ = std::make_unique<GrpcStream>(event_, config_.stream, endpoint, handler);
  stream_->Start();
}

void H2Uplink::OnStreamOpen() {
  opened_ = clock_.Now();
  unreachable_ = 0;
  log::Info("uplink up controller={}", config_.controllers[current_].text);
  handler_.OnUp();
}

void H2Uplink::OnStreamMessage(std::string_view bytes) {
  v1::ControllerMessage proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return stream_->Fail("sent a message that is not of this protocol");
  }
  for (const ControllerMessage& message : FromProto(proto)) {
    if (const Welcome* welcome = std::get_if<Welcome>(&message)) OnWelcome(*welcome);
    handler_.OnMessage(message, proto.sender_clock_ns());
  }
}

void H2Uplink::OnWelcome(const Welcome& welcome) {
  has_welcome_ = true;
  fleet_size_ = welcome.fleet_size;
  Duration ping_interval = welcome.ping_interval;
  if (ping_interval <= 0s || ping_interval > kMaxPingInterval)
    ping_interval = limits::kPingInterval;
  stream_->SetSilenceLimit(
      std::chrono::duration_cast<Duration>(ping_interval * limits::kSilenceFactor));
}

void H2Uplink::OnStreamEnd(const std::string& why) {
  const bool was_connected = stream_->was_connected();
  const bool was_open = opened_.has_value();
  const bool is_asked_again = !has_welcome_ && stream_->was_refused() && handler_.OnRefused();
  const bool was_good =
      !is_rejected_ && (has_welcome_ || (was_open && clock_.Now() - *opened_ >= kGoodStream));
  opened_.reset();
  has_welcome_ = false;
  is_rejected_ = false;
  stream_.reset();
  if (was_good) return StreamEnded(why);
  if (is_asked_again) return TryAgainAfter(ReconnectDelay(fleet_size_, failures_++, random_), why);
  if (was_connected || endpoints_.empty()) return AttemptFailed(why, was_connected);
  log::Info("uplink address failed why=\"{}\"", why);
  ConnectNext();
}

void H2Uplink::StreamEnded(const std::string& why) {
  failures_ = 0;
  TryAgainAfter(ReconnectDelay(fleet_size_, failures_, random_), why);
}

void H2Uplink::AttemptFailed(const std::string& why, bool controller_was_there) {
  current_ = (current_ + 1) % config_.controllers.size();
  if (!controller_was_there && ++unreachable_ < config_.controllers.size())
    return TryAgainAfter(0s, why);
  unreachable_ = 0;
  TryAgainAfter(ReconnectDelay(fleet_size_, failures_++, random_), why);
}

void H2Uplink::TryAgainAfter(Duration delay, const std::string& why) {
  log::Warning("uplink down why=\"{}\" retry_ms={}", why,
               std::chrono::duration_cast<std::chrono::milliseconds>(delay).count());
  Arm(retry_, delay);
  handler_.OnDown(why);
}

}  // namespace muster
