// What HPE Cray EX systems call their nodes by place. Pure; any thread.
#pragma once

#include <string_view>

namespace muster {

// x1000c0s0b0n0 and its like: lower case, no more than that. Other parts, and services that subscribe as the system "x0", are none.
bool IsNodeXname(std::string_view text);

}  // namespace muster
