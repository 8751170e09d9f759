#include "controller/csm/service_client.h"

#include <algorithm>
#include <utility>

#include "controller/csm/problem.h"

namespace muster {
namespace {

bool MayPass(const absl::Status& error) {
  return error.code() == absl::StatusCode::kUnavailable ||
         error.code() == absl::StatusCode::kDeadlineExceeded;
}

absl::Status StatusOf(const absl::StatusOr<HttpResponse>& response, const HttpRequest& request) {
  if (!response.ok()) return response.status();
  if (response->status / 100 == 2) return absl::OkStatus();
  return ErrorOf(*response, request.method, request.url);
}

}  // namespace

ServiceClient::ServiceClient(ServiceOptions options, HttpPool& http, TokenSource* tokens,
                             const Clock& clock, Waiter& waiter)
    : options_(std::move(options)), http_(http), tokens_(tokens), clock_(clock), waiter_(waiter) {}

absl::StatusOr<std::string> ServiceClient::Get(const std::string& path_and_query,
                                               Duration retry_for) {
  absl::StatusOr<HttpResponse> response = Send("GET", path_and_query, "", retry_for);
  MUSTER_RETURN_IF_ERROR(response.status());
  return std::move(response->body);
}

absl::StatusOr<HttpResponse> ServiceClient::Send(const std::string& method,
                                                 const std::string& path_and_query,
                                                 const std::string& json_body, Duration retry_for) {
  HttpRequest request;
  request.method = method;
  request.url = options_.base_url + path_and_query;
  request.headers = {"Accept: application/json"};
  request.timeout = options_.timeout;
  request.max_body_bytes = options_.max_body_bytes;
  if (!json_body.empty()) {
    request.headers.push_back("Content-Type: application/json");
    request.body = json_body;
  }
  return Retry(request, retry_for);
}

absl::StatusOr<HttpResponse> ServiceClient::Ask(const std::string& path_and_query,
                                                Duration timeout) {
  HttpRequest request;
  request.url = options_.base_url + path_and_query;
  request.timeout = timeout;
  request.connect_timeout = timeout;
  request.max_body_bytes = options_.max_body_bytes;
  return Try(request);
}

absl::StatusOr<HttpResponse> ServiceClient::Retry(const HttpRequest& request, Duration retry_for) {
  const Time began = clock_.Now();
  Duration backoff = kFirstBackoff;
  for (int tries = 1;; ++tries) {
    absl::StatusOr<HttpResponse> response = Try(request);
    const absl::Status error = StatusOf(response, request);
    if (error.ok()) return response;
    if (!MayPass(error)) return error;
    const Duration wait(
        static_cast<Duration::rep>(waiter_.Random() * static_cast<double>(backoff.count())));
    if (clock_.Now() + wait >= began + retry_for) return GiveUp(error, tries, began);
    if (!waiter_.Wait(wait)) {
      return MakeStatus(absl::StatusCode::kCancelled, "{} (given up, musterd is stopping)",
                        Message(error));
    }
    backoff = std::min(2 * backoff, kMaxBackoff);
  }
}

absl::Status ServiceClient::GiveUp(const absl::Status& error, int tries, Time began) const {
  if (tries == 1) return error;
  return MakeStatus(error.code(), "{} (tried {} times in {} s)", Message(error), tries,
                    (clock_.Now() - began) / 1s);
}

absl::StatusOr<HttpResponse> ServiceClient::Try(const HttpRequest& request) {
  if (tokens_ == nullptr) return http_.Do(request);
  std::string token;
  absl::StatusOr<HttpResponse> response = TryWithToken(request, &token);
  if (!response.ok() || response->status != 401) return response;
  tokens_->Invalidate(token);
  return TryWithToken(request, &token);
}

absl::StatusOr<HttpResponse> ServiceClient::TryWithToken(HttpRequest request, std::string* token) {
  absl::StatusOr<std::string> fetched = tokens_->Token();
  MUSTER_RETURN_IF_ERROR(fetched.status());
  *token = std::move(*fetched);
  request.headers.push_back("Authorization: Bearer " + *token);
  return http_.Do(request);
}

}  // namespace muster
