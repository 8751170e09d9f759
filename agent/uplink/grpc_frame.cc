#include "agent/uplink/grpc_frame.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace muster {
namespace {

constexpr size_t kMaxPeerTextBytes = 300;
// In the order of their numbers (grpc/status.h).
constexpr std::array<const char*, 17> kStatusNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::array<uint8_t, kFramePrefixBytes> FramePrefix(uint32_t message_size) {
  return {0, static_cast<uint8_t>(message_size >> 24), static_cast<uint8_t>(message_size >> 16),
          static_cast<uint8_t>(message_size >> 8), static_cast<uint8_t>(message_size)};
}

absl::Status FrameReader::Feed(std::string_view bytes, std::vector<std::string>& messages) {
  while (!bytes.empty()) {
    if (prefix_size_ < kFramePrefixBytes) {
      MUSTER_RETURN_IF_ERROR(TakePrefix(bytes));
      if (prefix_size_ < kFramePrefixBytes) return absl::OkStatus();
    }
    const size_t count = std::min(bytes.size(), message_size_ - message_.size());
    message_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (message_.size() < message_size_) return absl::OkStatus();
    messages.push_back(std::exchange(message_, {}));
    prefix_size_ = 0;
  }
  return absl::OkStatus();
}

absl::Status FrameReader::TakePrefix(std::string_view& bytes) {
  const size_t count = std::min(bytes.size(), kFramePrefixBytes - prefix_size_);
  std::copy_n(bytes.begin(), count, prefix_.begin() + prefix_size_);
  prefix_size_ += count;
  bytes.remove_prefix(count);
  if (prefix_size_ < kFramePrefixBytes) return absl::OkStatus();

  if (prefix_[0] == 1) {
    return MakeStatus(absl::StatusCode::kInternal,
                      "sent a compressed message, which it was told not to do");
  }
  if (prefix_[0] != 0) {
    return MakeStatus(absl::StatusCode::kInternal,
                      "sent a message with the unknown flags {:#04x}: this is not gRPC",
                      prefix_[0]);
  }
  message_size_ = static_cast<size_t>(prefix_[1]) << 24 | static_cast<size_t>(prefix_[2]) << 16 |
                  static_cast<size_t>(prefix_[3]) << 8 | prefix_[4];
  if (message_size_ > max_message_bytes_) {
    return MakeStatus(absl::StatusCode::kResourceExhausted,
                      "sent a message of {} bytes; the limit is {}", message_size_,
                      max_message_bytes_);
  }
  return absl::OkStatus();
}

std::string GrpcStatusName(std::string_view code) {
  const bool is_number = !code.empty() && code.size() <= 3 &&
                         code.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number) return fmt::format("'{}'", OneLine(code));
  const size_t number = std::strtoul(std::string(code).c_str(), nullptr, 10);
  return number < kStatusNames.size() ? kStatusNames[number] : std::string(code);
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                           HexDigit(text[i + 2]) >= 0;
    if (is_escape) {
      decoded.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

std::string OneLine(std::string_view text) {
  std::string line(text.substr(0, kMaxPeerTextBytes));
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  if (text.size() > kMaxPeerTextBytes) line += "…";
  return line;
}

}  // namespace muster
