#include "common/require.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "common/log.h"

namespace muster {

void Require(bool is_good, const char* what, const char* why) {
  if (is_good) return;
  log::Error("cannot {}: {}", what, why);
  std::abort();
}

void Require(int result, const char* what) {
  Require(result >= 0, what, std::strerror(-std::min(result, 0)));
}

}  // namespace muster
