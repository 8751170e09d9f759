#include "controller/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "controller/cli/exit_code.h"

namespace muster::cli {
namespace {

// nohup asks for that, and a shell script of what it starts with &; a signalfd would bring it all the same.
bool IsIgnored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

Interrupt::Interrupt() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGWINCH);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (!IsIgnored(signal)) sigaddset(&signals, signal);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  // Without descriptors the signals keep their usual meaning, which ends the process.
  if (signal_fd_ < 0 || stop_fd_ < 0) return;
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  thread_ = std::thread([this] { Listen(); });
}

Interrupt::~Interrupt() {
  if (thread_.joinable()) {
    eventfd_write(stop_fd_, 1);
    thread_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  if (signal_fd_ >= 0) close(signal_fd_);
  if (stop_fd_ >= 0) close(stop_fd_);
}

bool Interrupt::IsRaised() {
  const MutexLock lock(mutex_);
  return is_raised_;
}

bool Interrupt::SleepFor(Duration duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  const MutexLock lock(mutex_);
  while (!is_raised_ && raised_changed_.wait_until(mutex_, end) == std::cv_status::no_timeout) {
  }
  return !is_raised_;
}

void Interrupt::Listen() {
  pollfd watched[] = {{signal_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  for (;;) {
    if (poll(watched, 2, -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    signalfd_siginfo info;
    if (read(signal_fd_, &info, sizeof info) == sizeof info) Take(static_cast<int>(info.ssi_signo));
  }
}

void Interrupt::Take(int signal) {
  {
    const MutexLock lock(mutex_);
    if (signal == SIGWINCH) {
      has_new_size_ = true;
      return;
    }
    if (signal == SIGINT && asks_first_ && !is_asked_ && !is_raised_) {
      is_asked_ = true;
      return;
    }
    if (is_raised_) {
      if (before_exit_) before_exit_();
      _exit(static_cast<int>(ExitCode::kStoppedWaiting));
    }
  }
  Raise();
}

void Interrupt::AskFirst(bool asks) {
  const MutexLock lock(mutex_);
  asks_first_ = asks;
}

bool Interrupt::IsAsked() {
  const MutexLock lock(mutex_);
  return is_asked_ && !is_raised_;
}

void Interrupt::GoOn() {
  const MutexLock lock(mutex_);
  is_asked_ = false;
}

void Interrupt::BeforeExit(std::function<void()> last) {
  const MutexLock lock(mutex_);
  before_exit_ = std::move(last);
}

bool Interrupt::TakeNewSize() {
  const MutexLock lock(mutex_);
  return std::exchange(has_new_size_, false);
}

void Interrupt::Raise() {
  const MutexLock lock(mutex_);
  is_raised_ = true;
  // TryCancel neither blocks nor calls back into us, so the lock may be held; it keeps the contexts alive.
  for (grpc::ClientContext* call : calls_) call->TryCancel();
  raised_changed_.notify_all();
}

Interrupt::Cancels::Cancels(Interrupt& interrupt, grpc::ClientContext& context)
    : interrupt_(interrupt), context_(context) {
  const MutexLock lock(interrupt_.mutex_);
  interrupt_.calls_.insert(&context_);
  if (interrupt_.is_raised_) context_.TryCancel();
}

Interrupt::Cancels::~Cancels() {
  const MutexLock lock(interrupt_.mutex_);
  interrupt_.calls_.erase(&context_);
}

}  // namespace muster::cli
