#include "controller/cli/watch_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controller/cli/duration.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

constexpr Duration kStreamLife = 60s;
// How soon a key is seen, and a screen of another size drawn.
constexpr Duration kTick = 100ms;
// One try of a cancel, for which the screen stands still, and the pause before the next.
constexpr Duration kCancelTry = 2s;
constexpr Duration kCancelPause = 2s;

std::chrono::system_clock::time_point In(Duration duration) {
  return std::chrono::system_clock::now() + std::chrono::ceil<std::chrono::microseconds>(duration);
}

}  // namespace

WatchLoop::WatchLoop(Connection& connection, std::optional<Duration> wait, Progress& progress,
                     std::string name)
    : connection_(connection), progress_(progress), name_(std::move(name)) {
  if (wait) end_ = SteadyClock::now() + *wait;
}

absl::StatusOr<WaitEnd> WatchLoop::Run() {
  Interrupt& interrupt = connection_.interrupt();
  interrupt.AskFirst(progress_.terminal().is_terminal && Question::CanBeAsked());
  // Nobody should be left with a terminal that shows nothing of what is typed.
  interrupt.BeforeExit([this] { question_.Close(); });
  absl::StatusOr<WaitEnd> end = Loop();
  interrupt.AskFirst(false);
  interrupt.GoOn();
  question_.Close();
  interrupt.BeforeExit(nullptr);
  progress_.Ask("");
  const bool has_ended = end.ok() && *end == WaitEnd::kJobEnded;
  if (cancel_at_ && !has_ended)
    progress_.Say(
        fmt::format("{} is not cancelled, as far as is known: the controller did not answer",
                    Printable(name_)));
  return end;
}

absl::StatusOr<WaitEnd> WatchLoop::Loop() {
  for (;;) {
    if (IsComplete()) return WaitEnd::kJobEnded;
    if (connection_.interrupt().IsRaised()) return WaitEnd::kInterrupted;
    if (IsTimeUp()) return WaitEnd::kTimeUp;
    const grpc::Status status = FollowOneStream();
    if (IsComplete() || connection_.interrupt().IsRaised() || IsTimeUp()) continue;
    // Its end came and the stream ended properly, and still something is missing: the report fetches and names it.
    if (status.ok() && HasEnded()) return WaitEnd::kJobEnded;
    if (IsHopeless(status)) return connection_.Explain(What(), status);
    if (SteadyClock::now() - last_contact_ > connection_.options().reconnect_timeout) {
      return connection_.Explain(What(), Unreachable(status));
    }
    Pause(status);
  }
}

grpc::Status WatchLoop::FollowOneStream() {
  grpc::ClientContext context;
  const Interrupt::Cancels cancels(connection_.interrupt(), context);
  context.set_deadline(In(end_ ? std::min<Duration>(kStreamLife, *end_ - SteadyClock::now())
                               : Duration(kStreamLife)));
  grpc::Status status = Follow(context);
  const bool lived_its_life = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  return lived_its_life && !IsTimeUp() ? AskOnce() : status;
}

grpc::Status WatchLoop::AskOnce() {
  grpc::ClientContext context;
  const Interrupt::Cancels cancels(connection_.interrupt(), context);
  context.set_deadline(In(WithinWait(kCallTimeout)));
  grpc::Status status = Ask(context);
  if (!status.ok()) return status;
  NoteContact();
  return {grpc::StatusCode::OUT_OF_RANGE, "it goes on"};
}

void WatchLoop::NoteContact() {
  last_contact_ = SteadyClock::now();
  backoff_.Reset();
  if (std::exchange(is_broken_, false)) progress_.Say("the controller answers again");
}

// A stream that lived its life is nothing to speak of; anything else is told once.
void WatchLoop::Pause(const grpc::Status& status) {
  const bool is_quiet = status.ok() || status.error_code() == grpc::StatusCode::OUT_OF_RANGE;
  if (!is_quiet && !std::exchange(is_broken_, true)) {
    progress_.Say(
        fmt::format("{}: the controller at {} does not answer ({}); it goes on there, "
                    "and so does this watch when it is back",
                    What(), connection_.address(), Printable(status.error_message())));
  }
  Sleep(WithinWait(backoff_.Next()));
}

bool WatchLoop::Await(grpc::CompletionQueue& queue) {
  for (;;) {
    void* tag = nullptr;
    bool ok = false;
    const auto next = queue.AsyncNext(&tag, &ok, In(kTick));
    Tick();
    if (next != grpc::CompletionQueue::TIMEOUT) return ok;
  }
}

void WatchLoop::Sleep(Duration duration) {
  const auto end = SteadyClock::now() + duration;
  for (Duration left = duration; left > Duration::zero(); left = end - SteadyClock::now()) {
    if (!connection_.interrupt().SleepFor(std::min(left, kTick))) return;
    Tick();
  }
}

void WatchLoop::Tick() {
  OnTick();
  const bool has_new_size = connection_.interrupt().TakeNewSize();
  if (has_new_size && question_.is_open()) progress_.Ask(QuestionText());
  AskOperator();
  TryToCancel();
  progress_.Tick(has_new_size);
}

// Ctrl-C is a question first; see Interrupt.
void WatchLoop::AskOperator() {
  if (!connection_.interrupt().IsAsked()) return;
  if (!question_.is_open()) {
    question_.Open();
    if (!question_.is_open()) return connection_.interrupt().Raise();
    return progress_.Ask(QuestionText());
  }
  const std::optional<Question::Answer> answer = question_.TakeAnswer();
  if (!answer) return;
  progress_.Ask("");
  if (*answer == Question::Answer::kDetach) return connection_.interrupt().Raise();
  connection_.interrupt().GoOn();
  if (*answer != Question::Answer::kCancel) return;
  cancel_at_ = SteadyClock::now();
  has_told_of_cancel_ = false;
}

// Until the controller has answered: a cancel may be repeated.
void WatchLoop::TryToCancel() {
  if (!cancel_at_ || SteadyClock::now() < *cancel_at_) return;
  grpc::ClientContext context;
  const Interrupt::Cancels cancels(connection_.interrupt(), context);
  context.set_deadline(In(kCancelTry));
  const grpc::Status status = Cancel(context);
  if (connection_.interrupt().IsRaised()) return;
  const std::string what = "cancel " + name_;
  if (!status.ok() && IsTransient(status)) {
    cancel_at_ = SteadyClock::now() + kCancelPause;
    if (!std::exchange(has_told_of_cancel_, true))
      progress_.Say(fmt::format("{}: the controller at {} does not answer ({}); it is tried again",
                                Printable(what), connection_.address(),
                                Printable(status.error_message())));
    return;
  }
  cancel_at_.reset();
  progress_.Say(status.ok()
                    ? Printable(name_) + " is cancelled: what has started ends as it truly ends"
                    : Printable(Message(connection_.Explain(what, status))));
}

std::string WatchLoop::QuestionText() const {
  return Question::Text(progress_.terminal().Columns() - 1);
}

Duration WatchLoop::WithinWait(Duration pause) const {
  if (!end_) return pause;
  return std::clamp<Duration>(*end_ - SteadyClock::now(), Duration::zero(), pause);
}

// With how long it has been so, and always as what it is, whichever way the last stream ended.
grpc::Status WatchLoop::Unreachable(const grpc::Status& status) const {
  return {grpc::StatusCode::UNAVAILABLE,
          fmt::format("{} (for {})", status.ok() ? "no answer" : status.error_message(),
                      FormatDuration(SteadyClock::now() - last_contact_))};
}

}  // namespace muster::cli
