#include "controller/nodeset/node_name.h"

#include "common/ascii.h"
#include "common/limits.h"

namespace muster {
namespace {

// Not std::isdigit and friends: they ask the locale.
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Takes the run of digits at `position` off `text`.
std::string_view TakeDigits(std::string_view text, size_t& position) {
  const size_t begin = position;
  while (position < text.size() && IsDigit(text[position])) ++position;
  return text.substr(begin, position - begin);
}

std::string_view WithoutZeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

// Less than, equal to or greater than zero as a is before, the same as or after b.
int CompareNumbers(std::string_view a, std::string_view b) {
  const std::string_view value_a = WithoutZeros(a);
  const std::string_view value_b = WithoutZeros(b);
  if (value_a.size() != value_b.size()) return value_a.size() < value_b.size() ? -1 : 1;
  if (const int order = value_a.compare(value_b); order != 0) return order;
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return 0;
}

}  // namespace

bool NaturalLess(std::string_view a, std::string_view b) {
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (IsDigit(a[i]) && IsDigit(b[j])) {
      const std::string_view number_a = TakeDigits(a, i);
      const std::string_view number_b = TakeDigits(b, j);
      if (const int order = CompareNumbers(number_a, number_b); order != 0) return order < 0;
      continue;
    }
    if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
    ++i;
    ++j;
  }
  return i == a.size() && j < b.size();
}

bool IsNodeName(std::string_view name) {
  if (name.empty() || name.size() > limits::kMaxNameBytes) return false;
  if (!IsDigit(name.front()) && !IsLetter(name.front())) return false;
  for (const char c : name) {
    if (!IsDigit(c) && !IsLetter(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

}  // namespace muster
