// For calls of libraries that only our own mistake, or the end of memory, makes fail: what failed goes to the log, and the program ends.
// Any thread.
#pragma once

namespace muster {

// Aborts unless `is_good`: "cannot {what}: {why}".
void Require(bool is_good, const char* what, const char* why);
// `result`: as sd-event, sd-bus and the kernel give it, negative errno for an error.
void Require(int result, const char* what);

}  // namespace muster
