// Who may look: an operator by the certificate of the connection, or whoever has the token, in HTTP's Basic or Bearer scheme (RFC 7617, 6750).
// Any thread.
#pragma once

#include <functional>
#include <string>

#include "common/identity.h"
#include "common/mutex.h"
#include "common/status.h"
#include "controller/web/web_exchange.h"

namespace muster {

// One that cannot be guessed: 32 characters of base64 are 192 bits.
inline constexpr size_t kMinTokenBytes = 32;
inline constexpr size_t kMaxTokenBytes = 512;

// The token in a file, without the blanks at its end. INVALID_ARGUMENT for one that is too short, too long or not printable.
absl::StatusOr<std::string> ReadToken(const std::string& file);

class WebAccess {
 public:
  // An empty token: certificates only. `is_revoked` may be empty.
  WebAccess(IdentityPatterns patterns, std::function<bool(const CertificateInfo&)> is_revoked,
            std::string token)
      : patterns_(std::move(patterns)),
        is_revoked_(std::move(is_revoked)),
        token_(std::move(token)) {}

  // Another token from now on; streams that were opened by the one before end with their next sign of life.
  void SetToken(std::string token);

  // UNAUTHENTICATED with the sentence for who asks.
  absl::Status Check(const WebRequest& request) const;

 private:
  std::string token() const;
  static bool IsToken(const std::string& authorization, const std::string& token);
  bool IsOperator(const CertificateInfo& certificate) const;

  const IdentityPatterns patterns_;
  const std::function<bool(const CertificateInfo&)> is_revoked_;
  mutable Mutex mutex_;
  std::string token_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
