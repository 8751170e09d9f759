// The terminal that a person reads at, if standard output is one. Main thread.
#pragma once

#include <cstddef>
#include <string>

namespace muster::cli {

// 0 if standard output is no terminal, or nobody knows how wide or high it is. COLUMNS and LINES, where they are numbers, come first.
struct TerminalSize {
  size_t columns = 0;
  size_t rows = 0;
};
TerminalSize SizeOfTerminal();

// To standard output; through a pager if it is a terminal with fewer lines than the text has. The pager is MUSTER_PAGER or PAGER, a
// command for the shell, else less; none if that is empty or cat, or `is_allowed` is false. Nothing of the text is lost with a
// pager that cannot be run. Waits until the pager is left; Ctrl-C is the pager's then, so that no Interrupt may live.
void PrintPaged(const std::string& text, bool is_allowed);

}  // namespace muster::cli
