#include "controller/inventory/claims.h"

#include <algorithm>

namespace muster {

void Claims::Add(const std::string& alias, const std::string& xname) {
  std::vector<std::string>& claimants = claimants_[alias];
  if (std::find(claimants.begin(), claimants.end(), xname) == claimants.end())
    claimants.push_back(xname);
}

void Claims::Remove(const std::string& alias, const std::string& xname) {
  const auto found = claimants_.find(alias);
  if (found == claimants_.end()) return;
  std::erase(found->second, xname);
  if (found->second.empty()) claimants_.erase(found);
}

const std::vector<std::string>* Claims::Of(const std::string& alias) const {
  const auto found = claimants_.find(alias);
  return found == claimants_.end() ? nullptr : &found->second;
}

}  // namespace muster
