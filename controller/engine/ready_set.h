// Which tasks of a job may be started now, by index: one bit a task. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace muster {

class ReadySet {
 public:
  explicit ReadySet(size_t size = 0) : words_((size + kBits - 1) / kBits) {}

  void Insert(size_t index);
  void Erase(size_t index);
  bool Contains(size_t index) const { return (words_[index / kBits] & Bit(index)) != 0; }
  bool empty() const { return size_ == 0; }
  // The lowest index.
  std::optional<size_t> First() const;

 private:
  static constexpr size_t kBits = 64;
  static uint64_t Bit(size_t index) { return uint64_t{1} << index % kBits; }

  std::vector<uint64_t> words_;
  size_t size_ = 0;
  mutable size_t first_word_ = 0;  // none before it has a bit
};

}  // namespace muster
