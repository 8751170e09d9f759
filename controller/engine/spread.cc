#include "controller/engine/spread.h"

#include <algorithm>
#include <bit>
#include <map>

#include "common/ascii.h"

namespace muster {
namespace {

// 0, 1/2, 1/4, 3/4, 1/8 … of `size`: the bits of `index` in reverse are those of a fraction (van der Corput's sequence).
uint32_t EvenPlace(uint32_t index, uint32_t size) {
  uint64_t fraction = 0;  // of 2^32
  for (int bit = 0; bit < 32; ++bit) fraction |= uint64_t{index >> bit & 1} << (31 - bit);
  return static_cast<uint32_t>(fraction * size >> 32);
}

// 0 to size-1, each once, begun at `start` and then in the order of EvenPlace.
std::vector<uint32_t> EvenOrder(uint32_t size, uint32_t start) {
  std::vector<uint32_t> order;
  order.reserve(size);
  std::vector<bool> is_taken(size);
  // As many fractions as the next power of two fall on each place at least once.
  for (uint32_t index = 0; index < std::bit_ceil(size); ++index) {
    const uint32_t place = EvenPlace(index, size);
    if (is_taken[place]) continue;
    is_taken[place] = true;
    order.push_back((place + start) % size);
  }
  return order;
}

}  // namespace

std::string_view CabinetOf(std::string_view node) {
  if (node.empty() || node[0] != 'x') return {};
  size_t end = 1;
  while (end < node.size() && IsDigit(node[end])) ++end;
  const bool is_part =
      end > 1 && end + 1 < node.size() && node[end] == 'c' && IsDigit(node[end + 1]);
  return is_part ? node.substr(0, end) : std::string_view{};
}

std::vector<uint32_t> SpreadOverCabinets(const std::vector<std::string>& nodes) {
  std::vector<std::vector<uint32_t>> cabinets;  // in the order of their first nodes
  std::map<std::string_view, size_t> number_of;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    const auto [at, is_new] = number_of.try_emplace(CabinetOf(nodes[i]), cabinets.size());
    if (is_new) cabinets.emplace_back();
    cabinets[at->second].push_back(i);
  }
  for (uint32_t c = 0; c < cabinets.size(); ++c) {
    const auto size = static_cast<uint32_t>(cabinets[c].size());
    std::vector<uint32_t> spread = EvenOrder(size, EvenPlace(c, size));
    for (uint32_t& place : spread) place = cabinets[c][place];
    cabinets[c] = std::move(spread);
  }
  std::vector<uint32_t> order;
  order.reserve(nodes.size());
  for (size_t round = 0; !cabinets.empty(); ++round) {
    std::erase_if(cabinets, [round](const auto& cabinet) { return cabinet.size() <= round; });
    for (const std::vector<uint32_t>& cabinet : cabinets) order.push_back(cabinet[round]);
  }
  return order;
}

}  // namespace muster
