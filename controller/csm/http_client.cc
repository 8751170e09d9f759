#include "controller/csm/http_client.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "common/require.h"
#include "common/version.h"
#include "controller/csm/problem.h"

namespace muster {
namespace {

CURL* MakeEasy() {
  // Never undone: what it starts belongs to the whole process.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CURL* const easy = curl_easy_init();
  Require(easy != nullptr, "use libcurl", "no memory");
  return easy;
}

// A line end in a header would begin another header.
bool IsHeader(const std::string& header) {
  return std::none_of(header.begin(), header.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

absl::StatusCode CodeOf(CURLcode result) {
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return absl::StatusCode::kFailedPrecondition;
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::StatusCode::kCancelled;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

// One request and what comes back.
struct HttpClient::Exchange {
  size_t max_body_bytes;
  std::string body = {};
  bool is_too_large = false;
  char error[CURL_ERROR_SIZE] = "";
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)), easy_(MakeEasy()) {}

absl::StatusOr<HttpResponse> HttpClient::Do(const HttpRequest& request) {
  if (!std::all_of(request.headers.begin(), request.headers.end(), IsHeader)) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} {}: a header has a control character",
                      request.method, request.url);
  }
  Exchange exchange{request.max_body_bytes};
  if (options_.is_stopped && options_.is_stopped())
    return Failure(request, CURLE_ABORTED_BY_CALLBACK, exchange);
  curl_easy_reset(easy_.get());  // keeps connections
  SetConnection(request);
  SetRequest(request);
  SetAnswer(exchange);
  const CURLcode result = curl_easy_perform(easy_.get());
  if (result != CURLE_OK) return Failure(request, result, exchange);
  return Answer(exchange);
}

void HttpClient::SetConnection(const HttpRequest& request) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // else the machine's own would count, too
  }
  if (!options_.proxy_from_environment) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout / 1ms));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout / 1ms));
}

void HttpClient::SetRequest(const HttpRequest& request) {
  CURL* const easy = easy_.get();
  curl_slist* headers = curl_slist_append(nullptr, "Expect:");  // no waiting for "100 Continue"
  // libcurl would call a body that is not there a form.
  if (request.body.empty()) headers = curl_slist_append(headers, "Content-Type:");
  for (const std::string& header : request.headers)
    headers = curl_slist_append(headers, header.c_str());
  headers_.reset(headers);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, (std::string("musterd/") + kVersion).c_str());
  if (request.method == "GET") return;
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  // On a connection that ends when it is used again, libcurl sends a request a second time: that is for the caller to decide.
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());  // not copied
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void HttpClient::SetAnswer(Exchange& exchange) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error);
  if (!options_.is_stopped) return;
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
}

size_t HttpClient::OnBody(char* data, size_t size, size_t count, void* exchange) {
  Exchange& to = *static_cast<Exchange*>(exchange);
  const size_t bytes = size * count;
  to.is_too_large = bytes > to.max_body_bytes - to.body.size();
  if (to.is_too_large) return 0;  // ends the request
  to.body.append(data, bytes);
  return bytes;
}

int HttpClient::OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<HttpClient*>(self)->options_.is_stopped() ? 1 : 0;
}

absl::Status HttpClient::Failure(const HttpRequest& request, CURLcode result,
                                 const Exchange& exchange) const {
  const std::string what = request.method + " " + PrintableLine(request.url);
  if (exchange.is_too_large) {
    return MakeStatus(absl::StatusCode::kResourceExhausted,
                      "{}: the answer has more than {} bytes and was not read", what,
                      exchange.max_body_bytes);
  }
  if (result == CURLE_ABORTED_BY_CALLBACK) {
    return MakeStatus(absl::StatusCode::kCancelled, "{}: given up, musterd is stopping", what);
  }
  const std::string why = exchange.error[0] != '\0' ? exchange.error : curl_easy_strerror(result);
  return MakeStatus(CodeOf(result), "{}: {}", what, PrintableLine(why));
}

HttpResponse HttpClient::Answer(Exchange& exchange) const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  const char* content_type = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &content_type);
  curl_off_t took_us = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &took_us);
  return {static_cast<int>(status), std::move(exchange.body),
          content_type != nullptr ? content_type : "", std::chrono::microseconds(took_us)};
}

}  // namespace muster
