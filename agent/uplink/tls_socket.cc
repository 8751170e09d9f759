#include "agent/uplink/tls_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "common/limits.h"

namespace muster {
namespace {

// Sent bytes that are not acknowledged for this long end the connection (tcp(7)): as long as the silence
// that we take for death, so that a network which comes back earlier costs no reconnect.
constexpr auto kUserTimeout = std::chrono::duration_cast<std::chrono::milliseconds>(
    limits::kPingInterval * limits::kSilenceFactor);

int BioFd(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

bool IsTemporary(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int BioRead(BIO* bio, char* to, int size) {
  const ssize_t count = recv(BioFd(bio), to, size, 0);
  BIO_clear_retry_flags(bio);
  if (count < 0 && IsTemporary(errno)) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(count);
}

int BioWrite(BIO* bio, const char* from, int size) {
  const ssize_t count = send(BioFd(bio), from, size, MSG_NOSIGNAL);
  BIO_clear_retry_flags(bio);
  if (count < 0 && IsTemporary(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

long BioControl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

int BioCreate(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// OpenSSL's own socket BIO writes with write(2), and a peer that has gone would end any program
// that does not ignore SIGPIPE.
const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "muster socket");
    BIO_meth_set_read(method, BioRead);
    BIO_meth_set_write(method, BioWrite);
    BIO_meth_set_ctrl(method, BioControl);
    BIO_meth_set_create(method, BioCreate);
    return method;
  }();
  return kMethod;
}

absl::Status Unreachable(int error) {
  return MakeStatus(absl::StatusCode::kUnavailable, "could not be reached: {}",
                    std::strerror(error));
}

}  // namespace

TlsSocket::TlsSocket(SslPtr ssl) : ssl_(std::move(ssl)) {}

TlsSocket::~TlsSocket() { Close(); }

absl::Status TlsSocket::StartConnect(const Endpoint& endpoint) {
  fd_ = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return Unreachable(errno);
  // These two are refinements; a kernel that refuses one still gives a working connection.
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto user_timeout = static_cast<unsigned>(kUserTimeout.count());
  setsockopt(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);

  BIO* bio = BIO_new(SocketMethod());
  if (bio == nullptr) return Unreachable(ENOMEM);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd_)));
  SSL_set_bio(ssl_.get(), bio, bio);
  if (endpoint.host_is_name) SSL_set_tlsext_host_name(ssl_.get(), endpoint.host.c_str());

  const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.address);
  if (connect(fd_, address, endpoint.address_size) == 0) return absl::OkStatus();
  return errno == EINPROGRESS || errno == EINTR ? absl::OkStatus() : Unreachable(errno);
}

absl::Status TlsSocket::FinishConnect() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : Unreachable(error);
}

absl::StatusOr<bool> TlsSocket::Handshake(const std::string& controller_pattern) {
  // The error queue belongs to the thread, and other connections leave things in it.
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    write_wants_write_ = false;
    MUSTER_RETURN_IF_ERROR(CheckPeer(ssl_.get(), controller_pattern));
    is_secure_ = true;
    return true;
  }
  MUSTER_RETURN_IF_ERROR(Blocked(result, errno, write_wants_write_).status());
  return false;
}

absl::StatusOr<size_t> TlsSocket::Read(uint8_t* to, size_t size) {
  ERR_clear_error();
  errno = 0;
  read_wants_write_ = false;
  const int result = SSL_read(ssl_.get(), to, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  if (result > 0) return static_cast<size_t>(result);
  return Blocked(result, errno, read_wants_write_);
}

absl::StatusOr<size_t> TlsSocket::Write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  write_wants_write_ = false;
  const int result = SSL_write(ssl_.get(), bytes.data(),
                               static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
  if (result > 0) return static_cast<size_t>(result);
  return Blocked(result, errno, write_wants_write_);
}

absl::StatusOr<size_t> TlsSocket::Blocked(int result, int error_number, bool& wants_write) {
  const int error = SSL_get_error(ssl_.get(), result);
  wants_write = error == SSL_ERROR_WANT_WRITE;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
  is_broken_ = error != SSL_ERROR_ZERO_RETURN;
  return absl::UnavailableError(TlsFailure(ssl_.get(), error, error_number));
}

void TlsSocket::Close() {
  if (fd_ < 0) return;
  ERR_clear_error();
  if (is_secure_ && !is_broken_) SSL_shutdown(ssl_.get());
  close(std::exchange(fd_, -1));
}

}  // namespace muster
