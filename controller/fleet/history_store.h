// Where the fleet's history is kept, and what of it. Plain data and one seam.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/time.h"
#include "controller/fleet/conditions.h"

namespace muster {

// Something that happened to some nodes.
struct HealthEvent {
  int64_t number = 0;  // grows with time
  Time first{};        // the first node
  Time last{};         // the last one
  ConditionKind kind{};
  Truth truth{};
  std::string reason;
  std::string example;  // the first node
  std::string message;  // about it; may be empty
  size_t count = 0;
  std::string nodes = {};  // folded
  bool operator==(const HealthEvent&) const = default;
};

// What was last known of a condition of a node.
struct RecordedCondition {
  std::string node;
  ConditionKind kind{};
  Truth truth{};  // kUnspecified: nothing any more
  std::string reason;
  std::string mark;  // see Condition; written empty: as it was
  Time since{};
  bool operator==(const RecordedCondition&) const = default;
};

struct HistoryBatch {
  struct Change {
    HealthEvent event;                // new, or in place of the one with its number
    std::vector<std::string> joined;  // its nodes that are not stored yet
  };
  std::vector<Change> events;
  std::vector<RecordedCondition> conditions;
  bool empty() const { return events.empty() && conditions.empty(); }
};

struct StoredHistory {
  std::vector<RecordedCondition> conditions;
  int64_t last_number = 0;
};

// One thread.
class HistoryStore {
 public:
  virtual ~HistoryStore() = default;
  virtual absl::StatusOr<StoredHistory> Load() = 0;
  // All or nothing. Not synced: the end of the history may be lost with the machine's power. RESOURCE_EXHAUSTED, UNAVAILABLE, DATA_LOSS.
  virtual absl::Status Write(const HistoryBatch& batch) = 0;
  // Removes the events that are too old or too many.
  virtual absl::Status Trim(Time now) = 0;
};

// Reading beside the writer. One thread.
class HistoryReader {
 public:
  virtual ~HistoryReader() = default;
  // The newest first.
  virtual absl::StatusOr<std::vector<HealthEvent>> Events(size_t limit) = 0;
  // Those that any of these nodes had a part in.
  virtual absl::StatusOr<std::vector<HealthEvent>> EventsOf(const std::vector<std::string>& nodes,
                                                            size_t limit) = 0;
};

}  // namespace muster
