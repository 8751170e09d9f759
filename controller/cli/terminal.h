// What stands at the other end of standard output or standard error. Any thread.
#pragma once

#include <cstddef>

namespace muster::cli {

struct Terminal {
  int fd = -1;
  bool is_terminal = false;
  bool has_escapes = false;  // the cursor can be moved: a terminal, and TERM is set and not dumb
  bool has_colours = false;  // and NO_COLOR is not set, or empty (no-color.org)

  static Terminal Of(int fd);

  // The shell has it, or another job: what is drawn would stand in their lines, and who reads from it or sets it is stopped.
  bool IsInBackground() const;
  // Of the screen as it is now; 80 and 24 if it does not say.
  size_t Columns() const;
  size_t Rows() const;
};

// What text on standard output is fitted to: 0 if that is no terminal, or nobody knows how wide or high it is. COLUMNS and LINES, where they
// are numbers, come first; they do not follow a window that changes its size, so that what is drawn again and again asks Terminal.
struct TextSize {
  size_t columns = 0;
  size_t rows = 0;
};
TextSize SizeOfScreenText();

}  // namespace muster::cli
