// Who a peer is: the URI names of its certificate, never what it says of itself.
//
// A pattern such as "spiffe://muster/agent/<name>" has "<name>" once, at its end, and matches a URI that has the
// same text before it and a non-empty name without '/' after it. SPIRE SVIDs fit by giving other patterns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/status.h"

namespace muster {

struct IdentityPatterns {
  std::string agent = "spiffe://muster/agent/<name>";
  std::string operator_ = "spiffe://muster/operator/<name>";
  std::string controller = "spiffe://muster/controller/<name>";
};

// The names that `uris` have under `pattern`, in order.
std::vector<std::string> NamesIn(const std::vector<std::string>& uris, const std::string& pattern);

// The URI that `pattern` gives to `name`.
std::string UriFor(const std::string& pattern, const std::string& name);

// INVALID_ARGUMENT with a sentence if a pattern cannot match as described above.
absl::Status CheckPattern(const std::string& pattern);

// Likewise if a name could be of two roles: every agent would be an operator.
absl::Status CheckPatterns(const IdentityPatterns& patterns);

}  // namespace muster
