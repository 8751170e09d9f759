#include "common/uuid.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "common/mutex.h"

namespace muster {
namespace {

// The kernel gives up to 256 bytes without interruption once its pool is ready (getrandom(2)); that it fails otherwise is
// a machine on which nothing can be trusted.
template <size_t kSize>
std::array<uint8_t, kSize> RandomBytes() {
  static_assert(kSize <= 256);
  std::array<uint8_t, kSize> bytes;
  ssize_t got = 0;
  do {
    got = getrandom(bytes.data(), bytes.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(bytes.size())) std::abort();
  return bytes;
}

uint64_t WallMilliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

struct Stamp {
  uint64_t milliseconds = 0;  // 48 bits
  uint32_t counter = 0;       // 12 bits
};

// RFC 9562, 6.2, method 1: the counter starts at a random value with a clear top bit, and a full one borrows the
// next millisecond.
Stamp NextStamp() {
  static Mutex mutex;
  static Stamp last;
  const auto random = RandomBytes<2>();
  const MutexLock lock(mutex);
  const uint64_t now = WallMilliseconds();
  if (now > last.milliseconds) {
    last = {now, ((random[0] & 0x07u) << 8) | random[1]};
  } else if (++last.counter > 0xfff) {
    last = {last.milliseconds + 1, 0};
  }
  return last;
}

}  // namespace

std::string NewUuid() {
  const Stamp stamp = NextStamp();
  const auto random = RandomBytes<8>();
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 6; ++i)
    bytes[i] = static_cast<uint8_t>(stamp.milliseconds >> (8 * (5 - i)));
  bytes[6] = static_cast<uint8_t>(0x70 | (stamp.counter >> 8));  // version 7
  bytes[7] = static_cast<uint8_t>(stamp.counter);
  for (size_t i = 0; i < 8; ++i) bytes[8 + i] = random[i];
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));  // variant 10

  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 0xf];
  }
  return text;
}

bool IsUuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_dash_place = i == 8 || i == 13 || i == 18 || i == 23;
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_dash_place ? c != '-' : !is_hex) return false;
  }
  return true;
}

}  // namespace muster
