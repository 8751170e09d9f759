// What ORCA does once it is up: it subscribes its node at HMNFD with a POST. One subscriber for all units of a swarm. Loop thread only.
//
// At most kMaxConnections requests are under way, each on a connection of its own, and the others wait. A 5xx and a connection that
// fails are tried again, kMaxTries times in all, after a full jitter; what the real ORCA does then is not known. A node that is
// subscribed already has what it wants. Whatever HMNFD does, the swarm goes on: a failure is counted.
#pragma once

#include <curl/curl.h>
#include <systemd/sd-event.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "agent/swarm/tally.h"
#include "agent/uplink/event_source.h"
#include "common/status.h"

namespace muster::swarm {

class Subscriber {
 public:
  static constexpr size_t kMaxConnections = 64;
  static constexpr uint32_t kMaxTries = 5;

  // INVALID_ARGUMENT if it is no URL of http or https.
  static absl::Status CheckUrl(const std::string& url);

  // `url`: of HMNFD, such as http://127.0.0.1:28600/hmi. Event loop, tally and random numbers are lent and outlive it.
  Subscriber(sd_event* event, std::string url, Tally& tally, std::mt19937_64& random);
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber();

  // For the process that systemd knows by `invocation`; the one of an earlier process is cancelled.
  void Subscribe(const std::string& node, const std::string& invocation);
  // The process has ended, and its request with it. That is not counted.
  void Cancel(const std::string& node);

 private:
  struct Post;

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int OnTimeout(CURLM* multi, long timeout_ms, void* self);
  static size_t OnAnswer(char* data, size_t size, size_t count, void* post);
  EventSource MakePromptTimer(sd_event_time_handler_t handler, void* userdata);
  void Watch(curl_socket_t socket, int what);
  void Act(curl_socket_t socket, int events);

  void Enqueue(Post& post);
  void SendWaiting();
  void Send(Post& post);
  void Describe(Post& post) const;
  void Stop(Post& post);
  void TakeEnded();
  void OnEnded(Post& post, CURLcode result);
  void TryAgainLater(Post& post);

  sd_event* const event_;
  const std::string url_;
  Tally& tally_;
  std::mt19937_64& random_;

  CURLM* const multi_;
  EventSource timer_;
  std::map<curl_socket_t, EventSource> sockets_;

  std::map<std::string, std::unique_ptr<Post>> posts_;  // by node, until they end
  std::deque<std::string> waiting_;  // nodes, each once; some may have gone since
  std::set<std::string> is_waiting_;
  size_t under_way_ = 0;
};

}  // namespace muster::swarm
