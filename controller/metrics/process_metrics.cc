#include "controller/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>

namespace muster {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The number after "NAME:" of /proc/self/status; negative if there is none.
double OfStatus(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  double value = -1;
  while (status >> word) {
    if (word == name + ":" && status >> value) return value;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return -1;
}

double OpenDescriptors() {
  std::error_code error;
  double count = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    ++count;
  return count - 1;  // but the one that looks
}

}  // namespace

void AddProcessMetrics(MetricList& list) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0)
    list.Counter("process_cpu_seconds_total", "User and system CPU time",
                 Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  if (const double kib = OfStatus("VmRSS"); kib >= 0)
    list.Gauge("process_resident_memory_bytes", "Resident memory", kib * 1024);
  if (const double threads = OfStatus("Threads"); threads >= 0)
    list.Gauge("process_threads", "Threads", threads);
  list.Gauge("process_open_fds", "Open file descriptors", OpenDescriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    list.Gauge("process_max_fds", "How many there may be", static_cast<double>(limit.rlim_cur));
}

}  // namespace muster
