#include "controller/engine/ready_set.h"

#include <algorithm>
#include <bit>

namespace muster {

void ReadySet::Insert(size_t index) {
  if (Contains(index)) return;
  words_[index / kBits] |= Bit(index);
  ++size_;
  first_word_ = std::min(first_word_, index / kBits);
}

void ReadySet::Erase(size_t index) {
  if (!Contains(index)) return;
  words_[index / kBits] &= ~Bit(index);
  --size_;
}

std::optional<size_t> ReadySet::First() const {
  if (size_ == 0) return std::nullopt;
  while (words_[first_word_] == 0) ++first_word_;
  return first_word_ * kBits + static_cast<size_t>(std::countr_zero(words_[first_word_]));
}

}  // namespace muster
