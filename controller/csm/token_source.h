// The token for the API gateway: OAuth 2.0 client credentials from Keycloak. Any thread; of many that ask at once one fetches, and the
// others wait for what it gets, or go on with the token there is. Neither tokens nor the secret are ever in an error or a log line.
#pragma once

#include <optional>
#include <string>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/csm/http_pool.h"

namespace muster {

struct TokenOptions {
  // Such as https://api-gw-service-nmn.local/keycloak/realms/shasta/protocol/openid-connect/token.
  std::string url;
  std::string client_id;
  std::string secret = {};
  // Instead of `secret`: the file that has it, with or without a line end; read for each token.
  std::string secret_file = {};
};

class TokenSource {
 public:
  // Pool and clock are lent and outlive it.
  TokenSource(TokenOptions options, HttpPool& http, const Clock& clock);

  // A token with life left. It is fetched anew at 80 % of its life, and at least 30 s before its end; while that fails, the old one is
  // given as long as it lives. One request, no retries: UNAVAILABLE and DEADLINE_EXCEEDED may pass. UNAUTHENTICATED if Keycloak refuses the
  // client, FAILED_PRECONDITION if there is no secret, INTERNAL for an answer without a token, else as HttpClient::Do.
  absl::StatusOr<std::string> Token();

  // After a 401 with this token. Does nothing if there is a newer one.
  void Invalidate(const std::string& token);

 private:
  struct Fetched {
    std::string token;
    Duration lifetime;
  };

  absl::StatusOr<std::string> FetchAndTell();
  absl::StatusOr<Fetched> Fetch() const;
  absl::StatusOr<std::string> ReadSecret() const;
  absl::StatusOr<Fetched> Parse(const std::string& body) const;
  // What whoever waited for it gets.
  absl::StatusOr<std::string> Keep(const absl::StatusOr<Fetched>& fetched, Time asked)
      MUSTER_REQUIRES(mutex_);
  bool IsAlive(Time now) const MUSTER_REQUIRES(mutex_);

  const TokenOptions options_;
  HttpPool& http_;
  const Clock& clock_;

  mutable Mutex mutex_;
  CondVar fetched_;
  bool is_fetching_ MUSTER_GUARDED_BY(mutex_) = false;
  absl::StatusOr<std::string> last_result_ MUSTER_GUARDED_BY(mutex_);
  std::optional<std::string> token_ MUSTER_GUARDED_BY(mutex_);
  Time renew_at_ MUSTER_GUARDED_BY(mutex_);
  Time ends_at_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
