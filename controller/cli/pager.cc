#include "controller/cli/pager.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <span>

#include "controller/cli/environment.h"
#include "controller/cli/follow.h"
#include "controller/cli/terminal.h"
#include "controller/cli/write_all.h"

namespace muster::cli {
namespace {

// What a shell answers that found no such command, or could not run it.
constexpr int kCannotRun = 126;
constexpr int kNoCommand = 127;

std::string PagerCommand() {
  const std::string command = Environment("MUSTER_PAGER", Environment("PAGER", "less"));
  return command == "cat" ? "" : command;
}

// Ignores a signal while it lives.
class Ignored {
 public:
  explicit Ignored(int signal) : signal_(signal) {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(signal_, &ignore, &before_);
  }
  ~Ignored() { sigaction(signal_, &before_, nullptr); }
  Ignored(const Ignored&) = delete;
  Ignored& operator=(const Ignored&) = delete;

  // It was ignored all along: nohup, or a shell script, wants that of what we start, too.
  bool WasIgnored() const { return before_.sa_handler == SIG_IGN; }
  int signal() const { return signal_; }

 private:
  const int signal_;
  struct sigaction before_ {};
};

// A shell with `command` that reads from `input`, with the signals as they were before we ignored some. -1 if there is none.
pid_t StartShell(const std::string& command, int input, std::span<const Ignored> ignored) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t usual = none;
  // SIGPIPE is ours alone: who started us means nothing by it.
  for (const Ignored& one : ignored)
    if (one.signal() == SIGPIPE || !one.WasIgnored()) sigaddset(&usual, one.signal());
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string words[] = {"sh", "-c", command};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/bin/sh", &files, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error == 0 ? pid : -1;
}

// False if there is no such pager.
bool Page(const std::string& command, const std::string& text) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  // A pager may be left before it has read all. Ctrl-C is its own: less stops searching and goes on.
  const Ignored ignored[] = {Ignored(SIGPIPE), Ignored(SIGINT), Ignored(SIGQUIT)};
  const pid_t pid = StartShell(command, ends[0], ignored);
  close(ends[0]);
  // One that has gone has shown enough.
  if (pid > 0) WriteAll(ends[1], text, "write to the pager").IgnoreError();
  close(ends[1]);
  int status = 0;
  if (pid <= 0) return false;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return !WIFEXITED(status) ||
         (WEXITSTATUS(status) != kNoCommand && WEXITSTATUS(status) != kCannotRun);
}

}  // namespace

void PrintPaged(const std::string& text, bool is_allowed) {
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  const size_t rows = SizeOfScreenText().rows;
  const std::string command = is_allowed && rows > 0 && lines >= rows ? PagerCommand() : "";
  if (command.empty()) return Print(text);
  // As git does: less ends by itself if all fits, shows colours, and leaves the text on the screen.
  setenv("LESS", "FRX", /*overwrite=*/0);
  if (!Page(command, text)) Print(text);
}

}  // namespace muster::cli
