// The order in which canaries are taken from a job's nodes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// "x1000" for "x1000c3s0b0n1" (HPE's xnames: x, cabinet, c, chassis, …); empty for what is no xname of a part of a cabinet. All
// such names share one cabinet.
std::string_view CabinetOf(std::string_view node);

// The indices of `nodes`, each once, so that any first few of them are spread out: one of each cabinet in turn, and within a cabinet
// evenly over its nodes as they stand in `nodes`, which is sorted. Each cabinet begins at another place, so that the first of
// all cabinets are not all the same slot. The same for the same nodes. O(n log n).
std::vector<uint32_t> SpreadOverCabinets(const std::vector<std::string>& nodes);

}  // namespace muster
