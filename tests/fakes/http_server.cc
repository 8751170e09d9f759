#include "tests/fakes/http_server.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>

namespace muster {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "http_server: cannot %s\n", what);
  std::abort();
}

// A socket that listens on a free port.
UniqueFd ListenSomewhere(uint16_t* port) {
  UniqueFd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  Require(bind(socket_fd.get(), generic, size) == 0, "bind");
  Require(getsockname(socket_fd.get(), generic, &size) == 0, "know its port");
  *port = ntohs(address.sin_port);
  return socket_fd;
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::unique_ptr<BIO, FreeBio> BioOf(const std::string& pem) {
  return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

SSL_CTX* MakeContext(const TestCa::Issued& issued) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  X509* const certificate =
      PEM_read_bio_X509(BioOf(issued.certificate_pem).get(), nullptr, nullptr, nullptr);
  EVP_PKEY* const key =
      PEM_read_bio_PrivateKey(BioOf(issued.key_pem).get(), nullptr, nullptr, nullptr);
  Require(SSL_CTX_use_certificate(context, certificate) == 1, "use a certificate");
  Require(SSL_CTX_use_PrivateKey(context, key) == 1, "use a key");
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

HttpServer::Request ParseHead(const std::string& head) {
  HttpServer::Request request;
  std::istringstream lines(head);
  std::string line;
  std::getline(lines, line);
  std::istringstream(line) >> request.method >> request.target;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t colon = line.find(": ");
    if (colon != std::string::npos)
      request.headers[LowerCase(line.substr(0, colon))] = line.substr(colon + 2);
  }
  return request;
}

std::string Encode(const HttpAnswer& answer, bool is_head) {
  std::ostringstream text;
  text << "HTTP/1.1 " << answer.status << " Scripted\r\n";
  // 204 has no body, and no length of one.
  if (answer.status != 204) text << "Content-Length: " << answer.body.size() << "\r\n";
  if (!answer.body.empty()) text << "Content-Type: " << answer.content_type << "\r\n";
  text << "\r\n";
  if (!is_head) text << answer.body;
  return text.str();
}

}  // namespace

// One connection's bytes, whether or not they are encrypted.
class HttpServer::Connection {
 public:
  Connection(int fd, SSL_CTX* tls) : fd_(fd), ssl_(tls != nullptr ? SSL_new(tls) : nullptr) {}
  ~Connection() { SSL_free(ssl_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Handshake() {
    if (ssl_ == nullptr) return true;
    SSL_set_fd(ssl_, fd_);
    return SSL_accept(ssl_) == 1;
  }

  std::optional<Request> Read() {
    size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return std::nullopt;
    }
    Request request = ParseHead(input_.substr(0, end));
    input_.erase(0, end + 4);
    const auto length = request.headers.find("content-length");
    const size_t bytes = length != request.headers.end() ? std::stoul(length->second) : 0;
    while (input_.size() < bytes) {
      if (!ReadMore()) return std::nullopt;
    }
    request.body = input_.substr(0, bytes);
    input_.erase(0, bytes);
    return request;
  }

  bool ReadMore() {
    char buffer[4096];
    const auto count = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof buffer)
                                       : static_cast<int>(recv(fd_, buffer, sizeof buffer, 0));
    if (count > 0) input_.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }

  // A client that goes away is noticed when the next request is read.
  void Write(const std::string& text) {
    size_t sent = 0;
    while (sent < text.size()) {
      const int left = static_cast<int>(text.size() - sent);
      const auto count = ssl_ != nullptr
                             ? SSL_write(ssl_, text.data() + sent, left)
                             : static_cast<int>(send(fd_, text.data() + sent,
                                                     static_cast<size_t>(left), MSG_NOSIGNAL));
      if (count <= 0) return;
      sent += static_cast<size_t>(count);
    }
  }

 private:
  const int fd_;
  SSL* const ssl_;
  std::string input_;
};

void HttpServer::FreeContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

HttpServer::HttpServer() { Listen("http"); }

HttpServer::HttpServer(const TestCa::Issued& issued) : tls_(MakeContext(issued)) {
  Listen("https");
}

HttpServer::~HttpServer() {
  {
    const MutexLock lock(mutex_);
    is_stopped_ = true;
    shutdown(listener_.get(), SHUT_RDWR);
    for (const UniqueFd& socket_fd : sockets_) shutdown(socket_fd.get(), SHUT_RDWR);
  }
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

void HttpServer::Listen(const std::string& scheme) {
  // SSL_write to a client that has gone.
  std::signal(SIGPIPE, SIG_IGN);
  uint16_t port = 0;
  listener_ = ListenSomewhere(&port);
  Require(listen(listener_.get(), 64) == 0, "listen");
  url_ = scheme + "://127.0.0.1:" + std::to_string(port);
  acceptor_ = std::thread([this] { Accept(); });
}

void HttpServer::Accept() {
  for (;;) {
    UniqueFd socket_fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const MutexLock lock(mutex_);
    if (is_stopped_ || !socket_fd.is_open()) return;
    ++connections_;
    const int fd = socket_fd.get();
    sockets_.push_back(std::move(socket_fd));
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void HttpServer::Serve(int fd) {
  Connection connection(fd, tls_.get());
  if (connection.Handshake()) {
    while (const auto request = connection.Read()) {
      const HttpAnswer answer = AnswerTo(*request);
      if (answer.manner == HttpAnswer::Manner::kHangsUp) break;
      if (answer.manner == HttpAnswer::Manner::kWhole)
        connection.Write(Encode(answer, request->method == "HEAD"));
    }
  }
  shutdown(fd, SHUT_RDWR);
}

HttpAnswer HttpServer::AnswerTo(const Request& request) {
  const MutexLock lock(mutex_);
  requests_.push_back(request);
  const auto found = script_.find(request.method + " " + request.target);
  if (found == script_.end()) return {404, R"({"title":"Not Found","detail":"not in the script"})"};
  HttpAnswer answer = found->second.front();
  if (found->second.size() > 1) found->second.pop_front();
  return answer;
}

void HttpServer::Script(const std::string& request_line, std::vector<HttpAnswer> answers) {
  const MutexLock lock(mutex_);
  script_[request_line] = {answers.begin(), answers.end()};
}

std::vector<HttpServer::Request> HttpServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::string UrlOfNobody() {
  uint16_t port = 0;
  ListenSomewhere(&port);  // and close it
  return "http://127.0.0.1:" + std::to_string(port);
}

}  // namespace muster
