#include "controller/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace muster::cli {
namespace {

std::string_view Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

winsize SizeOf(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

}  // namespace

Terminal Terminal::Of(int fd) {
  Terminal terminal{fd, isatty(fd) == 1, false, false};
  const std::string_view kind = Variable("TERM");
  terminal.has_escapes = terminal.is_terminal && !kind.empty() && kind != "dumb";
  terminal.has_colours = terminal.has_escapes && Variable("NO_COLOR").empty();
  return terminal;
}

size_t Terminal::Columns() const {
  const winsize size = SizeOf(fd);
  return size.ws_col > 0 ? size.ws_col : 80;
}

size_t Terminal::Rows() const {
  const winsize size = SizeOf(fd);
  return size.ws_row > 0 ? size.ws_row : 24;
}

}  // namespace muster::cli
