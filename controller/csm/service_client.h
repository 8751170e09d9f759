// One REST service of CSM at its base URL. Calls block, for as long as they are allowed to try again, and end early when the waiter is
// stopped. Any thread.
//
// A token, if there is a source of them, goes with each request; after a 401 it is fetched anew, once a call. What may pass is tried again
// with full jitter: no connection, no answer in time, 429, and every 5xx but 501.
#pragma once

#include <string>

#include "common/status.h"
#include "common/time.h"
#include "controller/csm/http_pool.h"
#include "controller/csm/token_source.h"
#include "controller/csm/waiter.h"

namespace muster {

// An election in etcd under a service stalls it for up to a minute: its heartbeat is 4.2 s and its election timeout 21 s there.
inline constexpr Duration kRetryFor = 90s;
inline constexpr Duration kNoRetry = 0s;
inline constexpr Duration kFirstBackoff = 100ms;
inline constexpr Duration kMaxBackoff = 5s;

struct ServiceOptions {
  std::string base_url;    // such as http://cray-hmnfd/hmi/v2; no '/' at its end
  Duration timeout = 10s;  // of each try
  // 100,000 components are 25 MB.
  size_t max_body_bytes = 64 << 20;
};

class ServiceClient {
 public:
  // `tokens` may be null. All but the options are lent and outlive it.
  ServiceClient(ServiceOptions options, HttpPool& http, TokenSource* tokens, const Clock& clock,
                Waiter& waiter);

  // The body of a 2xx. `path_and_query` begins with '/'. Tries again until `retry_for` has passed since the call; the last try may then take
  // its timeout. Errors are one sentence with method and URL: those of ErrorOf (problem.h), HttpClient::Do and TokenSource::Token.
  absl::StatusOr<std::string> Get(const std::string& path_and_query,
                                  Duration retry_for = kRetryFor);

  // The same for any method; the whole answer of a 2xx. A request whose answer was lost may have been done, and is sent again all the same:
  // kNoRetry for what must not be done twice. An empty `json_body` is none.
  absl::StatusOr<HttpResponse> Send(const std::string& method, const std::string& path_and_query,
                                    const std::string& json_body, Duration retry_for = kRetryFor);

  // One GET for whoever wants the status, whatever it is. No retry; the time is for all of it but a new token.
  absl::StatusOr<HttpResponse> Ask(const std::string& path_and_query, Duration timeout);

  const std::string& base_url() const { return options_.base_url; }

 private:
  absl::StatusOr<HttpResponse> Retry(const HttpRequest& request, Duration retry_for);
  absl::StatusOr<HttpResponse> Try(const HttpRequest& request);
  absl::StatusOr<HttpResponse> TryWithToken(HttpRequest request, std::string* token);
  absl::Status GiveUp(const absl::Status& error, int tries, Time began) const;

  const ServiceOptions options_;
  HttpPool& http_;
  TokenSource* const tokens_;
  const Clock& clock_;
  Waiter& waiter_;
};

}  // namespace muster
