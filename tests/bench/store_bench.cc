// What a store of many ended jobs costs: its size, how long musterd takes to open it, how long a list of jobs takes, and how long the pieces
// of housekeeping.
//
//   store_bench [--jobs 1000] [--tasks 10000] [--lost 10] [--dir DIR] [--keep]
//
// All jobs but the last are as they are after tidying, one row for each task, with the evidence that a restart brings. The last has its
// whole history, and is tidied and then removed. `--keep` leaves the file, and a file that is there is measured as it is.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "controller/store/sqlite_job_reader.h"
#include "controller/store/sqlite_job_store.h"

namespace muster {
namespace {

constexpr Time kCreated{1'700'000'000s};

struct Options {
  int jobs = 1000;
  int tasks = 10'000;
  int lost = 10;  // of the jobs, so many have a task LOST
  std::string dir = "/tmp/store_bench";
  bool keep = false;
};

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "store_bench: %s\n", Message(status).c_str());
  std::exit(1);
}

double Milliseconds(const std::function<void()>& what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

UnitState OrcaState(const std::string& invocation) {
  UnitState state;
  state.unit = "cray-orca.service";
  state.load_state = "loaded";
  state.active_state = "active";
  state.sub_state = "running";
  state.result = "success";
  state.invocation_id = invocation;
  state.active_age = 5s;
  return state;
}

Outcome RestartOutcome() {
  Outcome outcome;
  outcome.state = OutcomeState::kSucceeded;
  outcome.evidence.before = OrcaState("0123456789abcdef0123456789abcdef");
  outcome.evidence.after = OrcaState("fedcba9876543210fedcba9876543210");
  outcome.evidence.job_result = "done";
  outcome.evidence.duration = 7s;
  return outcome;
}

std::string JobId(int number) { return fmt::format("0199d2a4-0000-7000-8000-{:012}", number); }

std::vector<std::string> NodeNames(int count) {
  std::vector<std::string> nodes;
  for (int i = 0; i < count; ++i)
    nodes.push_back(
        fmt::format("x{}c{}s{}b{}n{}", 1000 + i / 256, i / 32 % 8, i / 4 % 8, i / 2 % 2, i % 2));
  return nodes;
}

TaskChanged ChangeOf(const std::string& job, const std::string& node, TaskState state,
                     uint64_t revision) {
  TaskChanged change{job, {}};
  change.task.node = node;
  change.task.state = state;
  change.task.attempt = 1;
  change.task.incarnation = "0123456789abcdef0123456789abcdef";
  change.task.first_sent = change.task.last_sent = change.task.updated = kCreated;
  change.task.execution_deadline = 5min;
  change.task.revision = revision;
  if (state == TaskState::kSucceeded) change.task.outcome = RestartOutcome();
  return change;
}

// Ended; with all its transitions if `whole`, else with each task's last.
void AddJob(JobStore& store, int number, const std::vector<std::string>& nodes, bool has_lost,
            bool whole, uint64_t* revision) {
  JobCreated created;
  created.spec.id = JobId(number);
  created.spec.work = RestartUnit{"cray-orca.service", 5s};
  created.spec.created = kCreated;
  created.spec.created_by = "operator";
  created.spec.request_id = JobId(number);
  created.spec.request_digest = std::string(32, 'd');
  created.nodes = nodes;
  created.revision = ++*revision;
  std::vector<Record> records = {created};
  std::vector<TaskState> states = {TaskState::kSucceeded};
  if (whole) states.insert(states.begin(), {TaskState::kDispatched, TaskState::kRunning});
  for (const TaskState state : states) {
    for (const std::string& node : nodes)
      records.push_back(ChangeOf(created.spec.id, node, state, ++*revision));
  }
  if (has_lost) std::get<TaskChanged>(records.back()).task.state = TaskState::kLost;
  JobChanged ended{created.spec.id, {}};
  ended.status.state = has_lost ? JobState::kFailed : JobState::kSucceeded;
  ended.status.ended = kCreated + std::chrono::seconds(number);
  ended.status.revision = ++*revision;
  records.push_back(ended);
  Check(store.Commit(records));
}

struct Pieces {
  int count = 0;
  double all_ms = 0;
  std::vector<double> each_ms;
  void Add(double ms) {
    ++count;
    all_ms += ms;
    each_ms.push_back(ms);
  }
  void Print(const char* what) {
    std::sort(each_ms.begin(), each_ms.end());
    std::printf("%-22s %d pieces, %.0f ms together, a piece %.1f ms, the longest %.1f ms\n", what,
                count, all_ms, each_ms.empty() ? 0 : each_ms[each_ms.size() / 2],
                each_ms.empty() ? 0 : each_ms.back());
  }
};

Pieces TidyAll(JobStore& store) {
  Pieces pieces;
  bool has_more = true;
  while (has_more) {
    pieces.Add(Milliseconds([&] {
      const absl::StatusOr<bool> more = store.Tidy(kCreated);
      Check(more.status());
      has_more = *more;
    }));
  }
  return pieces;
}

std::unique_ptr<SqliteJobStore> OpenStore(const Options& options) {
  StoreOptions store_options;
  store_options.retention.jobs = 1'000'000;
  auto store = SqliteJobStore::Open(options.dir, store_options);
  Check(store.status());
  return std::move(*store);
}

void Fill(const Options& options, const std::vector<std::string>& nodes) {
  const auto store = OpenStore(options);
  uint64_t revision = 0;
  const double ms = Milliseconds([&] {
    for (int job = 0; job < options.jobs; ++job) {
      // Tidied as it comes, as it would have been.
      AddJob(*store, job, nodes, job < options.lost, false, &revision);
    }
  });
  std::printf("%-22s %.1f s, %.0f transitions/s\n", "filling", ms / 1000,
              1000.0 * options.jobs * options.tasks / ms);
  TidyAll(*store).Print("tidying these");
}

double MaxMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024.0;
}

void Measure(const Options& options, const std::vector<std::string>& nodes) {
  const double bytes = std::filesystem::file_size(options.dir + "/muster.db");
  std::printf("%-22s %.0f MB, %.0f bytes a task\n", "size", bytes / 1e6,
              bytes / options.jobs / options.tasks);
  std::unique_ptr<SqliteJobStore> store;
  Loaded loaded;
  const double open_ms = Milliseconds([&] { store = OpenStore(options); });
  const double load_ms = Milliseconds([&] { loaded = store->Load(100).value(); });
  std::printf("%-22s %.0f ms: opening %.0f ms, loading %.0f ms (%zu jobs in memory), %.0f MB\n",
              "open and load", open_ms + load_ms, open_ms, load_ms, loaded.jobs.size(),
              MaxMegabytes());

  const auto reader = SqliteJobReader::Open(options.dir).value();
  for (const size_t limit : {50u, 1000u}) {
    size_t count = 0;
    const double ms = Milliseconds([&] { count = reader->ListJobs(limit, "").value().size(); });
    std::printf("%-22s %.1f ms for %zu\n", "listing jobs", ms, count);
  }
  const double tasks_ms =
      Milliseconds([&] { Check(reader->ListTasks(JobId(0), options.tasks, "").status()); });
  std::printf("%-22s %.1f ms for %d\n", "listing tasks", tasks_ms, options.tasks);

  uint64_t revision = loaded.revision;
  const double add_ms =
      Milliseconds([&] { AddJob(*store, options.jobs, nodes, false, true, &revision); });
  std::printf("%-22s %.0f ms for 3 x %d transitions in one commit\n", "one more job", add_ms,
              options.tasks);
  TidyAll(*store).Print("tidying it");
  Check(store->Commit({JobDeleted{JobId(options.jobs)}}));
  TidyAll(*store).Print("removing it");
}

}  // namespace
}  // namespace muster

int main(int argc, char** argv) {
  muster::Options options;
  CLI::App app("Measures the controller's store.", "store_bench");
  app.add_option("--jobs", options.jobs, "ended jobs")->check(CLI::Range(1, 1'000'000));
  app.add_option("--tasks", options.tasks, "tasks of each")->check(CLI::Range(1, 100'000));
  app.add_option("--lost", options.lost, "of the jobs, how many have a task LOST");
  app.add_option("--dir", options.dir, "where; on a local disk");
  app.add_flag("--keep", options.keep, "leave the file; one that is there is not made anew");
  CLI11_PARSE(app, argc, argv);
  const std::vector<std::string> nodes = muster::NodeNames(options.tasks);
  const bool is_there = std::filesystem::exists(options.dir + "/muster.db");
  if (!is_there || !options.keep) {
    std::filesystem::remove_all(options.dir);
    muster::Fill(options, nodes);
  }
  muster::Measure(options, nodes);
  if (!options.keep) std::filesystem::remove_all(options.dir);
  return 0;
}
