#include "controller/named_files.h"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/time.h"
#include "controller/edge/server_credentials.h"
#include "controller/inventory/file_inventory.h"
#include "controller/pki/certificate.h"
#include "controller/web/web_access.h"

namespace muster {
namespace {

absl::StatusOr<std::string> ReadText(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().empty())
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{}",
                      Message(ErrnoStatus(errno == 0 ? EIO : errno, "read " + path)));
  return text.str();
}

// Reads it by `read` unless it is not named.
template <typename T>
absl::Status ReadInto(const std::string& path, T* result,
                      absl::StatusOr<T> (*read)(const std::string&)) {
  if (path.empty()) return absl::OkStatus();
  absl::StatusOr<T> value = read(path);
  MUSTER_RETURN_IF_ERROR(value.status());
  *result = *std::move(value);
  return absl::OkStatus();
}

absl::Status ReadWebFiles(const std::string& tls_dir, const std::string& token_file,
                          WebFiles* files) {
  MUSTER_RETURN_IF_ERROR(CheckTlsFiles(tls_dir));
  MUSTER_RETURN_IF_ERROR(ReadInto(tls_dir + "/ca.pem", &files->tls.ca, &ReadText));
  MUSTER_RETURN_IF_ERROR(ReadInto(tls_dir + "/cert.pem", &files->tls.certificate, &ReadText));
  MUSTER_RETURN_IF_ERROR(ReadInto(tls_dir + "/key.pem", &files->tls.key, &ReadText));
  return ReadInto(token_file, &files->token, &ReadToken);
}

}  // namespace

absl::StatusOr<NamedFiles> ReadNamedFiles(const ControllerConfig& config,
                                          const std::string& served_tls_dir) {
  NamedFiles files;
  MUSTER_RETURN_IF_ERROR(ReadInto(config.inventory_file, &files.inventory, &ReadInventoryFile));
  MUSTER_RETURN_IF_ERROR(ReadInto(config.revoked_file, &files.revoked, &RevocationList::Read));
  MUSTER_RETURN_IF_ERROR(CheckTlsFiles(config.tls_dir));
  if (config.has_web())
    MUSTER_RETURN_IF_ERROR(ReadWebFiles(served_tls_dir, config.web.token_file, &files.web));
  return files;
}

absl::Status CheckOtherFiles(const ControllerConfig& config) {
  for (const std::string& path : {config.csm.ca_file, config.csm.client_secret_file}) {
    std::string text;
    MUSTER_RETURN_IF_ERROR(ReadInto(path, &text, &ReadText));
  }
  const std::string path = config.tls_dir + "/cert.pem";
  absl::StatusOr<std::string> pem = ReadText(path);
  MUSTER_RETURN_IF_ERROR(pem.status());
  const absl::StatusOr<CertificateInfo> certificate = ReadCertificate(*pem);
  MUSTER_RETURN_IF_ERROR(certificate.status());
  if (certificate->not_after > std::chrono::system_clock::now()) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "{}: the certificate of {} has expired: issue another one", path,
                    certificate->subject);
}

}  // namespace muster
