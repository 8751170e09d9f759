// Bytes that wait for the stream to take them, as the pieces they came in: nothing is copied until
// nghttp2 asks for a frame's worth, and no buffer grows. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace muster {

class Outbox {
 public:
  explicit Outbox(size_t max_bytes) : max_bytes_(max_bytes) {}

  // False, and nothing is kept, if more than `max_bytes` would wait.
  [[nodiscard]] bool Push(std::string piece);
  // Moves up to `size` bytes to `to` and says how many.
  size_t Pop(uint8_t* to, size_t size);
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

 private:
  const size_t max_bytes_;
  std::deque<std::string> pieces_;
  size_t first_offset_ = 0;  // bytes of the first piece that are gone
  size_t size_ = 0;
};

}  // namespace muster
