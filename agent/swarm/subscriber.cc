// Theory of operation: libcurl says which sockets it waits for and for how long (OnSocket, OnTimeout), the loop says when they are ready
// (Act), and libcurl then gives back what has ended (TakeEnded). A post waits, is under way, or backs off:
//
//   waiting --Send--> under way --5xx, no answer--> backing off --timer--> waiting
//                         '--any other answer, or the last try--> counted and gone
#include "agent/swarm/subscriber.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/require.h"

namespace muster::swarm {
namespace {

// As of tests/bed/src/orca_stub.c, the other stand-in for ORCA: the agent's name and the port of the real one are not public.
constexpr char kAgent[] = "orca";
constexpr char kBody[] =
    R"({{"Components":["{0}"],"States":["Ready","Standby","Off","Empty","Unknown"],"Enabled":true,)"
    R"("Url":"http://{0}-nmn:7000/scn"}})";
// That of HMNFD's own client is 10 s.
constexpr Duration kRequestTimeout = 10s;
constexpr Duration kFirstBackoff = 500ms;
constexpr Duration kMaxBackoff = 10s;
// Of an answer, what is read; HMNFD's problems take a few hundred bytes.
constexpr size_t kMaxAnswerBytes = 4096;

bool IsSubscribed(long status, const std::string& answer) {
  return status / 100 == 2 ||
         (status == 400 && answer.find("Subscription exists") != std::string::npos);
}

CURLM* MakeMulti() {
  // Not counted down: OpenSSL, which it starts, is needed to the end.
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = curl_multi_init();
  Require(multi != nullptr, "use libcurl", "no memory");
  return multi;
}

}  // namespace

struct Subscriber::Post {
  struct CleanUp {
    void operator()(CURL* request) const { curl_easy_cleanup(request); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  Post(Subscriber& owner, std::string of_node, std::string of_invocation)
      : subscriber(owner), node(std::move(of_node)), invocation(std::move(of_invocation)) {}

  Subscriber& subscriber;
  const std::string node;
  const std::string invocation;
  uint32_t tries = 0;
  EventSource backoff;  // while it backs off
  // While it is under way.
  std::unique_ptr<curl_slist, CleanUp> headers;
  std::unique_ptr<CURL, CleanUp> easy;
  std::string body;
  std::string answer;
};

absl::Status Subscriber::CheckUrl(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  const CURLUcode result = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
  if (result == CURLUE_OK && url.starts_with("http")) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "'{}' is no URL of HMNFD, such as http://127.0.0.1:28600/hmi: {}", url,
                    result == CURLUE_OK ? "http and https only" : curl_url_strerror(result));
}

Subscriber::Subscriber(sd_event* event, std::string url, Tally& tally, std::mt19937_64& random)
    : event_(event), url_(std::move(url)), tally_(tally), random_(random), multi_(MakeMulti()) {
  timer_ = MakePromptTimer(
      [](sd_event_source*, uint64_t, void* self) {
        static_cast<Subscriber*>(self)->Act(CURL_SOCKET_TIMEOUT, 0);
        return 0;
      },
      this);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, OnTimeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

Subscriber::~Subscriber() {
  for (const auto& [node, post] : posts_) Stop(*post);
  curl_multi_cleanup(multi_);
}

// Not after all sockets, as other timers are: the agents of a large swarm may keep them busy for long.
EventSource Subscriber::MakePromptTimer(sd_event_time_handler_t handler, void* userdata) {
  EventSource timer = MakeTimer(event_, 1ms, handler, userdata);
  Require(sd_event_source_set_priority(timer.get(), SD_EVENT_PRIORITY_NORMAL), "order a timer");
  return timer;
}

int Subscriber::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  static_cast<Subscriber*>(self)->Watch(socket, what);
  return 0;
}

int Subscriber::OnTimeout(CURLM*, long timeout_ms, void* self) {
  const EventSource& timer = static_cast<Subscriber*>(self)->timer_;
  if (timeout_ms < 0) {
    Disarm(timer);
  } else {
    Arm(timer, timeout_ms * 1ms);
  }
  return 0;
}

void Subscriber::Watch(curl_socket_t socket, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(socket);
    return;
  }
  const uint32_t events =
      ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  EventSource& source = sockets_[socket];
  if (source != nullptr) {
    Require(sd_event_source_set_io_events(source.get(), events), "watch a socket");
    return;
  }
  sd_event_source* made = nullptr;
  Require(sd_event_add_io(
              event_, &made, socket, events,
              [](sd_event_source*, int fd, uint32_t ready, void* self) {
                const int in = (ready & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
                const int out = (ready & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
                const int error = (ready & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0;
                static_cast<Subscriber*>(self)->Act(fd, in | out | error);
                return 0;
              },
              this),
          "watch a socket");
  source.reset(made);
}

void Subscriber::Act(curl_socket_t socket, int events) {
  int running = 0;
  const CURLMcode result = curl_multi_socket_action(multi_, socket, events, &running);
  Require(result == CURLM_OK, "drive libcurl", curl_multi_strerror(result));
  TakeEnded();
}

void Subscriber::Subscribe(const std::string& node, const std::string& invocation) {
  Cancel(node);
  std::unique_ptr<Post>& post = posts_[node];
  post = std::make_unique<Post>(*this, node, invocation);
  Enqueue(*post);
}

void Subscriber::Cancel(const std::string& node) {
  const auto it = posts_.find(node);
  if (it == posts_.end()) return;
  Stop(*it->second);
  posts_.erase(it);
  SendWaiting();
}

void Subscriber::Enqueue(Post& post) {
  if (is_waiting_.insert(post.node).second) waiting_.push_back(post.node);
  SendWaiting();
}

void Subscriber::SendWaiting() {
  while (under_way_ < kMaxConnections && !waiting_.empty()) {
    const auto it = posts_.find(waiting_.front());
    is_waiting_.erase(waiting_.front());
    waiting_.pop_front();
    // It may have gone, and another one of its node have come.
    if (it == posts_.end() || it->second->easy != nullptr || it->second->backoff != nullptr) {
      continue;
    }
    Send(*it->second);
  }
}

void Subscriber::Send(Post& post) {
  ++post.tries;
  post.easy.reset(curl_easy_init());
  Require(post.easy != nullptr, "make a request", "no memory");
  Describe(post);
  const CURLMcode result = curl_multi_add_handle(multi_, post.easy.get());
  Require(result == CURLM_OK, "send a request", curl_multi_strerror(result));
  ++under_way_;
}

void Subscriber::Describe(Post& post) const {
  CURL* const easy = post.easy.get();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, ("X-Invocation-Id: " + post.invocation).c_str());
  post.headers.reset(headers);
  post.body = fmt::format(kBody, post.node);
  post.answer.clear();
  const std::string url = fmt::format("{}/v2/subscriptions/{}/agents/{}", url_, post.node, kAgent);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post.body.c_str());  // not copied
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post.headers.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnAnswer);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &post);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &post);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(kRequestTimeout / 1ms));
  // Each node's ORCA is a process of its own, and comes without the environment of this one.
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
}

void Subscriber::Stop(Post& post) {
  if (post.easy == nullptr) return;
  curl_multi_remove_handle(multi_, post.easy.get());
  post.easy.reset();
  --under_way_;
}

size_t Subscriber::OnAnswer(char* data, size_t size, size_t count, void* post) {
  std::string& answer = static_cast<Post*>(post)->answer;
  answer.append(data, std::min(size * count, kMaxAnswerBytes - answer.size()));
  return size * count;
}

void Subscriber::TakeEnded() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    Post* post = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &post);
    OnEnded(*post, result);
  }
  SendWaiting();
}

void Subscriber::OnEnded(Post& post, CURLcode result) {
  long status = 0;
  curl_easy_getinfo(post.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  Stop(post);
  const bool is_subscribed = result == CURLE_OK && IsSubscribed(status, post.answer);
  const bool may_pass = result != CURLE_OK || status / 100 == 5;
  if (!is_subscribed && may_pass && post.tries < kMaxTries) return TryAgainLater(post);
  ++(is_subscribed ? tally_.subscribed : tally_.subscribe_failed);
  if (!is_subscribed) {
    log::Info("not subscribed node={} tries={} status={} error=\"{}\"", post.node, post.tries,
              status, result == CURLE_OK ? post.answer : curl_easy_strerror(result));
  }
  posts_.erase(std::string(post.node));
}

void Subscriber::TryAgainLater(Post& post) {
  post.backoff = MakePromptTimer(
      [](sd_event_source*, uint64_t, void* of) {
        Post& due = *static_cast<Post*>(of);
        due.backoff.reset();
        due.subscriber.Enqueue(due);
        return 0;
      },
      &post);
  const Duration most = std::min(kMaxBackoff, kFirstBackoff * (1 << (post.tries - 1)));
  Arm(post.backoff, Duration(std::uniform_int_distribution<int64_t>(0, most.count())(random_)));
}

}  // namespace muster::swarm
