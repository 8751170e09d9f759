// Who goes by which alias. A node may have many, and one may be claimed by several nodes: an error when somebody uses it, and
// only then. Whoever owns one guards it.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace muster {

class Claims {
 public:
  void Add(const std::string& alias, const std::string& xname);
  // Does nothing if `xname` does not claim it.
  void Remove(const std::string& alias, const std::string& xname);
  // The nodes that claim exactly `alias`; nothing if none does.
  const std::vector<std::string>* Of(const std::string& alias) const;

 private:
  std::unordered_map<std::string, std::vector<std::string>> claimants_;
};

}  // namespace muster
