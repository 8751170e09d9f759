// HTTP requests, one at a time: libcurl's easy interface. TLS 1.2 or newer, no redirects, http and https only, an answer of bounded size.
// Nothing but GET and HEAD is ever sent twice. An object belongs to one thread at a time; it keeps its connections from one request to the next.
// See http_pool.h for many threads.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/time.h"

namespace muster {

struct HttpRequest {
  std::string method = "GET";
  std::string url;                        // may be shown in an error: no secrets in it
  std::vector<std::string> headers = {};  // "Name: value"; never shown
  std::string body = {};                  // never shown
  // Of the whole request. HMNFD's own client has 10 s, and the largest answer of 10,000 nodes comes in a tenth of a second.
  Duration timeout = 10s;
  // Of the connection and its TLS handshake. A SYN that was lost is sent again after 1 s, and that after 2 s more.
  Duration connect_timeout = 5s;
  // Ten times what 10,000 subscriptions take.
  size_t max_body_bytes = 16 << 20;
};

struct HttpResponse {
  int status = 0;
  std::string body = {};
  std::string content_type = {};
  Duration took = {};
};

struct HttpOptions {
  std::string ca_file = {};  // bundle (PEM); empty: the machine's own
  // Else no proxy, whatever the environment says: services of the system are not behind one.
  bool proxy_from_environment = false;
  // True ends a request within a second. May be empty. Asked from the thread of the request.
  std::function<bool()> is_stopped = {};
};

class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Whatever status came back. Without one: UNAVAILABLE; DEADLINE_EXCEEDED; FAILED_PRECONDITION if the peer's certificate does not verify
  // or the CA bundle cannot be used; RESOURCE_EXHAUSTED for a body beyond max_body_bytes; CANCELLED if stopped; INVALID_ARGUMENT for what is
  // no request.
  absl::StatusOr<HttpResponse> Do(const HttpRequest& request);

 private:
  struct CleanUp {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  struct Exchange;

  static size_t OnBody(char* data, size_t size, size_t count, void* exchange);
  static int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  void SetConnection(const HttpRequest& request);
  void SetRequest(const HttpRequest& request);
  void SetAnswer(Exchange& exchange);
  absl::Status Failure(const HttpRequest& request, CURLcode result, const Exchange& exchange) const;
  HttpResponse Answer(Exchange& exchange) const;

  const HttpOptions options_;
  const std::unique_ptr<CURL, CleanUp> easy_;
  std::unique_ptr<curl_slist, CleanUp> headers_;  // of the request under way
};

}  // namespace muster
