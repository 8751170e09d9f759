// A small HTTP/1.1 server for tests, on a port of its own on the loopback: scripted answers, plain or with TLS. One thread for each connection.
// Its methods may be called from any thread.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "common/unique_fd.h"
#include "tests/fakes/test_certificates.h"

struct ssl_ctx_st;

namespace muster {

struct HttpAnswer {
  enum class Manner {
    kWhole,
    kSilent,   // nothing comes, until the client goes
    kHangsUp,  // the connection ends without an answer
  };
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  Manner manner = Manner::kWhole;
};

class HttpServer {
 public:
  struct Request {
    std::string method;
    std::string target;                          // path and query
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };

  HttpServer();
  // With TLS.
  explicit HttpServer(const TestCa::Issued& issued);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "http://127.0.0.1:PORT".
  const std::string& url() const { return url_; }

  // Of "GET /path?query", one after another; the last one stays. What has none is answered 404.
  void Script(const std::string& request_line, std::vector<HttpAnswer> answers);
  std::vector<Request> requests() const;
  size_t connections() const { return connections_; }

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };
  class Connection;

  void Listen(const std::string& scheme);
  void Accept();
  void Serve(int fd);
  HttpAnswer AnswerTo(const Request& request);

  std::unique_ptr<ssl_ctx_st, FreeContext> tls_;  // null: plain
  UniqueFd listener_;
  std::string url_;
  std::atomic<size_t> connections_ = 0;
  mutable Mutex mutex_;
  bool is_stopped_ MUSTER_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::deque<HttpAnswer>> script_ MUSTER_GUARDED_BY(mutex_);
  std::vector<Request> requests_ MUSTER_GUARDED_BY(mutex_);
  std::vector<UniqueFd> sockets_ MUSTER_GUARDED_BY(mutex_);  // all that there were
  std::vector<std::thread> threads_;                         // the acceptor's until it is joined
  std::thread acceptor_;
};

// Where nobody listens.
std::string UrlOfNobody();

}  // namespace muster
