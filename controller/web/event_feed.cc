#include "controller/web/event_feed.h"

#include <pthread.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "controller/web/job_json.h"

namespace muster {
namespace {

using Json = nlohmann::ordered_json;

std::string EventText(const char* name, const Json& data) {
  return std::string("event: ") + name +
         "\ndata: " + data.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n\n";
}

}  // namespace

EventFeed::EventFeed(const FleetWatch& fleet, JobControl& control, JobReader& jobs)
    : fleet_(fleet), control_(control), jobs_(jobs) {}

void EventFeed::Start() {
  thread_ = std::thread([this] { Run(); });
}

void EventFeed::Stop() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  for (const auto& watcher : Current()) watcher->stream->End();
}

void EventFeed::Wake() {
  const MutexLock lock(mutex_);
  if (std::exchange(has_news_, true)) return;
  wake_.notify_one();
}

std::shared_ptr<WebStream> EventFeed::Open(const std::string& job, std::function<bool()> may_look) {
  auto watcher = std::make_shared<Watcher>();
  watcher->stream = std::make_shared<WebStream>();
  watcher->may_look = std::move(may_look);
  watcher->job = job;
  {
    const MutexLock lock(mutex_);
    if (is_ending_ || watchers_.size() >= kMaxWebStreams) return nullptr;
    watchers_.push_back(watcher);
  }
  if (!job.empty()) {
    const std::weak_ptr<Watcher> weak = watcher;
    const auto subscription = control_.Subscribe(job, [this, weak] {
      if (const std::shared_ptr<Watcher> changed = weak.lock()) changed->has_job_news = true;
      Wake();
    });
    const MutexLock lock(mutex_);
    watcher->subscription = subscription;
  }
  Wake();
  return watcher->stream;
}

EventFeed::Watchers EventFeed::Current() {
  const MutexLock lock(mutex_);
  return watchers_;
}

void EventFeed::Run() {
  pthread_setname_np(pthread_self(), "web-feed");
  auto frame = std::chrono::steady_clock::now();
  while (WaitForWork()) {
    bool has_more = false;
    for (const auto& watcher : Current()) has_more = Serve(*watcher) || has_more;
    DropClosed();
    frame = std::max(frame + kFrame, std::chrono::steady_clock::now() + kFrame / 2);
    {
      const MutexLock lock(mutex_);
      while (!is_ending_ && std::chrono::steady_clock::now() < frame)
        wake_.wait_until(mutex_, frame);
      has_news_ = has_news_ || has_more;
    }
  }
}

bool EventFeed::WaitForWork() {
  const MutexLock lock(mutex_);
  while (!is_ending_ && !has_news_) {
    if (watchers_.empty()) {
      wake_.wait(mutex_);
    } else if (wake_.wait_for(mutex_, kKeepAlive) == std::cv_status::timeout) {
      break;
    }
  }
  has_news_ = false;
  return !is_ending_;
}

bool EventFeed::Serve(Watcher& watcher) {
  const auto now = std::chrono::steady_clock::now();
  if (!watcher.stream->Wants()) return watcher.stream->is_open();  // look again when it has read
  std::string text = MapPiece(watcher) + JobPiece(watcher);
  if (now >= watcher.alive_due) {
    if (!watcher.may_look()) {
      watcher.stream->End();
      return false;
    }
    watcher.alive_due = now + kKeepAlive;
    text += ": \n\n";
  }
  if (!text.empty()) watcher.stream->Put(std::move(text));
  return !watcher.job.empty() && !watcher.has_all;
}

std::string EventFeed::MapPiece(Watcher& watcher) const {
  const FleetWatch::Changed changed = fleet_.ChangedSince(watcher.revision);
  const bool is_first = !std::exchange(watcher.has_begun, true);
  const bool is_other = changed.now.layout != watcher.layout;
  const bool is_same = changed.now.revision == watcher.revision;
  watcher.revision = changed.now.revision;
  watcher.layout = changed.now.layout;
  if (!is_first && is_other) {
    watcher.cursor = {};  // all tasks again, with their new numbers
    watcher.has_job_news = true;
    return EventText("reload", Json::object());
  }
  if (!is_first && is_same) return "";
  Json rows = Json::array();
  if (!is_first)
    for (const auto& [number, letters] : changed.letters) rows.push_back({number, letters});
  return EventText("map", {{"revision", changed.now.revision}, {"changed", std::move(rows)}});
}

std::string EventFeed::JobPiece(Watcher& watcher) {
  if (watcher.job.empty()) return "";
  if (!watcher.has_job_news.exchange(false) && watcher.has_all) return "";
  const absl::StatusOr<Changes> changes =
      jobs_.ReadChanges(watcher.job, watcher.cursor, kTasksOfAPiece);
  // Of one that was deleted the page has what it had; else it is read again when something happens, or with the next sign of life.
  watcher.has_all = changes.ok() ? changes->is_complete : true;
  if (!changes.ok()) {
    watcher.has_job_news = !absl::IsNotFound(changes.status());
    return "";
  }
  watcher.cursor = changes->next;
  std::vector<std::string> nodes;
  for (const Task& task : changes->tasks) nodes.push_back(task.node);
  const std::vector<std::optional<size_t>> numbers = fleet_.NumbersOf(nodes);
  Json rows = Json::array();
  for (size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i]) rows.push_back({*numbers[i], Name(changes->tasks[i].state)});
  Json job = JobJson(changes->job);
  job["changed"] = std::move(rows);
  return EventText("job", job);
}

void EventFeed::DropClosed() {
  std::vector<JobControl::SubscriptionId> gone;
  {
    const MutexLock lock(mutex_);
    for (auto it = watchers_.begin(); it != watchers_.end();) {
      if ((*it)->stream->is_open()) {
        ++it;
        continue;
      }
      if (!(*it)->job.empty()) gone.push_back((*it)->subscription);
      it = watchers_.erase(it);
    }
  }
  for (const auto subscription : gone) control_.Unsubscribe(subscription);
}

}  // namespace muster
