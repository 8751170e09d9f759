// A request of the web port and what is answered. Plain data, and the stream of an answer that goes on.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/mutex.h"
#include "controller/pki/certificate.h"

namespace muster {

struct WebRequest {
  std::string path;  // decoded, such as "/api/node/x1000c0s0b0n0"
  std::map<std::string, std::string> query;
  std::string authorization;  // the header; empty if there is none
  std::string source;         // the peer's address without its port
  // Of a peer that showed one which our CA has signed and which is valid now.
  std::optional<CertificateInfo> certificate;
};

// Text that goes on until one side has enough. One piece waits at a time, so that a peer that reads slowly costs one piece of memory
// and gets a newer state instead of a longer queue. Any thread.
class WebStream {
 public:
  // The peer is there, and has taken what was put.
  bool Wants() const {
    const MutexLock lock(mutex_);
    return is_open_ && !is_ending_ && text_.empty();
  }
  bool is_open() const {
    const MutexLock lock(mutex_);
    return is_open_;
  }
  // Only while it wants some.
  void Put(std::string text);
  // After what was put.
  void End();

 private:
  friend class WebListener;

  mutable Mutex mutex_;
  bool is_open_ MUSTER_GUARDED_BY(mutex_) = true;
  bool is_ending_ MUSTER_GUARDED_BY(mutex_) = false;
  std::string text_ MUSTER_GUARDED_BY(mutex_);
  size_t taken_ MUSTER_GUARDED_BY(mutex_) = 0;
  std::function<void()> resume_ MUSTER_GUARDED_BY(mutex_);  // while the connection sleeps
};

struct WebAnswer {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::shared_ptr<WebStream> stream = {};  // instead of the body
  std::map<std::string, std::string> headers = {};
};

// "{"error":"…"}".
WebAnswer WebError(int status, const std::string& sentence);

class WebHandler {
 public:
  using Done = std::function<void(WebAnswer)>;
  virtual ~WebHandler() = default;
  // On the server's one thread: it must not wait. `done` is called once, on any thread, during the call or later.
  virtual void Handle(WebRequest request, Done done) = 0;
};

}  // namespace muster
