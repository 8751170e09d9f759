#include "controller/web/web_access.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "common/ascii.h"

namespace muster {
namespace {

// Of "Basic QWxhZGRpbjpvcGVu": what is after the first colon; empty if it is none.
std::string PasswordOf(const std::string& encoded) {
  std::string decoded(encoded.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(encoded.data()),
                                   static_cast<int>(encoded.size()));
  if (size < 0) return "";
  // The padding is decoded as zeros.
  const auto padding = std::count(encoded.begin(), encoded.end(), '=');
  decoded.resize(static_cast<size_t>(std::max<std::ptrdiff_t>(size - padding, 0)));
  const size_t colon = decoded.find(':');
  return colon == std::string::npos ? "" : decoded.substr(colon + 1);
}

// In a time that does not tell where they differ.
bool IsSame(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

absl::StatusOr<std::string> ReadToken(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return ErrnoStatus(errno, "read the token of the web port " + file);
  std::string token(kMaxTokenBytes + 2, '\0');
  in.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<size_t>(in.gcount()));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const bool is_printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (token.size() < kMinTokenBytes || token.size() > kMaxTokenBytes || !is_printable) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "{}: a token of the web port is one line of {} to {} printable characters; "
                      "make one with: openssl rand -base64 32",
                      file, kMinTokenBytes, kMaxTokenBytes);
  }
  return token;
}

void WebAccess::SetToken(std::string token) {
  const MutexLock lock(mutex_);
  token_ = std::move(token);
}

std::string WebAccess::token() const {
  const MutexLock lock(mutex_);
  return token_;
}

absl::Status WebAccess::Check(const WebRequest& request) const {
  if (request.certificate && IsOperator(*request.certificate)) return absl::OkStatus();
  const std::string wanted = token();
  if (!wanted.empty() && IsToken(request.authorization, wanted)) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kUnauthenticated, "{}",
                    wanted.empty() ? "an operator's certificate is needed"
                                   : "an operator's certificate or the token is needed");
}

bool WebAccess::IsToken(const std::string& authorization, const std::string& token) {
  const size_t blank = authorization.find(' ');
  if (blank == std::string::npos) return false;
  const std::string scheme = LowerCase(authorization.substr(0, blank));
  const std::string value = authorization.substr(blank + 1);
  if (scheme == "bearer") return IsSame(value, token);
  return scheme == "basic" && IsSame(PasswordOf(value), token);
}

bool WebAccess::IsOperator(const CertificateInfo& certificate) const {
  const bool is_one = !NamesIn(certificate.uris, patterns_.operator_).empty();
  const bool is_valid = std::chrono::system_clock::now() < certificate.not_after;
  return is_one && is_valid && !(is_revoked_ && is_revoked_(certificate));
}

}  // namespace muster
