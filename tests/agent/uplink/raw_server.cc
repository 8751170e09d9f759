#include "tests/agent/uplink/raw_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace muster {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void Require(bool ok) {
  if (!ok) std::abort();
}

std::string BigEndian(uint32_t value, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value >> 8 * (size - 1 - i));
  return bytes;
}

uint32_t Number(const std::string& bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// A length of HPACK with a 7-bit prefix (RFC 7541 5.1), without Huffman coding.
std::string Literal(const std::string& text) {
  std::string bytes;
  size_t rest = text.size();
  if (rest < 127) {
    bytes.push_back(static_cast<char>(rest));
  } else {
    bytes.push_back(127);
    for (rest -= 127; rest >= 128; rest /= 128)
      bytes.push_back(static_cast<char>(rest % 128 + 128));
    bytes.push_back(static_cast<char>(rest));
  }
  return bytes + text;
}

int ChooseAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char*,
               unsigned, void* user) {
  const auto* alpn = static_cast<const std::string*>(user);
  if (alpn->empty()) return SSL_TLSEXT_ERR_NOACK;
  if (*alpn != "h2") return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = reinterpret_cast<const unsigned char*>(alpn->data());
  *out_size = static_cast<unsigned char>(alpn->size());
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::string GrpcFrame(const std::string& message) {
  return std::string(1, '\0') + BigEndian(static_cast<uint32_t>(message.size()), 4) + message;
}

void RawConnection::Write(const std::string& bytes) {
  SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
}

void RawConnection::WriteFrame(FrameType type, uint8_t flags, uint32_t stream,
                               const std::string& payload) {
  Write(BigEndian(static_cast<uint32_t>(payload.size()), 3) + static_cast<char>(type) +
        static_cast<char>(flags) + BigEndian(stream, 4) + payload);
}

void RawConnection::WriteHeaders(const RawHeaders& headers, uint8_t flags) {
  std::string block;
  for (const auto& [name, value] : headers)
    block += std::string(1, '\0') + Literal(name) + Literal(value);
  constexpr uint8_t kEndHeaders = 4;
  WriteFrame(FrameType::kHeaders, flags | kEndHeaders, 1, block);
}

void RawConnection::Greet() {
  std::string preface;
  if (!Read(std::strlen(kPreface), &preface) || preface != kPreface) return;
  WriteFrame(FrameType::kSettings, 0, 0, "");
  WaitFor(FrameType::kHeaders);
}

void RawConnection::Answer() {
  Greet();
  WriteHeaders({{":status", "200"}, {"content-type", "application/grpc"}});
}

bool RawConnection::WaitFor(FrameType type, RawFrame* frame) {
  RawFrame any;
  if (frame == nullptr) frame = &any;
  while (ReadFrame(frame)) {
    if (frame->type == type) return true;
  }
  return false;
}

bool RawConnection::WaitForPong() {
  const std::string content = "12345678";
  WriteFrame(FrameType::kPing, 0, 0, content);
  RawFrame pong;
  return WaitFor(FrameType::kPing, &pong) && pong.flags == kAck && pong.payload == content;
}

void RawConnection::WaitForClose() {
  RawFrame frame;
  while (ReadFrame(&frame)) {
  }
}

bool RawConnection::ReadFrame(RawFrame* frame) {
  std::string header;
  if (!Read(9, &header)) return false;
  frame->type = static_cast<FrameType>(header[3]);
  frame->flags = static_cast<uint8_t>(header[4]);
  frame->stream = Number(header.substr(5, 4));
  if (!Read(Number(header.substr(0, 3)), &frame->payload)) return false;
  if (frame->type == FrameType::kData && !frame->payload.empty()) ++data_frames_;
  return true;
}

bool RawConnection::Read(size_t size, std::string* bytes) {
  bytes->resize(size);
  for (size_t done = 0; done < size;) {
    const int count = SSL_read(ssl_, bytes->data() + done, static_cast<int>(size - done));
    if (count <= 0) return false;
    done += count;
  }
  return true;
}

RawServer::RawServer(const std::string& tls_dir, Script script, const std::string& alpn)
    : script_(std::move(script)), alpn_(alpn) {
  // OpenSSL writes with write(2); a client that has gone must not end the test.
  signal(SIGPIPE, SIG_IGN);
  context_ = SSL_CTX_new(TLS_server_method());
  Require(SSL_CTX_use_certificate_chain_file(context_, (tls_dir + "/cert.pem").c_str()) == 1);
  Require(SSL_CTX_use_PrivateKey_file(context_, (tls_dir + "/key.pem").c_str(), SSL_FILETYPE_PEM) ==
          1);
  Require(SSL_CTX_load_verify_locations(context_, (tls_dir + "/ca.pem").c_str(), nullptr) == 1);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_alpn_select_cb(context_, ChooseAlpn, const_cast<std::string*>(&alpn_));

  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  Require(listen(listener_, 16) == 0);
  Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

RawServer::~RawServer() {
  // Wakes the accept.
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  SSL_CTX_free(context_);
}

std::string RawServer::address() const { return fmt::format("127.0.0.1:{}", port_); }

void RawServer::Serve() {
  for (int fd = accept(listener_, nullptr, nullptr); fd >= 0;
       fd = accept(listener_, nullptr, nullptr)) {
    ServeOne(fd);
    close(fd);
  }
}

void RawServer::ServeOne(int fd) {
  const timeval patience{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1) {
    RawConnection connection(ssl);
    script_(connection);
    SSL_shutdown(ssl);
  }
  SSL_free(ssl);
}

}  // namespace muster
