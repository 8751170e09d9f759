// Whether a Hello is one that the controller can work with. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/messages.h"
#include "common/status.h"

namespace muster {

// `names` are the agent names of the peer's certificate. PERMISSION_DENIED if the node is none of them; FAILED_PRECONDITION for a
// protocol that this controller does not speak; INVALID_ARGUMENT for what breaks a limit.
absl::Status CheckHello(const Hello& hello, const std::vector<std::string>& names);

// The same for what it says of itself later. Its node has been checked.
absl::Status CheckStatus(const NodeStatus& status);

// FAILED_PRECONDITION if the agent was welcomed by a later life of our store: then ours is a restored backup, or a copy of one that
// goes on elsewhere, and does not know what was done since.
absl::Status CheckSeenEpoch(const Hello& hello, const Epoch& ours);

}  // namespace muster
