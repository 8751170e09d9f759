#include "controller/web_options.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace muster {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().empty())
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "{}",
                      Message(ErrnoStatus(errno == 0 ? EIO : errno, "read " + path)));
  return text.str();
}

}  // namespace

absl::StatusOr<std::string> WebTokenOf(const WebConfig& web) {
  if (web.token_file.empty()) return std::string();
  return ReadToken(web.token_file);
}

absl::StatusOr<WebServer::Options> WebOptionsOf(const WebConfig& web,
                                                const ControllerConfig& config) {
  WebServer::Options options;
  options.listen = web.listen;
  for (const auto& [name, text] :
       {std::pair("ca.pem", &options.tls.ca), std::pair("cert.pem", &options.tls.certificate),
        std::pair("key.pem", &options.tls.key)}) {
    absl::StatusOr<std::string> pem = ReadPem(config.tls_dir + "/" + name);
    MUSTER_RETURN_IF_ERROR(pem.status());
    *text = *std::move(pem);
  }
  return options;
}

}  // namespace muster
