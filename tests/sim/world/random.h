// All the chance there is in a simulated run: splitmix64 (public domain, Vigna), the same on every machine for the same seed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/time.h"

namespace muster::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 … n-1; n is not 0.
  uint64_t Below(uint64_t n) { return Next() % n; }
  uint64_t Between(uint64_t from, uint64_t to) { return from + Below(to - from + 1); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  Duration Between(Duration from, Duration to) {
    return from + Duration(Below(static_cast<uint64_t>((to - from).count()) + 1));
  }
  // Most often short, sometimes as long as it may be.
  Duration Skewed(Duration longest) {
    return Duration(Below(static_cast<uint64_t>(longest.count() >> Below(10)) + 1));
  }
  std::string Hex(size_t digits) {
    std::string text(digits, '0');
    uint64_t bits = 0;
    for (size_t i = 0; i < digits; ++i, bits >>= 4) {
      if (i % 16 == 0) bits = Next();
      text[i] = "0123456789abcdef"[bits & 15];
    }
    return text;
  }
  // Its own sequence, so that what one part draws changes nothing for another.
  Random Fork() { return Random(Next()); }

 private:
  uint64_t state_;
};

}  // namespace muster::sim
