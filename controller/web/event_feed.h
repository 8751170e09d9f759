// The streams of /api/events: what changes on the map, and in one job for each who looks at one, as server-sent events (HTML standard, 9.2). A
// thread of its own, which sleeps while nobody looks. Each stream is given a piece when it has taken the last one, at most each
// kFrame, with all that has changed since: who is slow sees fewer pictures and never an old one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "common/mutex.h"
#include "common/time.h"
#include "controller/fleet/fleet_watch.h"
#include "controller/runner/submitter.h"
#include "controller/store/job_store.h"
#include "controller/web/web_exchange.h"

namespace muster {

inline constexpr size_t kMaxWebStreams = 64;
inline constexpr Duration kFrame = 50ms;
// An empty line so often, which finds out who has gone; the peer's right to look is checked as often.
inline constexpr Duration kKeepAlive = 15s;
// Changes of a job in one piece.
inline constexpr size_t kTasksOfAPiece = 2000;

class EventFeed {
 public:
  // All is lent and outlives it; `jobs` is used on its thread only.
  EventFeed(const FleetWatch& fleet, JobControl& control, JobReader& jobs);
  ~EventFeed() { Stop(); }
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  void Start();
  // Ends all streams; later ones end at once.
  void Stop();
  // The map has changed. Any thread.
  void Wake();

  // A new stream; null: there are too many. `job` may be empty. `may_look` is asked now and then, on this object's thread.
  std::shared_ptr<WebStream> Open(const std::string& job, std::function<bool()> may_look);

 private:
  struct Watcher {
    std::shared_ptr<WebStream> stream;
    std::function<bool()> may_look;
    std::string job;
    JobControl::SubscriptionId subscription = 0;
    bool has_begun = false;
    uint64_t revision = 0;
    uint64_t layout = 0;
    ChangesCursor cursor;
    bool has_all = false;  // of the job, up to the cursor
    std::atomic<bool> has_job_news = true;
    std::chrono::steady_clock::time_point alive_due{};
  };
  using Watchers = std::list<std::shared_ptr<Watcher>>;

  void Run();
  // False: it is to end.
  bool WaitForWork();
  Watchers Current();
  // True: there is more at once.
  bool Serve(Watcher& watcher);
  std::string MapPiece(Watcher& watcher) const;
  std::string JobPiece(Watcher& watcher);
  void DropClosed();

  const FleetWatch& fleet_;
  JobControl& control_;
  JobReader& jobs_;

  Mutex mutex_;
  CondVar wake_;
  bool is_ending_ MUSTER_GUARDED_BY(mutex_) = false;
  bool has_news_ MUSTER_GUARDED_BY(mutex_) = false;
  Watchers watchers_ MUSTER_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace muster
