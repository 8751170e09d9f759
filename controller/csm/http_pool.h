// HTTP clients for many threads: each request takes one that is idle, or a new one, and gives it back with its connections. There are never
// more than threads that ask. Any thread.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "controller/csm/http_client.h"

namespace muster {

// Idle ones beyond these go, and their connections with them. The threads that ask are a handful.
inline constexpr size_t kMaxIdleHttpClients = 4;

class HttpPool {
 public:
  explicit HttpPool(HttpOptions options) : options_(std::move(options)) {}

  // As HttpClient::Do.
  absl::StatusOr<HttpResponse> Do(const HttpRequest& request);

 private:
  std::unique_ptr<HttpClient> Take();
  void GiveBack(std::unique_ptr<HttpClient> client);

  const HttpOptions options_;
  Mutex mutex_;
  std::vector<std::unique_ptr<HttpClient>> idle_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
