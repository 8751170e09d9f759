// Theory of operation: the child has a process group of its own, two pipes, and no other descriptor of ours. We poll the pipes in short slices,
// and look between them whether it has ended, whether its time is over and whether we are stopped. What a grandchild may still write after the
// child's end is not waited for.
#include "controller/csm/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "common/unique_fd.h"

extern char** environ;

namespace muster {
namespace {

constexpr int kSliceMs = 100;
// When the child has closed its pipes, and is about to end.
constexpr int kEndingSliceMs = 10;
// What is read of a pipe at once: as much as it holds, and no more, or a child that never pauses would keep us from the clock.
constexpr size_t kBufferBytes = 64 << 10;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

std::string ErrnoText(int error) { return std::generic_category().message(error); }

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);  // the child's end blocks, as programs expect
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

class FileActions {
 public:
  FileActions(int output, int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    // Sockets of gRPC and files of SQLite are not the child's.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A group of its own, and signals as a program finds them: we may block and ignore some.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

class Child {
 public:
  explicit Child(const ChildRun& run)
      : run_(run), deadline_(std::chrono::steady_clock::now() + run.timeout) {}
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  absl::Status Start();
  absl::StatusOr<ChildResult> Follow();

 private:
  const std::string& name() const { return run_.arguments.front(); }
  absl::Status Spawn(int output, int errors);
  // Ends after the slice, or as soon as there is something to read.
  void ReadPipes();
  static void Drain(UniqueFd& from, std::string& to);
  bool HasEnded();
  void Kill();

  const ChildRun& run_;
  const std::chrono::steady_clock::time_point deadline_;
  pid_t pid_ = -1;  // until it is waited for
  UniqueFd output_;
  UniqueFd errors_;
  ChildResult result_;
};

absl::Status Child::Start() {
  absl::StatusOr<Pipe> output = MakePipe();
  MUSTER_RETURN_IF_ERROR(output.status());
  absl::StatusOr<Pipe> errors = MakePipe();
  MUSTER_RETURN_IF_ERROR(errors.status());
  MUSTER_RETURN_IF_ERROR(Spawn(output->write_end.get(), errors->write_end.get()));
  output_ = std::move(output->read_end);
  errors_ = std::move(errors->read_end);
  return absl::OkStatus();
}

absl::Status Child::Spawn(int output, int errors) {
  std::vector<std::string> arguments = run_.arguments;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const FileActions actions(output, errors);
  const Attributes attributes;
  const int error =
      posix_spawnp(&pid_, argv[0], actions.get(), attributes.get(), argv.data(), environ);
  if (error == 0) return absl::OkStatus();
  pid_ = -1;
  return MakeStatus(absl::StatusCode::kFailedPrecondition, "run {}: {}", name(), ErrnoText(error));
}

absl::StatusOr<ChildResult> Child::Follow() {
  while (!HasEnded()) {
    if (run_.is_stopped && run_.is_stopped()) {
      return MakeStatus(absl::StatusCode::kCancelled, "run {}: killed, musterd is stopping",
                        name());
    }
    if (std::chrono::steady_clock::now() >= deadline_) {
      return MakeStatus(absl::StatusCode::kDeadlineExceeded, "run {}: killed after {} s", name(),
                        run_.timeout / 1s);
    }
    ReadPipes();
  }
  Drain(output_, result_.output);
  Drain(errors_, result_.errors);
  return std::move(result_);
}

void Child::ReadPipes() {
  pollfd pipes[] = {{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}};  // -1: passed over
  const bool is_ending = !output_.is_open() && !errors_.is_open();
  if (poll(pipes, 2, is_ending ? kEndingSliceMs : kSliceMs) <= 0) return;
  Drain(output_, result_.output);
  Drain(errors_, result_.errors);
}

// Reads what is there, and closes at the end.
void Child::Drain(UniqueFd& from, std::string& to) {
  if (!from.is_open()) return;
  std::string buffer(kBufferBytes, '\0');
  const ssize_t count = read(from.get(), buffer.data(), buffer.size());
  if (count == 0) from = UniqueFd();
  if (count <= 0) return;
  to.append(buffer, 0, static_cast<size_t>(count));
  if (to.size() > kMaxChildOutput) to.erase(0, to.size() - kMaxChildOutput);
}

bool Child::HasEnded() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

void Child::Kill() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace

absl::StatusOr<ChildResult> RunChild(const ChildRun& run) {
  Child child(run);
  MUSTER_RETURN_IF_ERROR(child.Start());
  return child.Follow();
}

}  // namespace muster
