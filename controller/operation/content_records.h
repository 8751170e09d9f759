// The records of what was mounted, by which content is unmounted and mounted again.
#pragma once

#include <string>

#include "common/content.h"
#include "common/status.h"

namespace muster {

class ContentRecords {
 public:
  virtual ~ContentRecords() = default;
  // What the phases of `content` have recorded of the node; after it was mounted again, a new record takes the place of what was before.
  // Empty if there is none. Runner thread.
  virtual absl::StatusOr<ContentRecord> Of(const std::string& content, const std::string& node) = 0;
};

}  // namespace muster
