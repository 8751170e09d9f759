// UUIDs as text: 36 characters, lower case. Any thread.
#pragma once

#include <string>

namespace muster {

// A UUIDv7 (RFC 9562, 5.7): milliseconds of the wall clock, then a 12-bit counter, then random bits of the kernel. Within the
// process each is greater than the one before, even if the clock goes back; over processes they are in the order of time.
std::string NewUuid();

// Whether `text` has the form 8-4-4-4-12 of hexadecimal digits, in either case and of any version.
bool IsUuid(const std::string& text);

}  // namespace muster
