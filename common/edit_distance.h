// How far a word is from the one that was probably meant. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>

namespace muster {

// How many letters to add, to leave out or to change to make the one the other (Levenshtein).
size_t EditDistance(const std::string& a, const std::string& b);

}  // namespace muster
