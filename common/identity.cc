#include "common/identity.h"

#include <string_view>

namespace muster {
namespace {

constexpr std::string_view kPlaceholder = "<name>";

std::string PrefixOf(const std::string& pattern) {
  return pattern.substr(0, pattern.size() - kPlaceholder.size());
}

}  // namespace

std::vector<std::string> NamesIn(const std::vector<std::string>& uris, const std::string& pattern) {
  std::vector<std::string> names;
  if (!CheckPattern(pattern).ok()) return names;
  const std::string prefix = PrefixOf(pattern);
  for (const std::string& uri : uris) {
    if (uri.size() <= prefix.size() || !uri.starts_with(prefix)) continue;
    std::string name = uri.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

std::string UriFor(const std::string& pattern, const std::string& name) {
  return PrefixOf(pattern) + name;
}

absl::Status CheckPattern(const std::string& pattern) {
  if (pattern.find("://") == std::string::npos || !pattern.ends_with(kPlaceholder) ||
      pattern.find(kPlaceholder) != pattern.size() - kPlaceholder.size()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "identity pattern '{}': must be a URI that ends with '<name>', such as "
                      "spiffe://muster/agent/<name>",
                      pattern);
  }
  return absl::OkStatus();
}

absl::Status CheckPatterns(const IdentityPatterns& patterns) {
  const std::string* all[] = {&patterns.agent, &patterns.operator_, &patterns.controller};
  for (const std::string* pattern : all) MUSTER_RETURN_IF_ERROR(CheckPattern(*pattern));
  for (const std::string* one : all) {
    for (const std::string* other : all) {
      if (one == other || NamesIn({UriFor(*one, "x")}, *other).empty()) continue;
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "identity patterns '{}' and '{}': a certificate could be of both roles",
                        *one, *other);
    }
  }
  return absl::OkStatus();
}

}  // namespace muster
