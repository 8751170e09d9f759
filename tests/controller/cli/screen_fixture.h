// A program on a terminal of its own, as the leader of its session.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "program_fixture.h"

namespace muster::cli {

// What happens in another process can only be looked for. False after half a minute.
inline bool Until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// The exit code, or the negative of the signal that ended it; one that does not end is killed.
inline int StatusOf(pid_t pid) {
  int status = 0;
  if (!Until([&] { return waitpid(pid, &status, WNOHANG) == pid; })) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class Screen {
 public:
  // `before`: a command that runs the command in its further arguments.
  Screen(std::vector<std::string> before, std::vector<std::string> command) {
    before.insert(before.end(), command.begin(), command.end());
    std::vector<char*> argv;
    for (std::string& word : before) argv.push_back(word.data());
    argv.push_back(nullptr);
    winsize size{24, 120, 0, 0};
    EXPECT_EQ(openpty(&leader_, &follower_, nullptr, nullptr, &size), 0);
    fcntl(leader_, F_SETFD, FD_CLOEXEC);
    pid_ = fork();
    if (pid_ != 0) return;
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
    setenv("TERM", "xterm", 1);
    login_tty(follower_);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  ~Screen() {
    if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
    close(leader_);
    close(follower_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  pid_t pid() const { return pid_; }
  // All that came since it began, or since Forget.
  const std::string& text() const { return text_; }
  void Forget() { Take(), text_.clear(); }

  void WaitFor(const std::string& text) {
    EXPECT_TRUE(Until([&] { return Take(), text_.find(text) != std::string::npos; }))
        << "no \"" << text << "\" in: " << text_;
  }
  void Type(const std::string& keys) {
    EXPECT_EQ(write(leader_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // Whether it echoes, among others.
  tcflag_t LocalFlags() const {
    termios now{};
    EXPECT_EQ(tcgetattr(follower_, &now), 0);
    return now.c_lflag;
  }

  int ExitCode() {
    int status = 0;
    if (!Until([&] { return Take(), waitpid(pid_, &status, WNOHANG) == pid_; })) return -SIGKILL;
    pid_ = -1;
    Take();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  void Take() {
    pollfd output{leader_, POLLIN, 0};
    while (poll(&output, 1, 0) > 0 && (output.revents & POLLIN) != 0) {
      char piece[4096];
      const ssize_t count = read(leader_, piece, sizeof piece);
      if (count <= 0) return;
      text_.append(piece, static_cast<size_t>(count));
    }
  }

  int leader_ = -1;
  int follower_ = -1;
  pid_t pid_ = -1;
  std::string text_;
};

}  // namespace muster::cli
