#include "controller/inventory/xname.h"

#include <cstddef>

namespace muster {
namespace {

// Of one number in an xname; the largest cabinet has four.
constexpr size_t kMaxDigits = 6;

}  // namespace

bool IsNodeXname(std::string_view text) {
  size_t at = 0;
  for (const char letter : std::string_view("xcsbn")) {
    if (at == text.size() || text[at] != letter) return false;
    const size_t begin = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == begin || at - begin > kMaxDigits) return false;
  }
  return at == text.size();
}

}  // namespace muster
