// What a fuzz target says when a property does not hold. libFuzzer keeps the input and prints how to replay it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace muster::fuzz {

inline void Require(bool holds, const char* property, const std::string& shown = "") {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n%s\n", property, shown.c_str());
  std::abort();
}

}  // namespace muster::fuzz
