// FNV-1a, 64 bit (draft-eastlake-fnv): spreads names over places, protects nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster {

// Of `text` after what came to `hash`.
constexpr uint64_t Fnv1a(std::string_view text, uint64_t hash = 14695981039346656037u) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

}  // namespace muster
