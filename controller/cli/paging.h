// How lists are read from the controller: in pages, and no more of them than a healthy controller has.
#pragma once

#include <cstdint>

namespace muster::cli {

inline constexpr uint32_t kPageSize = 1000;
// A million nodes or tasks.
inline constexpr int kMaxPages = 1000;

}  // namespace muster::cli
