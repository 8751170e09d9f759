// The web port: the page, its JSON and events, and Prometheus' metrics, for operators. Off unless the settings name an address. What takes time
// is done on a worker, so that the one thread of the connections never waits.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/mutex.h"
#include "common/status.h"
#include "controller/api/worker.h"
#include "controller/edge/refusals.h"
#include "controller/runner/submitter.h"
#include "controller/web/event_feed.h"
#include "controller/web/unanswered.h"
#include "controller/web/web_access.h"
#include "controller/web/web_api.h"
#include "controller/web/web_listener.h"

namespace muster {

class WebServer final : public WebHandler {
 public:
  struct Options {
    std::string listen;  // HOST:PORT
    WebListener::Tls tls;
    Time started{};
    // What Prometheus gets. On the worker.
    std::function<std::string()> metrics;
  };

  // All that is lent outlives it. `sources.jobs` and `feed_jobs` are two readers, each used on one thread.
  WebServer(Options options, const WebAccess& access, const WebSources& sources,
            JobControl& control, JobReader& feed_jobs, Refusals& refusals);
  ~WebServer() override { Stop(); }

  // As of WebListener::Start.
  absl::Status Start();
  // Ends what the worker does, and answers 503 to who waits for others, HMNFD above all, which may take minutes: what they tell later goes to
  // nobody.
  void Stop();
  // After Start.
  int port() const { return server_->port(); }
  // The map has changed. Any thread.
  void Wake() { feed_.Wake(); }

  void Handle(WebRequest request, Done done) override;

 private:
  // False: there is too much to do, or it is to end.
  bool Post(std::function<void()> work);
  void Work(const WebRequest& request, const Done& done);
  WebAnswer OpenStream(const WebRequest& request);

  const Options options_;
  const WebAccess& access_;
  const WebSources sources_;
  Refusals& refusals_;
  WebApi api_;
  EventFeed feed_;
  Mutex mutex_;
  std::unique_ptr<Worker> worker_ MUSTER_GUARDED_BY(mutex_);  // null before Start and after Stop
  const std::shared_ptr<Unanswered> unanswered_ = std::make_shared<Unanswered>();
  std::unique_ptr<WebListener> server_;
};

}  // namespace muster
