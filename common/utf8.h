// Texts from outside that go on the wire: protobuf reads no string that is not UTF-8 (RFC 3629). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace muster {

bool IsUtf8(std::string_view text);
// With '?' for each byte that is not part of a character.
std::string ToUtf8(std::string_view text);

}  // namespace muster
