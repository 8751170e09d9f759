// What is longer than the screen, for a person who reads it. Main thread.
#pragma once

#include <string>

namespace muster::cli {

// To standard output; through a pager if it is a terminal with fewer lines than the text has. The pager is MUSTER_PAGER or PAGER, a
// command for the shell, else less; none if that is empty or cat, or `is_allowed` is false. Nothing of the text is lost with a
// pager that cannot be run. Waits until the pager is left; Ctrl-C is the pager's then, so that no Interrupt may live, which would take it.
void PrintPaged(const std::string& text, bool is_allowed);

}  // namespace muster::cli
