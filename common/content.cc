#include "common/content.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace muster {

void Merge(const ContentRecord& more, ContentRecord* record) {
  std::vector<RecordedMount>& mounts = record->mounts;
  std::set<std::string> done;
  for (const RecordedMount& first : more.mounts) {
    if (!done.insert(first.target).second) continue;
    std::vector<RecordedMount> newer;
    for (const RecordedMount& mount : more.mounts)
      if (mount.target == first.target) newer.push_back(mount);
    const auto is_there = [&first](const RecordedMount& mount) {
      return mount.target == first.target;
    };
    const auto place = std::find_if(mounts.begin(), mounts.end(), is_there) - mounts.begin();
    std::erase_if(mounts, is_there);
    mounts.insert(mounts.begin() + place, newer.begin(), newer.end());
  }
}

size_t SizeOf(const ContentRecord& record) {
  // What frames a mount's fields and the mount itself, rounded up.
  constexpr size_t kFraming = 32;
  return std::accumulate(record.mounts.begin(), record.mounts.end(), size_t{0},
                         [](size_t sum, const RecordedMount& mount) {
                           return sum + kFraming + mount.fstype.size() + mount.source.size() +
                                  mount.target.size() + mount.options.size() +
                                  mount.super_options.size() + mount.propagation.size();
                         });
}

}  // namespace muster
