// muster_sim: runs seeds, each twice, and prints a tally. Ends with 1 at the first seed that fails.
//
//   muster_sim [--seeds FIRST..LAST] [--nodes N]    10,000 seeds of 64 nodes
//   muster_sim --trace SEED [--nodes N]             one seed, with all that happens
#include <getopt.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "common/log.h"
#include "tests/sim/run.h"

namespace muster::sim {
namespace {

struct Options {
  uint64_t first = 1;
  uint64_t last = 10'000;
  size_t nodes = 64;
  bool is_traced = false;
};

[[noreturn]] void Usage(bool is_asked) {
  std::fputs(
      "usage: muster_sim [--seeds FIRST..LAST] [--nodes N]    1..10000, 64 nodes; each seed twice\n"
      "       muster_sim --trace SEED [--nodes N]             one seed, with all that happens\n",
      is_asked ? stdout : stderr);
  std::exit(is_asked ? 0 : 2);
}

Options Parse(int argc, char** argv) {
  static const option kOptions[] = {{"seeds", required_argument, nullptr, 's'},
                                    {"nodes", required_argument, nullptr, 'n'},
                                    {"trace", required_argument, nullptr, 't'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    char* end = nullptr;
    if (c == 's') {
      options.first = std::strtoull(optarg, &end, 10);
      if (end[0] != '.' || end[1] != '.') Usage(false);
      options.last = std::strtoull(end + 2, &end, 10);
    } else if (c == 'n') {
      options.nodes = std::strtoull(optarg, &end, 10);
    } else if (c == 't') {
      options.first = options.last = std::strtoull(optarg, &end, 10);
      options.is_traced = true;
    } else {
      Usage(c == 'h');
    }
    if (*end != '\0') Usage(false);
  }
  if (optind < argc || options.nodes == 0 || options.last < options.first) Usage(false);
  return options;
}

int Fail(const Options& options, uint64_t seed, const RunResult& run, const std::string& checker,
         const std::string& what) {
  std::printf(
      "FAILED seed %llu (%s)\n  at %.3f s, %s: %s\n  replay: muster_sim --nodes %zu --trace %llu\n",
      static_cast<unsigned long long>(seed), run.story.c_str(),
      static_cast<double>(run.length.count()) / 1e9, checker.c_str(), what.c_str(), options.nodes,
      static_cast<unsigned long long>(seed));
  return 1;
}

int Main(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  std::map<std::string, uint64_t> tally;
  uint64_t runs = 0;
  uint64_t events = 0;
  for (uint64_t seed = options.first; seed <= options.last; ++seed) {
    const RunOptions one{seed, options.nodes, options.is_traced};
    const RunResult run = Run(one);
    if (run.failure) return Fail(options, seed, run, run.failure->checker, run.failure->what);
    ++runs;
    events += run.events;
    for (const auto& [what, count] : run.tally) tally[what] += count;
    if (options.is_traced) continue;
    if (Run(one).hash != run.hash) {
      return Fail(options, seed, run, "determinism", "two runs of the seed differ");
    }
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (const auto& [what, count] : tally) {
    std::printf("%12llu %s\n", static_cast<unsigned long long>(count), what.c_str());
  }
  std::printf("%llu runs of %zu nodes passed, each twice, in %.1f s: %.1f runs/s, %.0f events/s\n",
              static_cast<unsigned long long>(runs), options.nodes, seconds,
              static_cast<double>(2 * runs) / seconds, static_cast<double>(2 * events) / seconds);
  return 0;
}

}  // namespace
}  // namespace muster::sim

int main(int argc, char** argv) {
  const muster::sim::Options options = muster::sim::Parse(argc, argv);
  // Faults are what a simulated log would be full of.
  muster::log::Init("muster_sim", muster::log::Level::kNone);
  return muster::sim::Main(options);
}
