#include "controller/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "controller/cli/environment.h"

namespace muster::cli {
namespace {

winsize SizeOf(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

// 0 if the variable is no number.
size_t Number(const char* name) {
  const std::string text = Environment(name);
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

Terminal Terminal::Of(int fd) {
  Terminal terminal{fd, isatty(fd) == 1, false, false};
  const std::string kind = Environment("TERM");
  terminal.has_escapes = terminal.is_terminal && !kind.empty() && kind != "dumb";
  terminal.has_colours = terminal.has_escapes && Environment("NO_COLOR").empty();
  return terminal;
}

bool Terminal::IsInBackground() const {
  // None if it is not the terminal that this session is controlled by, or has hung up.
  const pid_t foreground = is_terminal ? tcgetpgrp(fd) : -1;
  return foreground >= 0 && foreground != getpgrp();
}

size_t Terminal::Columns() const {
  const winsize size = SizeOf(fd);
  return size.ws_col > 0 ? size.ws_col : 80;
}

size_t Terminal::Rows() const {
  const winsize size = SizeOf(fd);
  return size.ws_row > 0 ? size.ws_row : 24;
}

TextSize SizeOfScreenText() {
  if (isatty(STDOUT_FILENO) != 1) return {};
  const winsize size = SizeOf(STDOUT_FILENO);
  const size_t columns = Number("COLUMNS");
  const size_t rows = Number("LINES");
  return {columns > 0 ? columns : size.ws_col, rows > 0 ? rows : size.ws_row};
}

}  // namespace muster::cli
