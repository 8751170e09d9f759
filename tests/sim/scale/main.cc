// muster_scale: what engine and store do with jobs of very many nodes, in simulation. Prints a table with a column for each size. Ends with
// 1 if a task did not end as it must.
//
//   muster_scale [--nodes 100000,1000000] [--dir /tmp]
//
// Engine, RunnerCore, mailbox and store are musterd's, and so is the allocator. Agents are simulated and so is time: what is measured is
// the controller's work, on one core and the disk that DIR is on.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "common/log.h"
#include "tests/sim/scale/run.h"

namespace muster::sim {
namespace {

// The most that the engine takes.
constexpr uint32_t kMaxNodes = 1'000'000;

double MaxMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void Print(const std::vector<uint32_t>& sizes, const std::vector<ScaleResult>& results) {
  const auto row = [&](const std::string& name, auto value) {
    std::printf("%-36s", name.c_str());
    for (size_t i = 0; i < sizes.size(); ++i) std::printf("%28s", value(i).c_str());
    std::printf("\n");
  };
  row("nodes", [&](size_t i) { return std::to_string(sizes[i]); });
  for (size_t line = 0; line < results[0].figures.size(); ++line) {
    row(results[0].figures[line].name, [&](size_t i) { return results[i].figures[line].value; });
  }
  std::printf("resident at most, with the simulated agents: %.0f MB\n", MaxMegabytes());
}

int Main(const std::vector<uint32_t>& sizes, const std::string& dir) {
  std::vector<ScaleResult> results;
  for (const uint32_t nodes : sizes) {
    std::string store = dir + "/muster_scale-XXXXXX";
    if (mkdtemp(store.data()) == nullptr) {
      std::perror(store.c_str());
      return 1;
    }
    results.push_back(RunAtScale(nodes, store));
    std::filesystem::remove_all(store);
    if (results.back().failure.empty()) continue;
    std::printf("FAILED with %u nodes: %s\n", nodes, results.back().failure.c_str());
    return 1;
  }
  Print(sizes, results);
  return 0;
}

}  // namespace
}  // namespace muster::sim

int main(int argc, char** argv) {
  std::vector<uint32_t> sizes = {100'000, 1'000'000};
  std::string dir = "/tmp";
  CLI::App app("Engine and store with jobs of very many nodes, in simulation.", "muster_scale");
  app.add_option("--nodes", sizes, "sizes, a column each")
      ->delimiter(',')
      ->check(CLI::Range(1u, muster::sim::kMaxNodes));
  app.add_option("--dir", dir, "where the store is for the time; on a local disk");
  CLI11_PARSE(app, argc, argv);
  muster::log::Init("muster_scale", muster::log::Level::kError);
  return muster::sim::Main(sizes, dir);
}
