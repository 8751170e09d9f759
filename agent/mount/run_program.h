// Runs a program of the profile and waits for it: blocks, so it is called in a child only.
#pragma once

#include <string>
#include <vector>

#include "agent/mount/child_task.h"
#include "common/time.h"

namespace muster {

// Without a shell, in a process group of its own, with nothing on its input. The text is the end of what it wrote. The error is 0; an
// errno if it could not be started; ECANCELED if it failed, with its exit code or signal in the text; ETIME if it did not end in time and
// was killed with its group.
ChildResult RunProgram(const std::vector<std::string>& argv, Duration deadline);

}  // namespace muster
