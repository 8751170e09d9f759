#include "controller/pki/revocation.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "common/ascii.h"
#include "controller/pki/files.h"

namespace muster {
namespace {

constexpr char kFingerprintPrefix[] = "sha256:";
constexpr size_t kFingerprintDigits = 64;
// RFC 5280, 4.1.2.2: a serial number has at most 20 octets.
constexpr size_t kMaxSerialDigits = 40;

// The line without a comment at its end and without space around it. A '#' within a URI is none: it has no space before it.
std::string EntryOf(const std::string& line) {
  constexpr char kSpace[] = " \t\r";
  const size_t begin = line.find_first_not_of(kSpace);
  if (begin == std::string::npos || line[begin] == '#') return "";
  size_t end = line.find(" #", begin);
  end = std::min(end, line.find("\t#", begin));
  end = line.find_last_not_of(kSpace, end == std::string::npos ? end : end - 1);
  return line.substr(begin, end - begin + 1);
}

// Hex digits in lower case, without colons; nothing if there is anything else.
std::optional<std::string> Digits(const std::string& text) {
  std::string digits;
  for (const char c : LowerCase(text)) {
    if (c == ':') continue;
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return std::nullopt;
    digits.push_back(c);
  }
  return digits;
}

bool IsUri(const std::string& entry) {
  return entry.find("://") != std::string::npos &&
         std::all_of(entry.begin(), entry.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

absl::StatusOr<RevocationList> RevocationList::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  RevocationList list;
  std::istringstream lines(*text);
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string entry = EntryOf(line);
    if (entry.empty()) continue;
    if (!list.Add(entry))
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "{}:{}: must be a URI, a serial number in hex, or sha256: and a "
                        "fingerprint of 64 hex digits",
                        path, number);
    if (list.size() > kMaxRevocations)
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{}:{}: more than {} entries", path,
                        number, kMaxRevocations);
  }
  return list;
}

bool RevocationList::IsRevoked(const CertificateInfo& certificate) const {
  if (serials_.contains(certificate.serial) || fingerprints_.contains(certificate.sha256))
    return true;
  return std::any_of(certificate.uris.begin(), certificate.uris.end(),
                     [&](const std::string& uri) { return uris_.contains(LowerCase(uri)); });
}

bool RevocationList::Add(const std::string& entry) {
  if (IsUri(entry)) {
    uris_.insert(LowerCase(entry));
    return true;
  }
  const bool is_fingerprint = entry.starts_with(kFingerprintPrefix);
  std::optional<std::string> digits =
      Digits(is_fingerprint ? entry.substr(sizeof(kFingerprintPrefix) - 1) : entry);
  if (!digits.has_value() || digits->empty()) return false;
  if (is_fingerprint) {
    if (digits->size() != kFingerprintDigits) return false;
    fingerprints_.insert(*std::move(digits));
    return true;
  }
  digits->erase(0, std::min(digits->find_first_not_of('0'), digits->size() - 1));
  if (digits->size() > kMaxSerialDigits) return false;
  serials_.insert(*std::move(digits));
  return true;
}

}  // namespace muster
