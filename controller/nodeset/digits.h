// A number as it stands in a name: 7 and 007 are two. Pure; of this room alone.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

// Of a number in a name: a longer one is text.
inline constexpr size_t kMaxNodeSetDigits = 18;

// Value and leading zeros in one integer, whose order is that of the values and then of the lengths. It fits: a value is less than
// 10^18, the zeros are less than 18, and 18 * 10^18 is less than 2^64.
class Digits {
 public:
  // `zeros` of them stand before the digits of `value`; the 0 of value 0 is none of them.
  constexpr Digits(uint64_t value, size_t zeros) : key_(value * kMaxNodeSetDigits + zeros) {}
  // At least one digit, at most kMaxNodeSetDigits.
  static Digits Read(std::string_view digits);
  // `value`, filled up with zeros to `width`.
  static Digits Padded(uint64_t value, size_t width);
  static Digits FromKey(uint64_t key) { return {key / kMaxNodeSetDigits, key % kMaxNodeSetDigits}; }

  uint64_t key() const { return key_; }
  uint64_t value() const { return key_ / kMaxNodeSetDigits; }
  // 0 for a number without leading zeros, else all its digits.
  size_t padding() const;
  // Of all its digits.
  size_t size() const;
  void AppendTo(std::string& text) const;

  auto operator<=>(const Digits&) const = default;

 private:
  size_t zeros() const { return key_ % kMaxNodeSetDigits; }

  uint64_t key_;
};

// How many digits a value has.
constexpr size_t DigitsOf(uint64_t value) {
  size_t count = 1;
  for (; value >= 10; value /= 10) ++count;
  return count;
}

inline Digits Digits::Padded(uint64_t value, size_t width) {
  const size_t own = DigitsOf(value);
  return {value, own < width ? width - own : 0};
}

inline Digits Digits::Read(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return Padded(value, digits.size());
}

inline size_t Digits::size() const { return zeros() + DigitsOf(value()); }

inline size_t Digits::padding() const { return zeros() == 0 ? 0 : size(); }

inline void Digits::AppendTo(std::string& text) const {
  text.append(zeros(), '0');
  char buffer[kMaxNodeSetDigits];
  char* const end = buffer + sizeof buffer;
  char* begin = end;
  uint64_t rest = value();
  do {
    *--begin = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  text.append(begin, end);
}

}  // namespace muster
