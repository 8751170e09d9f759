// Theory of operation: a token is fresh until renew_at_, then alive until ends_at_. Whoever finds it not fresh, and nobody fetching, fetches
// without the lock. Meanwhile others take the token if it is alive, else they wait: at most for the timeout of one request.
#include "controller/csm/token_source.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>

#include "common/log.h"
#include "controller/csm/curl_text.h"
#include "controller/csm/json.h"
#include "controller/csm/problem.h"

namespace muster {
namespace {

// A token of Keycloak with many roles has 2 to 4 KiB, and Envoy takes headers of 60 KiB.
constexpr size_t kMaxTokenBytes = 32 << 10;
constexpr size_t kMaxSecretBytes = 4096;
constexpr JsonLimits kTokenLimits = {128 << 10, 8};
// For one that does not say; users' tokens of Keycloak have 300 s.
constexpr uint64_t kUntoldSeconds = 60;
// Longer than any token lives: those of CSM's administrators have 365 days.
constexpr uint64_t kMaxSeconds = 10 * 365 * 86'400;
constexpr Duration kTimeout = 10s;
// How long after a renewal that failed the next one is tried, while the token is alive.
constexpr Duration kRenewAgain = 10s;

Duration RenewAfter(Duration lifetime) {
  return std::max(std::min(lifetime / 5 * 4, lifetime - 30s), lifetime / 2);
}

// What RFC 6750 lets a token be, so that it cannot begin a header of its own.
bool IsToken(const std::string& token) {
  return !token.empty() && token.size() <= kMaxTokenBytes &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 127; });
}

std::string FormEncoded(const std::string& text) {
  const CurlText escaped(curl_easy_escape(nullptr, text.c_str(), static_cast<int>(text.size())));
  return escaped.get();
}

// Should Keycloak ever repeat the secret.
std::string Without(std::string text, const std::string& secret) {
  for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
    at += 3;
  }
  return text;
}

}  // namespace

TokenSource::TokenSource(TokenOptions options, HttpPool& http, const Clock& clock)
    : options_(std::move(options)), http_(http), clock_(clock) {}

absl::StatusOr<std::string> TokenSource::Token() {
  {
    const MutexLock lock(mutex_);
    const Time now = clock_.Now();
    if (IsAlive(now) && (now < renew_at_ || is_fetching_)) return *token_;
    if (is_fetching_) {
      while (is_fetching_) fetched_.wait(mutex_);
      return last_result_;
    }
    is_fetching_ = true;
  }
  return FetchAndTell();
}

absl::StatusOr<std::string> TokenSource::FetchAndTell() {
  const Time asked = clock_.Now();
  const absl::StatusOr<Fetched> fetched = Fetch();
  const MutexLock lock(mutex_);
  is_fetching_ = false;
  last_result_ = Keep(fetched, asked);
  fetched_.notify_all();
  return last_result_;
}

absl::StatusOr<std::string> TokenSource::Keep(const absl::StatusOr<Fetched>& fetched, Time asked) {
  if (fetched.ok()) {
    token_ = fetched->token;
    renew_at_ = asked + RenewAfter(fetched->lifetime);
    ends_at_ = asked + fetched->lifetime;
    return *token_;
  }
  const Time now = clock_.Now();
  if (!IsAlive(now)) {
    token_.reset();
    return fetched.status();
  }
  renew_at_ = now + kRenewAgain;
  log::Warning("token not renewed seconds_left={} error=\"{}\"", (ends_at_ - now) / 1s,
               Message(fetched.status()));
  return *token_;
}

void TokenSource::Invalidate(const std::string& token) {
  const MutexLock lock(mutex_);
  if (token_ == token) token_.reset();
}

bool TokenSource::IsAlive(Time now) const { return token_ && now < ends_at_; }

absl::StatusOr<TokenSource::Fetched> TokenSource::Fetch() const {
  const absl::StatusOr<std::string> secret = ReadSecret();
  MUSTER_RETURN_IF_ERROR(secret.status());
  HttpRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
  request.body = "grant_type=client_credentials&client_id=" + FormEncoded(options_.client_id) +
                 "&client_secret=" + FormEncoded(*secret);
  request.timeout = kTimeout;
  request.max_body_bytes = kTokenLimits.max_bytes;
  const absl::StatusOr<HttpResponse> response = http_.Do(request);
  MUSTER_RETURN_IF_ERROR(response.status());
  if (response->status == 200) return Parse(response->body);
  HttpResponse refusal = *response;
  refusal.body = Without(std::move(refusal.body), *secret);
  const absl::Status error = ErrorOf(refusal, "POST", options_.url);
  // 400 is what Keycloak answers to a client that it does not know or that may not do this.
  const bool is_refused = response->status == 400;
  return MakeStatus(is_refused ? absl::StatusCode::kUnauthenticated : error.code(),
                    "get a token as client {}: {}", options_.client_id, Message(error));
}

absl::StatusOr<std::string> TokenSource::ReadSecret() const {
  if (options_.secret_file.empty()) {
    if (!options_.secret.empty()) return options_.secret;
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "get a token as client {}: it has no secret", options_.client_id);
  }
  errno = 0;
  std::ifstream file(options_.secret_file, std::ios::binary);
  std::string secret(kMaxSecretBytes + 1, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (!file.eof() && !file.good()) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{}",
                      Message(ErrnoStatus(errno != 0 ? errno : EIO,
                                          "read the client's secret " + options_.secret_file)));
  }
  secret.resize(static_cast<size_t>(file.gcount()));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (!secret.empty() && secret.size() <= kMaxSecretBytes) return secret;
  return MakeStatus(absl::StatusCode::kFailedPrecondition, "read the client's secret {}: it {}",
                    options_.secret_file, secret.empty() ? "is empty" : "is no secret, too large");
}

absl::StatusOr<TokenSource::Fetched> TokenSource::Parse(const std::string& body) const {
  const std::string what = "the answer of " + options_.url;
  const absl::StatusOr<Json> json = ParseJson(body, what, kTokenLimits);
  MUSTER_RETURN_IF_ERROR(json.status());
  MUSTER_RETURN_IF_ERROR(RequireObject(*json, what));
  const Fields fields(*json, what);
  std::string token;
  std::optional<uint64_t> seconds;
  MUSTER_RETURN_IF_ERROR(fields.Read("access_token", &token));
  MUSTER_RETURN_IF_ERROR(fields.Read("expires_in", &seconds));
  if (!IsToken(token))
    return MakeStatus(absl::StatusCode::kInternal, "{} has no usable access_token", what);
  return Fetched{token, std::min(seconds.value_or(kUntoldSeconds), kMaxSeconds) * 1s};
}

}  // namespace muster
