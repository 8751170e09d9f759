// engine_bench - the engine alone, with one job on many nodes: events a second and memory per task. No store, no network.
//
//   engine_bench [NODES]                                         default 100000
//
// An event is what one agent's message or one operator's request is to the engine: an attach, a report of progress, an outcome.
// Each batch of kBatch events is stepped and advanced as the runner does it; what the engine answers is counted and dropped. A record is a
// change of a node, job or task for the store: an event that ends a task may start another one. The allocator is musterd's.
#include <fmt/format.h>
#ifdef MUSTER_HAS_TCMALLOC
#include <gperftools/malloc_extension.h>
#else
#include <malloc.h>
#endif
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "controller/engine/engine.h"

namespace muster {
namespace {

constexpr size_t kBatch = 1000;
constexpr Time kStart = Time(std::chrono::hours(24 * 365 * 56));

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

size_t AllocatedBytes() {
#ifdef MUSTER_HAS_TCMALLOC
  size_t bytes = 0;
  MallocExtension::instance()->GetNumericProperty("generic.current_allocated_bytes", &bytes);
  return bytes;
#else
  return mallinfo2().uordblks;
#endif
}

class Bench {
 public:
  explicit Bench(uint32_t nodes) : engine_({}, {}, kStart), nodes_(nodes) {}

  std::string NodeName(uint32_t i) const {
    return fmt::format("x{}c{}s{}b{}n{}", 1000 + i / 256, i / 32 % 8, i / 4 % 8, i / 2 % 2, i % 2);
  }

  // Steps `events` in batches, and prints how fast that was. With `outcome` each command that follows is answered with it, in later
  // batches, until there are no more.
  void Run(const char* what, std::vector<Event> events,
           const std::optional<Outcome>& outcome = std::nullopt) {
    double seconds = 0;
    size_t records = 0;
    size_t sends = 0;
    for (size_t i = 0; i < events.size();) {
      const double begin = CpuSeconds();
      Actions actions;
      for (const size_t end = std::min(i + kBatch, events.size()); i < end; ++i) {
        engine_.Step(now_, std::move(events[i]), &actions);
      }
      engine_.Advance(now_, &actions);
      seconds += CpuSeconds() - begin;
      records += actions.records.size();
      sends += actions.sends.size();
      if (outcome) Answer(actions, *outcome, &events);
    }
    Print(what, events.size(), seconds, records, sends);
  }

  static void Answer(const Actions& actions, const Outcome& outcome, std::vector<Event>* events) {
    for (const Send& send : actions.sends) {
      if (const auto* command = std::get_if<Command>(&send.message)) {
        events->push_back(ReportReceived{send.session, {command->node, command->key, outcome}});
      }
    }
  }

  void Print(const char* what, size_t events, double seconds, size_t records, size_t sends) {
    fmt::print("{:<44} {:>8} events {:>7.3f} s {:>10.0f} events/s {:>8} records {:>8} sends\n",
               what, events, seconds, static_cast<double>(events) / seconds, records, sends);
    all_events_ += events;
    all_records_ += records;
    all_seconds_ += seconds;
  }

  void Attach() {
    std::vector<Event> events;
    for (uint32_t i = 0; i < nodes_; ++i) {
      Hello hello;
      hello.node = NodeName(i);
      hello.incarnation = fmt::format("{:032x}", i);
      hello.features = {kRestartUnitFeature, kInspectFeature, kRestartSinceFeature};
      events.push_back(SessionUp{i + 1, std::move(hello)});
    }
    Run("attach", events);
  }

  void Submit(const char* what, const std::string& id, const Policy& policy,
              const std::optional<Outcome>& outcome = std::nullopt) {
    JobSpec spec;
    spec.id = id;
    spec.work = RestartUnit{"", 5s};
    spec.policy = policy;
    spec.created = now_;
    spec.request_id = id;
    std::vector<std::string> names;
    for (uint32_t i = 0; i < nodes_; ++i) names.push_back(NodeName(i));
    Run(what, {JobSubmitted{1, std::move(spec), std::move(names)}}, outcome);
  }

  void Report(const char* what, const std::string& id, const std::optional<Outcome>& outcome) {
    std::vector<Event> events;
    for (uint32_t i = 0; i < nodes_; ++i) {
      const std::string node = NodeName(i);
      events.push_back(ReportReceived{i + 1, {node, {TaskName(id, node), 1}, outcome}});
    }
    Run(what, events);
  }

  uint32_t nodes() const { return nodes_; }
  double EventsPerSecond() const { return static_cast<double>(all_events_) / all_seconds_; }
  double RecordsPerSecond() const { return static_cast<double>(all_records_) / all_seconds_; }
  bool IsIdle() const { return engine_.jobs().empty(); }

 private:
  Engine engine_;
  uint32_t nodes_;
  Time now_ = kStart;
  size_t all_events_ = 0;
  size_t all_records_ = 0;
  double all_seconds_ = 0;
};

Outcome Restarted() {
  Outcome outcome{OutcomeState::kSucceeded, Reason::kNone, "restarted; it stayed up for 5 s", {}};
  UnitState unit;
  unit.unit = "cray-orca.service";
  unit.load_state = "loaded";
  unit.active_state = "active";
  unit.sub_state = "running";
  unit.result = "success";
  unit.invocation_id = std::string(32, 'a');
  outcome.evidence.before = unit;
  outcome.evidence.after = unit;
  outcome.evidence.job_result = "done";
  return outcome;
}

int Main(uint32_t nodes) {
  Bench bench(nodes);
  bench.Attach();
  const std::string first = "01980000-0000-7000-8000-000000000001";
  const size_t before = AllocatedBytes();
  bench.Submit("submit, and all starts", first, {.max_parallel = nodes});
  const size_t with_job = AllocatedBytes();
  bench.Report("progress", first, std::nullopt);
  bench.Report("outcome", first, Restarted());
  // The same with slots, so that most events start another task.
  const std::string second = "01980000-0000-7000-8000-000000000002";
  bench.Submit("job with 1000 slots, to its end", second, {.max_parallel = 1000}, Restarted());
  if (!bench.IsIdle()) {
    fmt::print(stderr, "engine_bench: a job has not ended\n");
    return 1;
  }
  fmt::print("all: {:.0f} events/s, {:.0f} records/s on one core; {:.0f} B a task in flight\n",
             bench.EventsPerSecond(), bench.RecordsPerSecond(),
             static_cast<double>(with_job - before) / bench.nodes());
  return 0;
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 100'000;
  if (nodes <= 0) {
    fmt::print(stderr, "usage: engine_bench [NODES]\n");
    return 2;
  }
  return muster::Main(static_cast<uint32_t>(nodes));
}
