// What gRPC puts on top of HTTP/2: a five-byte prefix before each message, a status in the trailers. Pure; the rules are in
// gRPC's doc/PROTOCOL-HTTP2.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace muster {

inline constexpr size_t kFramePrefixBytes = 5;

// The prefix of an uncompressed message: a zero byte and the size, big-endian.
std::array<uint8_t, kFramePrefixBytes> FramePrefix(uint32_t message_size);

// Cuts the body of a response into messages, wherever the DATA frames begin and end.
class FrameReader {
 public:
  explicit FrameReader(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Appends the messages that `bytes` completes to `messages`. An error is a verb phrase about the peer ("sent a …"); after
  // one the reader must not be used any more. Errors: a message over the limit, a compressed one, an unknown flag.
  absl::Status Feed(std::string_view bytes, std::vector<std::string>& messages);
  // A message has begun and not ended.
  bool in_message() const { return prefix_size_ > 0; }

 private:
  absl::Status TakePrefix(std::string_view& bytes);

  const size_t max_message_bytes_;
  std::array<uint8_t, kFramePrefixBytes> prefix_{};
  size_t prefix_size_ = 0;  // bytes of the prefix that have come
  size_t message_size_ = 0;
  std::string message_;
};

// "UNAVAILABLE" for "14". A text that is no status code is given back in quotation marks.
std::string GrpcStatusName(std::string_view code);

// A peer's text, fit for one line of a log: grpc-message is percent-encoded, control characters
// become '?', and what is over 300 bytes is cut.
std::string PercentDecode(std::string_view text);
std::string OneLine(std::string_view text);

}  // namespace muster
