#include "controller/engine/request_memory.h"

namespace muster {

RequestMemory::RequestMemory(size_t max_requests, std::string (*name)(const std::string& id))
    : max_requests_(max_requests), name_(name) {}

void RequestMemory::Remember(const StoredRequest& request) {
  if (request.request_id.empty()) return;
  const Request entry{request.job, request.request_digest};
  if (!requests_.insert_or_assign(request.request_id, entry).second) return;
  order_.push_back(request.request_id);
  if (order_.size() <= max_requests_) return;
  requests_.erase(order_.front());
  order_.pop_front();
}

std::optional<absl::StatusOr<std::string>> RequestMemory::Find(const std::string& request_id,
                                                               const std::string& digest) const {
  const auto it = requests_.find(request_id);
  if (it == requests_.end()) return std::nullopt;
  if (it->second.digest == digest) return it->second.made;
  return MakeStatus(absl::StatusCode::kAlreadyExists,
                    "request_id {} was used for another request, which made {}; use a new one",
                    request_id, name_(it->second.made));
}

}  // namespace muster
