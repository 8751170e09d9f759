#include "agent/mount/child_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "agent/mount/child_lock.h"
#include "agent/mount/child_work.h"
#include "common/log.h"

namespace muster {
namespace {

// So many at once; a node's content is worked on one mount at a time, and this is for children that hang.
constexpr size_t kMaxChildren = 64;

// What no other child may be at meanwhile: a target, or all of /proc. Empty: nothing.
std::string LockedBy(const ChildTask& task) {
  if (const auto* unmount = std::get_if<UnmountOne>(&task)) return unmount->target;
  if (const auto* mount = std::get_if<MountOne>(&task)) return mount->mount.target;
  if (const auto* read = std::get_if<ReadDirectory>(&task)) return read->target;
  // Asking for namespaces alone touches no file system, so it does not hang.
  const auto* find = std::get_if<FindUsers>(&task);
  return find != nullptr && !find->devices.empty() ? "/proc" : "";
}

// What it has begun goes on in the kernel, whether it is killed or not; so it stays, and its lock with it.
bool MayBeKilled(const ChildTask& task) {
  return !std::holds_alternative<UnmountOne>(task) && !std::holds_alternative<MountOne>(task);
}

// The result's error, then its text.
void WriteResult(int output, const ChildResult& result) {
  std::string bytes(reinterpret_cast<const char*>(&result.error), sizeof(result.error));
  bytes += result.text.substr(0, kMaxChildText);
  // A pipe takes that much at once (PIPE_BUF is 4096, its default size 64 KiB, pipe(7)).
  if (write(output, bytes.data(), bytes.size()) < 0) _exit(1);
}

// With errno.
ChildResult Failed(const std::string& what) {
  const int error = errno;
  return {error, false, fmt::format("{}: {}", what, std::strerror(error))};
}

// From `first` to `last`. close_range(2) is of Linux 5.9; without it the agent's few descriptors are closed one by one.
void CloseRange(unsigned first, unsigned last) {
  constexpr unsigned kFew = 1024;
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  for (unsigned fd = first; fd <= std::min(last, kFew); ++fd) close(static_cast<int>(fd));
}

// But the standard ones and these two, of which the lower may be none. Or a child that hangs would keep the agent's connection and ledger.
void CloseAllBut(int lower, int higher) {
  unsigned first = 3;
  for (const int kept : {lower, higher}) {
    if (kept < 3) continue;
    CloseRange(first, static_cast<unsigned>(kept) - 1);
    first = static_cast<unsigned>(kept) + 1;
  }
  CloseRange(first, ~0U);
}

// The agent's unit is spared when memory is short, and comes after the node's work. A server that a mount helper starts inherits what we
// are, outlives us, and is the node's work itself. What cannot be set stays.
void BecomeOrdinary() {
  constexpr int kOfProcess = 1;  // IOPRIO_WHO_PROCESS of ioprio_set(2), which no header has
  const UniqueFd score(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (score.is_open() && write(score.get(), "0", 1) < 0) log::Debug("oom_score_adj stays");
  setpriority(PRIO_PROCESS, 0, 0);
  syscall(SYS_ioprio_set, kOfProcess, 0, 0);
}

// A process with one thread, so all that may be called in a process may be called here.
[[noreturn]] void BeChild(const ChildTask& task, int lock, int output) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_NAME, "muster-mount");
  CloseAllBut(std::min(lock, output), std::max(lock, output));
  if (chdir("/") != 0) _exit(1);
  BecomeOrdinary();
  WriteResult(output, std::visit([](const auto& t) { return DoInChild(t); }, task));
  _exit(0);
}

}  // namespace

ChildPool::ChildPool(sd_event* event, std::string lock_dir)
    : event_(event), lock_dir_(std::move(lock_dir)) {}

// The children go on; nobody asks for them any more.
ChildPool::~ChildPool() = default;

void ChildPool::Run(const ChildTask& task, Duration patience, Done done) {
  if (std::holds_alternative<FindHung>(task)) return done(FindLocked(lock_dir_));
  UniqueFd lock;
  if (const std::string locked = LockedBy(task); !locked.empty()) {
    lock = TakeLock(lock_dir_, locked);
    if (!lock.is_open() && errno == EWOULDBLOCK)
      return done({EAGAIN, true, "an earlier try hangs there"});
    if (!lock.is_open()) return done(Failed("lock in " + lock_dir_));
  }
  if (children_.size() >= kMaxChildren) return done({EAGAIN, true, "too many earlier tries hang"});
  Start(task, std::move(lock), patience, std::move(done));
}

void ChildPool::Start(const ChildTask& task, UniqueFd lock, Duration patience, Done done) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return done(Failed("make a pipe"));
  UniqueFd result(ends[0]);
  const UniqueFd output(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return done(Failed("fork"));
  if (pid == 0) BeChild(task, lock.get(), output.get());
  children_.emplace_back();
  Child& child = children_.back();
  child.pool = this;
  child.pid = pid;
  child.may_be_killed = MayBeKilled(task);
  child.result = std::move(result);
  child.done = std::move(done);
  child.self = std::prev(children_.end());
  sd_event_source* source = nullptr;
  if (const int r = sd_event_add_io(event_, &source, child.result.get(), EPOLLIN,
                                    &ChildPool::OnReadable, &child);
      r < 0) {
    log::Error("the end of a child will not be seen: {}", std::strerror(-r));
  }
  child.readable = EventSource(source);
  child.timer = MakeTimer(event_, 100ms, &ChildPool::OnTimer, &child);
  Arm(child.timer, patience);
}

void ChildPool::OnReadable(Child& child) {
  char buffer[kMaxChildText + sizeof(int)];
  const ssize_t n = read(child.result.get(), buffer, sizeof(buffer));
  if (n > 0) {
    child.text.append(buffer, static_cast<size_t>(n));
    return;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // Its end of the pipe is closed: it is gone, or will be in a moment.
  waitpid(child.pid, nullptr, 0);
  ChildResult result;
  if (child.text.size() < sizeof(int)) {
    result = {ECHILD, false, "the child ended without a result"};
  } else {
    std::memcpy(&result.error, child.text.data(), sizeof(int));
    result.text = child.text.substr(sizeof(int));
  }
  const Done done = std::move(child.done);
  children_.erase(child.self);
  if (done) done(result);
}

void ChildPool::OnTimeout(Child& child) {
  if (child.may_be_killed) kill(child.pid, SIGKILL);
  const Done done = std::exchange(child.done, nullptr);
  if (done) done({ETIME, true, "it hangs"});
}

int ChildPool::OnReadable(sd_event_source*, int, uint32_t, void* userdata) {
  auto& child = *static_cast<Child*>(userdata);
  child.pool->OnReadable(child);
  return 0;
}

int ChildPool::OnTimer(sd_event_source*, uint64_t, void* userdata) {
  auto& child = *static_cast<Child*>(userdata);
  child.pool->OnTimeout(child);
  return 0;
}

}  // namespace muster
