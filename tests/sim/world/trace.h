// What happened in a run, in order: always as a hash, so that two runs of one seed can be compared, and as lines if somebody reads them.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "common/time.h"

namespace muster::sim {

class Trace {
 public:
  explicit Trace(bool is_printed) : is_printed_(is_printed) {}

  bool is_printed() const { return is_printed_; }
  uint64_t hash() const { return hash_; }
  uint64_t size() const { return size_; }

  template <typename... Args>
  void Note(Duration now, std::string_view what, const Args&... args) {
    ++size_;
    Mix(static_cast<uint64_t>(now.count()));
    Mix(what);
    (Mix(args), ...);
    if (!is_printed_) return;
    std::string line = fmt::format("{:12.6f} {}", static_cast<double>(now.count()) / 1e9, what);
    ((line += fmt::format(" {}", args)), ...);
    std::puts(line.c_str());
  }

 private:
  template <std::integral T>
  void Mix(T value) {
    hash_ = (hash_ ^ static_cast<uint64_t>(value)) * 0x9fb21c651e98df25u;
    hash_ ^= hash_ >> 28;
  }
  void Mix(std::string_view text) {
    Mix(text.size());
    for (; text.size() >= 8; text.remove_prefix(8)) {
      uint64_t word = 0;
      std::memcpy(&word, text.data(), 8);
      Mix(word);
    }
    uint64_t rest = 0;
    std::memcpy(&rest, text.data(), text.size());
    Mix(rest);
  }
  void Mix(const std::string& text) { Mix(std::string_view(text)); }
  void Mix(const char* text) { Mix(std::string_view(text)); }

  const bool is_printed_;
  uint64_t hash_ = 0x2545f4914f6cdd1du;
  uint64_t size_ = 0;
};

}  // namespace muster::sim
