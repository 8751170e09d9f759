#include "controller/csm/http_pool.h"

#include <utility>

namespace muster {

absl::StatusOr<HttpResponse> HttpPool::Do(const HttpRequest& request) {
  std::unique_ptr<HttpClient> client = Take();
  absl::StatusOr<HttpResponse> response = client->Do(request);
  GiveBack(std::move(client));
  return response;
}

std::unique_ptr<HttpClient> HttpPool::Take() {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<HttpClient> client = std::move(idle_.back());
      idle_.pop_back();
      return client;
    }
  }
  return std::make_unique<HttpClient>(options_);
}

void HttpPool::GiveBack(std::unique_ptr<HttpClient> client) {
  const MutexLock lock(mutex_);
  if (idle_.size() < kMaxIdleHttpClients) idle_.push_back(std::move(client));
}

}  // namespace muster
