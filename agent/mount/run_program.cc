#include "agent/mount/run_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "common/unique_fd.h"

namespace muster {
namespace {

// Of what it wrote, the end.
constexpr size_t kMaxOutput = 1024;
// The program may have ended while something that it has started still has its output.
constexpr auto kPollAtMost = 200ms;

class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, 1);
    posix_spawn_file_actions_adddup2(&actions_, output, 2);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Reads what is there; keeps the end.
void ReadOutput(int output, std::string* text) {
  char buffer[4096];
  for (ssize_t n; (n = read(output, buffer, sizeof(buffer))) > 0;) {
    text->append(buffer, static_cast<size_t>(n));
    if (text->size() > kMaxOutput) text->erase(0, text->size() - kMaxOutput);
  }
}

std::string EndOf(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

ChildResult RunProgram(const std::vector<std::string>& argv, Duration deadline) {
  if (argv.empty()) return {EINVAL, false, "no program is named"};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {errno, false, std::strerror(errno)};
  const UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  // Our end alone: programs do not expect that their output is not taken at once.
  if (fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return {errno, false, std::strerror(errno)};
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};
  const SpawnSettings settings(input.get());
  pid_t pid = 0;
  const int error = posix_spawn(&pid, words[0], settings.actions(), settings.attributes(),
                                words.data(), environment);
  if (error != 0) return {error, false, fmt::format("run {}: {}", argv[0], std::strerror(error))};
  input = UniqueFd();

  const auto end = std::chrono::steady_clock::now() + deadline;
  std::string text;
  int status = 0;
  bool is_over = false;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    is_over = std::chrono::steady_clock::now() >= end;
    if (is_over) break;
    pollfd ready{output.get(), POLLIN, 0};
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(kPollAtMost);
    poll(&ready, 1, static_cast<int>(most.count()));
    ReadOutput(output.get(), &text);
    // Its output is closed and it lives: nothing will wake us.
    if ((ready.revents & POLLHUP) != 0) usleep(10'000);
  }
  if (is_over) {
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  ReadOutput(output.get(), &text);
  while (text.ends_with('\n')) text.pop_back();
  if (is_over) {
    return {ETIME, false,
            fmt::format("{} did not end in {} s and was killed{}{}", argv[0], deadline / 1s,
                        text.empty() ? "" : ": ", text)};
  }
  if (status == 0) return {0, false, text};
  return {ECANCELED, false,
          fmt::format("{}: {}{}{}", argv[0], EndOf(status), text.empty() ? "" : ": ", text)};
}

}  // namespace muster
