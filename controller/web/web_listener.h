// HTTPS for people and Prometheus, by libmicrohttpd: one thread with epoll, whatever the number of connections. GET and HEAD only, without
// bodies. Limits: connections in all and of one address, bytes of a request's head, and time without any progress.
#pragma once

#include <microhttpd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "controller/edge/listening_socket.h"
#include "controller/web/web_exchange.h"

namespace muster {

inline constexpr unsigned kMaxWebConnections = 256;
inline constexpr unsigned kMaxWebConnectionsOfAddress = 64;
inline constexpr unsigned kWebIdleSeconds = 60;
// For the last answers to get out when it ends.
inline constexpr std::chrono::seconds kWebStopGrace{1};

class WebListener {
 public:
  struct Tls {
    std::string ca;  // PEM; peers may show a certificate of it
    std::string certificate;
    std::string key;
    bool operator==(const Tls&) const = default;
  };

  // The handler outlives the server. FAILED_PRECONDITION or INVALID_ARGUMENT, as of ListenOn; INTERNAL if the library does not start.
  static absl::StatusOr<std::unique_ptr<WebListener>> Start(const std::string& address,
                                                            const Tls& tls, WebHandler& handler);
  // Every request must have been answered, and every stream ended. Answers that their peers do not take within kWebStopGrace are lost.
  ~WebListener();
  WebListener(const WebListener&) = delete;
  WebListener& operator=(const WebListener&) = delete;

  int port() const { return port_; }

 private:
  struct Call;

  explicit WebListener(WebHandler& handler) : handler_(handler) {}
  absl::Status StartDaemon(UniqueFd fd, const Tls& tls);
  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char* url,
                              const char* method, const char* version, const char* upload,
                              size_t* upload_size, void** call);
  static void OnCompleted(void* self, MHD_Connection* connection, void** call,
                          MHD_RequestTerminationCode why);
  static ssize_t OnWantsText(void* call, uint64_t position, char* buffer, size_t size);
  MHD_Result Begin(MHD_Connection* connection, const char* url, const std::shared_ptr<Call>& call);
  static MHD_Result Answer(MHD_Connection* connection, Call& call);
  void AwaitLastAnswers();

  WebHandler& handler_;
  Mutex mutex_;
  CondVar completed_;
  size_t open_calls_ MUSTER_GUARDED_BY(mutex_) = 0;
  int port_ = 0;
  std::vector<MHD_Daemon*> daemons_;  // one for each address
};

}  // namespace muster
