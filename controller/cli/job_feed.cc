#include "controller/cli/job_feed.h"

#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <utility>

namespace muster::cli {
namespace {

constexpr std::chrono::seconds kFeedLife{60};
// Of one tick: the screen and the keys wait for it.
constexpr std::chrono::milliseconds kLongestTick{50};
// The next message of many.
constexpr std::chrono::milliseconds kNextMessage{5};

}  // namespace

// One call of WatchJob; there is always one thing that it has begun.
struct JobFeed::Stream {
  ~Stream() {
    context.TryCancel();
    queue.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
    }
  }

  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReader<v1::JobChanges>> reader;
  v1::JobChanges changes;
  grpc::Status status;
  bool has_started = false;
  bool is_finishing = false;
};

JobFeed::JobFeed(Connection& connection, Progress& progress, v1::Job job)
    : connection_(connection),
      progress_(progress),
      view_{std::move(job), {}},
      screen_(connection, progress, view_) {}

JobFeed::~JobFeed() = default;

void JobFeed::Tick() {
  if (is_over_) return;
  if (!stream_ && SteadyClock::now() >= next_) Open();
  const auto end = SteadyClock::now() + kLongestTick;
  auto wait = std::chrono::milliseconds::zero();
  while (stream_ && SteadyClock::now() < end) {
    void* tag = nullptr;
    bool ok = false;
    const auto until = std::chrono::system_clock::now() + wait;
    if (stream_->queue.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) break;
    if (!Take(ok)) break;
    wait = kNextMessage;
  }
  if (view_.IsComplete()) return Conclude();
  screen_.Tick();
}

void JobFeed::Conclude() {
  progress_.Clear();
  stream_.reset();
  if (!std::exchange(is_over_, true)) screen_.TellEnd();
}

void JobFeed::Open() {
  v1::WatchJobRequest request;
  request.set_name(view_.job.name());
  request.set_revision(screen_.revision());
  stream_ = std::make_unique<Stream>();
  stream_->context.set_deadline(std::chrono::system_clock::now() + kFeedLife);
  stream_->reader =
      connection_.stub().PrepareAsyncWatchJob(&stream_->context, request, &stream_->queue);
  stream_->reader->StartCall(this);
}

bool JobFeed::Take(bool ok) {
  Stream& stream = *stream_;
  if (stream.is_finishing) {
    End(stream.status);
    return false;
  }
  if (!ok) {
    stream.is_finishing = true;
    stream.reader->Finish(&stream.status, this);
    return true;
  }
  if (std::exchange(stream.has_started, true)) {
    backoff_.Reset();
    screen_.Apply(stream.changes);
  }
  stream.reader->Read(&stream.changes, this);
  return true;
}

void JobFeed::End(const grpc::Status& status) {
  const bool lived_its_life = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  next_ = SteadyClock::now() + (lived_its_life ? Duration::zero() : backoff_.Next());
  const bool is_hopeless = IsHopeless(status);
  stream_.reset();  // and with it `status`
  if (is_hopeless) Conclude();
}

}  // namespace muster::cli
