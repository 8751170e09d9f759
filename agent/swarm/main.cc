// muster-swarm: thousands of agents in one process, to load a controller with. Their uplinks and executors are those of muster-agent, their
// certificates are their own, their units are simulated.
#include <sys/resource.h>
#include <systemd/sd-event.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "agent/swarm/swarm.h"
#include "common/log.h"
#include "common/version.h"

namespace muster::swarm {
namespace {

// Descriptors that are not an agent's connection: some, and an epoll and a timer for each loop.
constexpr size_t kOtherDescriptors = 64 + Subscriber::kMaxConnections;
constexpr size_t kDescriptorsOfLoop = 2;
constexpr size_t kMaxAgents = 1'000'000;
constexpr double kMaxSeconds = 24 * 3600;

struct Options {
  std::string controller;
  std::string tls_dir;
  size_t first = 0;
  size_t count = 0;  // 0: all the rest
  uint64_t seed = 0;
  double start_over_s = 0;
  double shortest_start_ms = 0;
  double longest_start_ms = 0;
  double fails = 0, hangs = 0, dies = 0, forgets = 0;  // per cent
  std::string hmnfd;
  std::vector<std::string> faults;
  bool json = false;
  bool verbose = false;
};

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("--controller", options.controller, "HOST:PORT[,HOST:PORT…] of musterd's agents")
      ->required();
  app.add_option("--tls-dir", options.tls_dir,
                 "What `muster pki issue --role agent --out DIR NODESET` has written")
      ->required();
  app.add_option("--first", options.first,
                 "Leave out so many of the directory's nodes, for they are another process's")
      ->check(CLI::Range(size_t{0}, kMaxAgents));
  app.add_option("--count", options.count, "So many agents (all)")
      ->check(CLI::Range(size_t{0}, kMaxAgents));
  app.add_option("--seed", options.seed, "Of all that is random (0)");
  app.add_option("--start-over", options.start_over_s,
                 "Start the agents within so many seconds (0)")
      ->check(CLI::Range(0., kMaxSeconds));
  app.add_option("--start-ms", options.shortest_start_ms, "A unit's start takes at least so long")
      ->check(CLI::Range(0., 1000 * kMaxSeconds));
  app.add_option("--start-ms-max", options.longest_start_ms, "… and at most so long")
      ->check(CLI::Range(0., 1000 * kMaxSeconds));
  app.add_option("--fails", options.fails, "Per cent of the restarts that fail")
      ->check(CLI::Range(0., 100.));
  app.add_option("--hangs", options.hangs, "Per cent of the restarts that never end")
      ->check(CLI::Range(0., 100.));
  app.add_option("--dies", options.dies, "Per cent of the restarts after which the unit soon dies")
      ->check(CLI::Range(0., 100.));
  app.add_option(
      "--hmnfd", options.hmnfd,
      "URL of HMNFD, such as http://127.0.0.1:28600/hmi: there each unit subscribes when "
      "it has started (none does)");
  app.add_option("--forgets", options.forgets,
                 "Per cent of the restarts after which the unit does not subscribe")
      ->check(CLI::Range(0., 100.));
  app.add_option(
         "--fault", options.faults,
         "AT:KIND:SHARE[:FOR], such as 30:silent:50:120: from 30 s on, half of the agents, for "
         "120 s; kinds: disconnect (without FOR), silent, slow, flap, flood; repeatable")
      ->allow_extra_args(false);
  app.add_flag("--json", options.json, "Print a JSON line at each change, with CLOCK_MONOTONIC");
  app.add_flag("--verbose", options.verbose, "Log what each agent logs");
  app.set_version_flag("--version", std::string("muster-swarm ") + kVersion);
}

Duration Milliseconds(double ms) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(ms));
}

// The names of the directories in `dir`, sorted, those that the options are about.
absl::StatusOr<std::vector<std::string>> FindNodes(const Options& options) {
  std::vector<std::string> nodes;
  std::error_code error;
  for (std::filesystem::directory_iterator it(options.tls_dir, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_directory(error)) nodes.push_back(it->path().filename());
  }
  if (error) return ErrnoStatus(error.value(), "read " + options.tls_dir);
  std::sort(nodes.begin(), nodes.end());
  if (options.first + options.count > nodes.size() || options.first >= nodes.size()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "{} has certificates of {} nodes; --first {} --count {} needs more: issue "
                      "them with `muster pki issue --role agent`",
                      options.tls_dir, nodes.size(), options.first, options.count);
  }
  nodes.erase(nodes.begin(), nodes.begin() + static_cast<ptrdiff_t>(options.first));
  if (options.count > 0) nodes.resize(options.count);
  return nodes;
}

absl::Status RaiseDescriptorLimit(size_t agents) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const size_t others = kOtherDescriptors + kDescriptorsOfLoop * (agents / kAgentsPerLoop + 1);
  if (limit.rlim_max >= agents + others) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kResourceExhausted,
                    "{} agents need as many file descriptors and {} more, and this process may "
                    "have {}: use several processes with --first and --count",
                    agents, others, limit.rlim_max);
}

absl::StatusOr<SwarmConfig> MakeConfig(const Options& options) {
  SwarmConfig config;
  absl::StatusOr<std::vector<HostPort>> controllers = ParseControllers(options.controller);
  if (!controllers.ok()) return controllers.status();
  config.controllers = *controllers;
  config.tls_dir = options.tls_dir;
  absl::StatusOr<std::vector<std::string>> nodes = FindNodes(options);
  if (!nodes.ok()) return nodes.status();
  config.nodes = *nodes;
  config.start_over = Milliseconds(options.start_over_s * 1000);
  config.profile.shortest_start = Milliseconds(options.shortest_start_ms);
  config.profile.longest_start =
      Milliseconds(std::max(options.shortest_start_ms, options.longest_start_ms));
  config.profile.fails = options.fails / 100;
  config.profile.hangs = options.hangs / 100;
  config.profile.dies = options.dies / 100;
  config.profile.forgets = options.forgets / 100;
  config.hmnfd = options.hmnfd;
  if (!config.hmnfd.empty()) MUSTER_RETURN_IF_ERROR(Subscriber::CheckUrl(config.hmnfd));
  for (const std::string& text : options.faults) {
    absl::StatusOr<Fault> fault = ParseFault(text);
    if (!fault.ok()) return fault.status();
    config.faults.push_back(*fault);
  }
  MUSTER_RETURN_IF_ERROR(RaiseDescriptorLimit(config.nodes.size()));
  return config;
}

double MonotonicSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void Show(const Tally& tally, size_t agents, bool json) {
  static const double start = MonotonicSeconds();
  const double now = MonotonicSeconds();
  if (json) {
    std::cout << fmt::format(
        "{{\"monotonic\": {:.3f}, \"agents\": {}, \"attached\": {}, \"opened\": {}, \"ended\": {}, "
        "\"failed\": {}, \"restarts\": {}, \"subscribed\": {}, \"subscribe_failed\": {}}}\n",
        now, agents, tally.attached, tally.opened, tally.ended, tally.failed, tally.restarts,
        tally.subscribed, tally.subscribe_failed);
  } else {
    std::cout << fmt::format(
        "{:8.1f} s: {} of {} attached; streams: {} opened, {} ended, {} attempts failed; {} "
        "restarts; subscriptions: {} made, {} failed\n",
        now - start, tally.attached, agents, tally.opened, tally.ended, tally.failed,
        tally.restarts, tally.subscribed, tally.subscribe_failed);
  }
  std::cout.flush();
}

absl::Status Run(const Options& options) {
  const absl::StatusOr<SwarmConfig> config = MakeConfig(options);
  if (!config.ok()) return config.status();
  sd_event* event = nullptr;
  if (const int r = sd_event_default(&event); r < 0) return ErrnoStatus(-r, "make the event loop");
  const std::unique_ptr<sd_event, sd_event* (*)(sd_event*)> owner(event, sd_event_unref);
  EndOnSignals(event);
  std::mt19937_64 random(options.seed);
  Swarm swarm(event, *config, random,
              [&](const Tally& tally) { Show(tally, config->nodes.size(), options.json); });
  swarm.Start();
  const int code = sd_event_loop(event);
  return code < 0 ? ErrnoStatus(-code, "run the event loop") : absl::OkStatus();
}

}  // namespace
}  // namespace muster::swarm

int main(int argc, char** argv) {
  CLI::App app("Thousands of muster-agents in one process, to load a controller with",
               "muster-swarm");
  muster::swarm::Options options;
  muster::swarm::AddOptions(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  muster::log::Init("muster-swarm",
                    options.verbose ? muster::log::Level::kInfo : muster::log::Level::kError);
  if (const absl::Status status = muster::swarm::Run(options); !status.ok()) {
    std::cerr << "muster-swarm: " << muster::Message(status) << "\n";
    return 1;
  }
  return 0;
}
