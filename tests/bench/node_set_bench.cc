// What node sets cost: folding names to a text, and a text to names. The xnames are of an EX of 98 cabinets, and random subsets of them;
// unfoldable names have nothing in common but their shape, or not even that.
//
//   node_set_bench [RUNS]      medians of so many runs (9): wall time, and the time of this thread's CPU beside it
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "controller/nodeset/node_set.h"
#include "controller/nodeset/node_set_expression.h"

namespace muster {
namespace {

using Names = std::vector<std::string>;

struct Cost {
  double wall_ms;
  double cpu_ms;
};

double CpuMs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

Cost Measure(int runs, const std::function<void()>& work) {
  std::vector<double> wall;
  std::vector<double> cpu;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = CpuMs();
    work();
    cpu.push_back(CpuMs() - cpu_begin);
    wall.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  return {Median(wall), Median(cpu)};
}

// 98 cabinets of 1024 nodes.
Names Xnames() { return *ExpandNodeSet("x[1000-1097]c[0-7]s[0-7]b[0-7]n[0-1]"); }

Names Subset(const Names& names, double share, std::mt19937& random) {
  std::bernoulli_distribution is_chosen(share);
  Names chosen;
  std::copy_if(names.begin(), names.end(), std::back_inserter(chosen),
               [&](const std::string&) { return is_chosen(random); });
  return chosen;
}

Names Shuffled(Names names, std::mt19937& random) {
  std::shuffle(names.begin(), names.end(), random);
  return names;
}

Names RandomNumbers(size_t count, std::mt19937& random) {
  Names names;
  for (size_t i = 0; i < count; ++i)
    names.push_back(
        fmt::format("x{}c{}s{}", random() % 100'000, random() % 100'000, random() % 100'000));
  return names;
}

Names RandomWords(size_t count, std::mt19937& random) {
  Names names;
  for (size_t i = 0; i < count; ++i) {
    std::string name;
    for (int k = 0; k < 10; ++k) name += static_cast<char>('a' + random() % 26);
    names.push_back(name);
  }
  return names;
}

void PrintRow(const std::string& what, const Names& names, int runs) {
  const std::string folded = FoldNodeSet(names);
  const Cost fold = Measure(runs, [&] {
    if (FoldNodeSet(names) != folded) std::abort();
  });
  const Cost expand = Measure(runs, [&] {
    if (ExpandNodeSet(folded)->empty()) std::abort();
  });
  const Cost count = Measure(runs, [&] {
    if (ParseNodeSet(folded)->empty()) std::abort();
  });
  fmt::print("{:<34}{:>9}{:>10}{:>9.1f}{:>7.1f}{:>9.1f}{:>7.1f}{:>9.1f}{:>7.1f}\n", what,
             names.size(), folded.size(), fold.wall_ms, fold.cpu_ms, expand.wall_ms, expand.cpu_ms,
             count.wall_ms, count.cpu_ms);
}

void Run(int runs) {
  std::mt19937 random(8);
  const Names all = Xnames();
  fmt::print("{:<34}{:>9}{:>10}{:>16}{:>16}{:>16}\n", "", "", "", "fold ms", "expand ms",
             "parse ms");
  fmt::print("{:<34}{:>9}{:>10}{:>9}{:>7}{:>9}{:>7}{:>9}{:>7}\n", "", "names", "bytes", "wall",
             "cpu", "wall", "cpu", "wall", "cpu");
  PrintRow("xnames, all", all, runs);
  PrintRow("xnames, all, shuffled", Shuffled(all, random), runs);
  for (const int percent : {99, 90, 50, 10})
    PrintRow(fmt::format("xnames, {} %", percent), Subset(all, percent / 100.0, random), runs);
  PrintRow("xnames, 50 %, shuffled", Shuffled(Subset(all, 0.5, random), random), runs);
  PrintRow("nids, all", *ExpandNodeSet("nid[000001-100000]"), runs);
  PrintRow("nids, 50 %", Subset(*ExpandNodeSet("nid[000001-100000]"), 0.5, random), runs);
  PrintRow("unfoldable numbers", RandomNumbers(10'000, random), runs);
  PrintRow("unfoldable numbers", RandomNumbers(100'000, random), runs);
  PrintRow("unfoldable words", RandomWords(10'000, random), runs);
  PrintRow("unfoldable words", RandomWords(100'000, random), runs);
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  muster::Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 9);
  return 0;
}
