#include "agent/uplink/outbox.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace muster {

bool Outbox::Push(std::string piece) {
  if (piece.size() > max_bytes_ - size_) return false;
  if (piece.empty()) return true;
  size_ += piece.size();
  pieces_.push_back(std::move(piece));
  return true;
}

size_t Outbox::Pop(uint8_t* to, size_t size) {
  size_t done = 0;
  while (done < size && !pieces_.empty()) {
    const std::string& first = pieces_.front();
    const size_t count = std::min(size - done, first.size() - first_offset_);
    std::memcpy(to + done, first.data() + first_offset_, count);
    done += count;
    first_offset_ += count;
    if (first_offset_ < first.size()) break;
    pieces_.pop_front();
    first_offset_ = 0;
  }
  size_ -= done;
  return done;
}

}  // namespace muster
