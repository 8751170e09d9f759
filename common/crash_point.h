// Places where a test stops a daemon dead, as a power cut would. A program links one of two implementations: what is
// installed has `muster_crash_point_off`, which does nothing; what the tests run has `muster_crash_point_armed`, which
// sends itself SIGKILL at the point that the environment variable MUSTER_CRASH_AT names, once for each
// MUSTER_CRASH_MARK file: a point whose mark exists is passed, so that the restarted daemon goes on. If MUSTER_CRASH_ARM names a
// file, points are passed until that file exists, so that a test can choose the job that hits it.
#pragma once

namespace muster {

void CrashPoint(const char* name);

}  // namespace muster
