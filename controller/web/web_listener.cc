// Theory of operation: libmicrohttpd calls OnRequest when the head of a request is there. The connection is then suspended and the handler
// called; its answer resumes the connection, for which OnRequest is called again and gives the answer out. A stream suspends its connection
// whenever it has nothing to say, and is resumed by Put.
#include "controller/web/web_listener.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace muster {
namespace {

// A browser's, with room for a long node set in the query.
constexpr size_t kHeadBytes = 32 << 10;
// A piece of a stream that the library takes at once.
constexpr size_t kStreamBlock = 16 << 10;

std::string AddressOf(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text,
              sizeof(text));
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text,
              sizeof(text));
  return text;
}

std::optional<CertificateInfo> CertificateOf(gnutls_session_t session) {
  unsigned count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(session, &count);
  unsigned problems = 0;
  if (chain == nullptr || count == 0) return std::nullopt;
  if (gnutls_certificate_verify_peers2(session, &problems) < 0 || problems != 0)
    return std::nullopt;
  gnutls_datum_t pem{};
  if (gnutls_pem_base64_encode2("CERTIFICATE", &chain[0], &pem) < 0) return std::nullopt;
  const absl::StatusOr<CertificateInfo> info =
      ReadCertificate(std::string(reinterpret_cast<const char*>(pem.data), pem.size));
  gnutls_free(pem.data);
  return info.ok() ? std::optional(*info) : std::nullopt;
}

MHD_Result AddQuery(void* query, MHD_ValueKind, const char* key, const char* value) {
  static_cast<std::map<std::string, std::string>*>(query)->emplace(key,
                                                                   value == nullptr ? "" : value);
  return MHD_YES;
}

// Peers that break off are no news.
void Log(void*, const char* format, va_list arguments) {
  char text[512];
  if (vsnprintf(text, sizeof(text), format, arguments) < 0) return;
  std::string line(text);
  line.erase(std::find(line.begin(), line.end(), '\n'), line.end());
  log::Debug("web: {}", line);
}

MHD_Response* MakeResponse(const WebAnswer& answer) {
  return MHD_create_response_from_buffer(answer.body.size(), const_cast<char*>(answer.body.data()),
                                         MHD_RESPMEM_MUST_COPY);
}

}  // namespace

// One request. The library has it from OnRequest to OnCompleted, the handler until it has answered.
struct WebListener::Call {
  bool is_get = true;
  bool has_begun = false;
  MHD_Connection* connection = nullptr;
  Mutex mutex;
  std::optional<WebAnswer> answer MUSTER_GUARDED_BY(mutex);
  std::shared_ptr<WebStream> stream;  // on the library's thread
};

absl::StatusOr<std::unique_ptr<WebListener>> WebListener::Start(const std::string& address,
                                                                const Tls& tls,
                                                                WebHandler& handler) {
  absl::StatusOr<ListeningSockets> sockets = ListenOn(address);
  MUSTER_RETURN_IF_ERROR(sockets.status());
  std::unique_ptr<WebListener> server(new WebListener(handler));
  server->port_ = sockets->port;
  for (UniqueFd& fd : sockets->fds) MUSTER_RETURN_IF_ERROR(server->StartDaemon(std::move(fd), tls));
  return server;
}

absl::Status WebListener::StartDaemon(UniqueFd fd, const Tls& tls) {
  MHD_Daemon* daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
      nullptr, nullptr, &WebListener::OnRequest, this,                            //
      MHD_OPTION_EXTERNAL_LOGGER, &Log, nullptr,                                  //
      MHD_OPTION_LISTEN_SOCKET, fd.get(),                                         //
      MHD_OPTION_HTTPS_MEM_KEY, tls.key.c_str(),                                  //
      MHD_OPTION_HTTPS_MEM_CERT, tls.certificate.c_str(),                         //
      MHD_OPTION_HTTPS_MEM_TRUST, tls.ca.c_str(),                                 //
      MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",  //
      MHD_OPTION_CONNECTION_LIMIT, kMaxWebConnections,                            //
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, kMaxWebConnectionsOfAddress,            //
      MHD_OPTION_CONNECTION_TIMEOUT, kWebIdleSeconds,                             //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kHeadBytes,                             //
      MHD_OPTION_NOTIFY_COMPLETED, &WebListener::OnCompleted, this,               //
      MHD_OPTION_END);
  if (daemon == nullptr)
    return MakeStatus(absl::StatusCode::kInternal,
                      "the web server does not start; musterd --debug says why");
  fd.release();  // the daemon's now
  daemons_.push_back(daemon);
  return absl::OkStatus();
}

WebListener::~WebListener() {
  AwaitLastAnswers();
  for (MHD_Daemon* daemon : daemons_) MHD_stop_daemon(daemon);
}

void WebListener::AwaitLastAnswers() {
  const auto deadline = std::chrono::steady_clock::now() + kWebStopGrace;
  const MutexLock lock(mutex_);
  while (open_calls_ > 0) {
    if (completed_.wait_until(mutex_, deadline) == std::cv_status::timeout) return;
  }
}

MHD_Result WebListener::OnRequest(void* self, MHD_Connection* connection, const char* url,
                                  const char* method, const char*, const char*, size_t* upload_size,
                                  void** call_slot) {
  auto* const slot = static_cast<std::shared_ptr<Call>*>(*call_slot);
  if (slot == nullptr) {
    auto call = std::make_shared<Call>();
    call->connection = connection;
    call->is_get = std::strcmp(method, "GET") == 0 || std::strcmp(method, "HEAD") == 0;
    *call_slot = new std::shared_ptr<Call>(std::move(call));
    auto& server = *static_cast<WebListener*>(self);
    const MutexLock lock(server.mutex_);
    ++server.open_calls_;
    return MHD_YES;
  }
  if (*upload_size != 0) {  // of a POST that is refused at its end; nobody wants it
    *upload_size = 0;
    return MHD_YES;
  }
  Call& call = **slot;
  if (!call.is_get) {
    const MutexLock lock(call.mutex);
    call.answer = WebError(405, "this port is for reading: GET and HEAD");
  } else if (!std::exchange(call.has_begun, true)) {
    return static_cast<WebListener*>(self)->Begin(connection, url, *slot);
  }
  return Answer(connection, call);
}

MHD_Result WebListener::Begin(MHD_Connection* connection, const char* url,
                              const std::shared_ptr<Call>& call) {
  WebRequest request;
  request.path = url;
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, &AddQuery, &request.query);
  const char* authorization =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
  if (authorization != nullptr) request.authorization = authorization;
  const MHD_ConnectionInfo* peer =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (peer != nullptr && peer->client_addr != nullptr)
    request.source = AddressOf(peer->client_addr);
  const MHD_ConnectionInfo* session =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (session != nullptr)
    request.certificate = CertificateOf(static_cast<gnutls_session_t>(session->tls_session));
  MHD_suspend_connection(connection);
  handler_.Handle(std::move(request), [call](WebAnswer answer) {
    {
      const MutexLock lock(call->mutex);
      call->answer = std::move(answer);
    }
    MHD_resume_connection(call->connection);
  });
  return MHD_YES;
}

MHD_Result WebListener::Answer(MHD_Connection* connection, Call& call) {
  const MutexLock lock(call.mutex);
  if (!call.answer) return MHD_YES;  // a call that nothing has caused
  const WebAnswer& answer = *call.answer;
  MHD_Response* response = nullptr;
  if (answer.stream != nullptr) {
    call.stream = answer.stream;
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kStreamBlock,
                                                 &WebListener::OnWantsText, &call, nullptr);
  } else {
    response = MakeResponse(answer);
  }
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, "Content-Type", answer.type.c_str());
  for (const auto& [name, value] : answer.headers)
    MHD_add_response_header(response, name.c_str(), value.c_str());
  const MHD_Result result =
      MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);  // the library keeps it as long as it needs it
  return result;
}

ssize_t WebListener::OnWantsText(void* call_pointer, uint64_t, char* buffer, size_t size) {
  Call& call = *static_cast<Call*>(call_pointer);
  WebStream& stream = *call.stream;
  const MutexLock lock(stream.mutex_);
  const size_t left = stream.text_.size() - stream.taken_;
  if (left > 0) {
    const size_t taken = std::min(left, size);
    std::memcpy(buffer, stream.text_.data() + stream.taken_, taken);
    stream.taken_ += taken;
    if (taken == left) {
      stream.text_.clear();
      stream.taken_ = 0;
    }
    return static_cast<ssize_t>(taken);
  }
  if (stream.is_ending_) return MHD_CONTENT_READER_END_OF_STREAM;
  MHD_suspend_connection(call.connection);
  stream.resume_ = [connection = call.connection] { MHD_resume_connection(connection); };
  return 0;
}

void WebListener::OnCompleted(void* self, MHD_Connection*, void** call_slot,
                              MHD_RequestTerminationCode) {
  auto* const slot = static_cast<std::shared_ptr<Call>*>(*call_slot);
  if (slot == nullptr) return;
  Call& call = **slot;
  std::shared_ptr<WebStream> stream;
  {
    // Also of an answer that the peer did not wait for.
    const MutexLock lock(call.mutex);
    if (call.answer) stream = call.answer->stream;
  }
  if (stream != nullptr) {
    const MutexLock lock(stream->mutex_);
    stream->is_open_ = false;
    stream->resume_ = nullptr;
  }
  delete slot;
  *call_slot = nullptr;
  auto& server = *static_cast<WebListener*>(self);
  const MutexLock lock(server.mutex_);
  --server.open_calls_;
  server.completed_.notify_all();
}

}  // namespace muster
