#include "tests/sim/scale/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "controller/store/schema.h"
#include "controller/store/sqlite_job_reader.h"
#include "tests/sim/scale/controller.h"
#include "tests/sim/scale/fleet.h"

namespace muster::sim {
namespace {

constexpr char kFirstJob[] = "0199d2a4-0000-7000-8000-000000000001";
constexpr char kSecondJob[] = "0199d2a4-0000-7000-8000-000000000002";
// So many of the job's nodes at once; of a million it is the most that the operators' API lets anybody ask for.
constexpr uint32_t kOfAllAtOnce = 10;
// As api/watch.h and the CLI ask for them.
constexpr size_t kWatchBatch = 500;
constexpr size_t kPage = 10'000;

class ScaleRun {
 public:
  ScaleRun(uint32_t nodes, std::string dir)
      : dir_(std::move(dir)), fleet_(agenda_, nodes, nodes), controller_(agenda_, fleet_, dir_) {}

  ScaleResult Tell();

 private:
  void Attach();
  void Submit();
  void Read();
  void StartAnew();
  void Finish();
  void List();
  void Tidy();
  void Cancel();
  void Sum();

  void Post(Event event);
  JobSpec Spec(const std::string& id) const;
  std::vector<std::string> NodeNames() const;
  void Until(const std::function<bool()>& is_done);
  void Phase(const char* what);
  double InUseBytes();
  void Add(const char* what, const Spent& spent) {
    Add(what, fmt::format("{:.3f} s ({:.3f} s CPU)", spent.wall_s, spent.cpu_s));
  }
  void Add(const char* what, std::string value) { result_.figures.push_back({what, value}); }
  void Fail(std::string what) {
    if (result_.failure.empty()) result_.failure = std::move(what);
  }

  const std::string dir_;
  Agenda agenda_;
  ScaleFleet fleet_;
  ScaleController controller_;
  std::unique_ptr<SqliteJobReader> reader_;
  Costs costs_;
  size_t answers_ = 0;
  ScaleResult result_;
};

void ScaleRun::Until(const std::function<bool()>& is_done) {
  while (!is_done()) {
    if (!agenda_.RunNext()) return Fail("nothing happens any more, and not everything has ended");
  }
}

// The controller's time since the last phase, without that of the simulated agents.
void ScaleRun::Phase(const char* what) {
  const Costs costs = controller_.TakeCosts();
  Add(what, costs.all());
  costs_.Add(costs);
}

void ScaleRun::Post(Event event) {
  const size_t before = answers_;
  const auto done = [this](const absl::StatusOr<std::string>& job) {
    ++answers_;
    if (!job.ok()) Fail(Message(job.status()));
  };
  controller_.Put(OperatorRequest{std::move(event), done});
  Until([&] { return answers_ > before; });
}

std::vector<std::string> ScaleRun::NodeNames() const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < fleet_.size(); ++i) names.push_back(fleet_.NodeName(i));
  return names;
}

JobSpec ScaleRun::Spec(const std::string& id) const {
  JobSpec spec;
  spec.id = id;
  spec.work = RestartUnit{"", 5s};
  spec.policy.max_parallel = std::max(1u, fleet_.size() / kOfAllAtOnce);
  spec.created = controller_.Now();
  spec.created_by = "operator";
  spec.request_id = id;
  spec.request_digest = std::string(32, 'd');
  return spec;
}

void ScaleRun::Attach() {
  controller_.Open();
  fleet_.OnStart(controller_);
  Until([&] { return fleet_.attached() == fleet_.present(); });
  Phase("all attached");
  reader_ = SqliteJobReader::Open(dir_).value();
}

void ScaleRun::Submit() {
  const double before = AllocatedBytes();
  Post(JobSubmitted{0, Spec(kFirstJob), NodeNames()});
  const double bytes = AllocatedBytes() - before;
  Phase("submitted and answered");
  Add("memory of a task", fmt::format("{:.0f} B", bytes / fleet_.size()));
}

// As somebody sees it who looks for the first time.
void ScaleRun::Read() {
  absl::StatusOr<std::vector<JobSummary>> jobs;
  const double list_s = WallSecondsOf([&] { jobs = reader_->ListJobs(50, ""); });
  Add("jobs listed", fmt::format("{:.2f} ms", 1e3 * list_s));
  if (!jobs.ok() || jobs->size() != 1) Fail("the list of jobs is wrong");
  ChangesCursor cursor;
  Longest longest;
  Spent spent;
  for (bool is_complete = false; !is_complete;) {
    absl::StatusOr<Changes> changes;
    const Spent one =
        SpentOn([&] { changes = reader_->ReadChanges(kFirstJob, cursor, kWatchBatch); });
    if (!changes.ok()) return Fail(Message(changes.status()));
    spent.Add(one);
    longest.Note(one.wall_s);
    is_complete = changes->is_complete;
    cursor = changes->next;
  }
  Add("watched from the beginning, by 500", spent);
  Add("the longest of these reads", fmt::format("{:.1f} ms", 1e3 * longest.seconds));
}

// The store is closed well, which changes no more than a thousand pages.
void ScaleRun::StartAnew() {
  Until([&] { return controller_.ended() >= fleet_.size() / 2; });
  Phase("half has ended");
  controller_.Close();
  const ScaleController::Start start = controller_.Open();
  Add("start in the middle: open", start.open);
  Add("start in the middle: load", start.load);
  Add("start in the middle: engine", start.engine);
  Add("memory of a task and its node", fmt::format("{:.0f} B", start.memory_b / fleet_.size()));
  if (start.tasks != fleet_.size()) Fail("the store has lost tasks");
  fleet_.OnStart(controller_);
}

void ScaleRun::Finish() {
  // Those who never attach are never started.
  Until([&] { return controller_.dispatched() >= fleet_.present(); });
  Phase("all started");
  Until([&] { return controller_.jobs_ended() == 1; });
  Phase("all ended");
  if (controller_.ended() != fleet_.size()) Fail("not every task has ended once");
  if (fleet_.wrong_commands() > 0) Fail("a command was sent twice, or to the wrong node");
}

void ScaleRun::List() {
  std::unordered_map<std::string, uint32_t> index_of;
  for (uint32_t i = 0; i < fleet_.size(); ++i) index_of.emplace(fleet_.NodeName(i), i);
  size_t count = 0;
  Spent spent;
  for (std::string last; count < fleet_.size();) {
    absl::StatusOr<std::vector<Task>> page;
    spent.Add(SpentOn([&] { page = reader_->ListTasks(kFirstJob, kPage, last); }));
    if (!page.ok() || page->empty()) return Fail("the list of tasks ends too early");
    for (const Task& task : *page) {
      if (task.state == fleet_.ExpectedEnd(index_of.at(task.node))) continue;
      return Fail(fmt::format("the task of {} has ended {}", task.node, Name(task.state)));
    }
    count += page->size();
    last = page->back().node;
  }
  Add("all tasks listed, by 10,000", spent);
}

double ScaleRun::InUseBytes() {
  const auto database =
      SqliteDatabase::Open(dir_ + "/" + kDatabaseFile, SQLITE_OPEN_READWRITE).value();
  return static_cast<double>(
      database
          ->QueryInteger("SELECT (page_count - freelist_count) * page_size FROM "
                         "pragma_page_count, pragma_freelist_count, pragma_page_size")
          .value());
}

void ScaleRun::Tidy() {
  Add("store of a task, whole history", fmt::format("{:.0f} B", InUseBytes() / fleet_.size()));
  Longest longest;
  Spent spent;
  for (bool has_more = true; has_more;) {
    const Spent one =
        SpentOn([&] { has_more = controller_.store().Tidy(controller_.Now()).value(); });
    spent.Add(one);
    longest.Note(one.wall_s);
  }
  Add("tidied", spent);
  Add("the longest piece of that", fmt::format("{:.1f} ms", 1e3 * longest.seconds));
  Add("store of a task, tidied", fmt::format("{:.0f} B", InUseBytes() / fleet_.size()));
}

void ScaleRun::Cancel() {
  Post(JobSubmitted{0, Spec(kSecondJob), NodeNames()});
  Phase("second job submitted");
  Post(JobActionRequested{0, JobAction::kCancel, kSecondJob, "operator"});
  Phase("cancelled and answered");
  Until([&] { return controller_.jobs_ended() == 2; });
  Phase("all ended that ran");
  if (controller_.ended() != 2 * fleet_.size()) Fail("not every task has ended once");
}

void ScaleRun::Sum() {
  const auto events = static_cast<double>(costs_.events);
  const auto records = static_cast<double>(costs_.records);
  const Longest& call = controller_.longest_call();
  const Longest& commit = controller_.longest_commit();
  Add("events", fmt::format("{}", costs_.events));
  Add("events a second of the engine's CPU", fmt::format("{:.0f}", events / costs_.engine.cpu_s));
  Add("events a second, all of it", fmt::format("{:.0f}", events / costs_.all().wall_s));
  Add("records", fmt::format("{}", costs_.records));
  Add("commits, each with a sync", fmt::format("{}", costs_.commits));
  Add("records a second of the store's CPU", fmt::format("{:.0f}", records / costs_.store.cpu_s));
  Add("longest call of the engine", fmt::format("{:.3f} s ({})", call.seconds, call.what));
  Add("longest commit", fmt::format("{:.3f} s ({})", commit.seconds, commit.what));
  Add("longest batch: nobody is answered",
      fmt::format("{:.3f} s", controller_.longest_batch().seconds));
  Add("most mail in a batch", fmt::format("{}", controller_.most_mail()));
  Add("mail that found the mailbox full", fmt::format("{}", controller_.refused()));
}

ScaleResult ScaleRun::Tell() {
  for (void (ScaleRun::*part)() :
       {&ScaleRun::Attach, &ScaleRun::Submit, &ScaleRun::Read, &ScaleRun::StartAnew,
        &ScaleRun::Finish, &ScaleRun::List, &ScaleRun::Tidy, &ScaleRun::Cancel, &ScaleRun::Sum}) {
    if (result_.failure.empty()) (this->*part)();
  }
  return result_;
}

}  // namespace

ScaleResult RunAtScale(uint32_t nodes, const std::string& dir) {
  return ScaleRun(nodes, dir).Tell();
}

}  // namespace muster::sim
