// Which request made what, so that one that is repeated makes nothing new. Pure. Owned by the engine, and another one by the operations; the
// runner's thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/status.h"
#include "controller/engine/record.h"

namespace muster {

class RequestMemory {
 public:
  // Remembers the newest `max_requests`. `name` says what people call that which was made, by its id.
  RequestMemory(size_t max_requests, std::string (*name)(const std::string& id));

  // What was made is in `job`. Without a request_id nothing is remembered.
  void Remember(const StoredRequest& request);

  // None if the id is unknown. Else the id of what the same request made, or ALREADY_EXISTS if it was another request.
  std::optional<absl::StatusOr<std::string>> Find(const std::string& request_id,
                                                  const std::string& digest) const;

 private:
  struct Request {
    std::string made;
    std::string digest;
  };

  size_t max_requests_;
  std::string (*name_)(const std::string& id);
  std::unordered_map<std::string, Request> requests_;
  std::deque<std::string> order_;  // the keys of requests_, the oldest first
};

}  // namespace muster
