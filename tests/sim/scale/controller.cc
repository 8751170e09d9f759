#include "tests/sim/scale/controller.h"

#include <fmt/format.h>
#ifdef MUSTER_HAS_TCMALLOC
#include <gperftools/malloc_extension.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace muster::sim {
namespace {

constexpr Time kWallBase{std::chrono::hours(24 * 365 * 56)};
// What a batch takes in simulated time: the sync of a disk that is no SSD, and what a large commit was measured to take for a record.
constexpr Duration kSync = 20ms;
constexpr Duration kPerRecord = std::chrono::microseconds(5);
constexpr Duration kWakeup = std::chrono::microseconds(50);

void Require(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "muster_scale: {}\n", Message(status));
  std::exit(1);
}

const char* NameOf(const Mail& mail) {
  if (!std::holds_alternative<Event>(mail) && !std::holds_alternative<OperatorRequest>(mail))
    return "operation";
  const auto* request = std::get_if<OperatorRequest>(&mail);
  const Event& event = request == nullptr ? std::get<Event>(mail) : request->event;
  if (std::holds_alternative<JobSubmitted>(event)) return "submit";
  if (std::holds_alternative<JobActionRequested>(event)) return "cancel";
  if (std::holds_alternative<SessionUp>(event)) return "attach";
  return std::holds_alternative<SessionDown>(event) ? "detach" : "report";
}

}  // namespace

double AllocatedBytes() {
  size_t bytes = 0;
#ifdef MUSTER_HAS_TCMALLOC
  MallocExtension::instance()->GetNumericProperty("generic.current_allocated_bytes", &bytes);
#endif
  return static_cast<double>(bytes);
}

ScaleController::ScaleController(Agenda& agenda, Transport& agents, std::string state_dir)
    : agenda_(agenda), agents_(agents), state_dir_(std::move(state_dir)) {}

Time ScaleController::Now() const { return kWallBase + agenda_.now(); }

ScaleController::Start ScaleController::Open() {
  Start start;
  start.open = SpentOn([&] {
    absl::StatusOr<std::unique_ptr<SqliteJobStore>> store = SqliteJobStore::Open(state_dir_);
    Require(store.status());
    store_ = std::move(*store);
  });
  const double before = AllocatedBytes();
  Loaded loaded;
  start.load = SpentOn([&] {
    absl::StatusOr<Loaded> all = store_->Load(EngineConfig().max_ended_jobs);
    Require(all.status());
    loaded = std::move(*all);
  });
  for (const StoredJob& job : loaded.jobs) start.tasks += job.tasks.size();
  start.engine = SpentOn([&] {
    core_ = std::make_unique<RunnerCore>(Engine({}, std::exchange(loaded, {}), Now()), agents_,
                                         registry_);
  });
  start.memory_b = AllocatedBytes() - before;
  mailbox_ = std::make_unique<Mailbox>();
  ++life_;
  Wake(agenda_.now());
  return start;
}

void ScaleController::Close() {
  core_.reset();
  mailbox_.reset();
  store_.reset();
  waiting_ = 0;
  is_busy_ = false;
  wake_at_.reset();
}

bool ScaleController::Put(Mail mail) {
  if (!mailbox_->Put(std::move(mail))) {
    ++refused_;
    return false;
  }
  ++waiting_;
  if (!is_busy_) Wake(agenda_.now() + kWakeup);
  return true;
}

void ScaleController::After(Duration delay, void (ScaleController::*what)()) {
  agenda_.After(delay, [this, what, life = life_] {
    if (life == life_ && core_ != nullptr) (this->*what)();
  });
}

void ScaleController::Wake(Duration when) {
  if (wake_at_ && *wake_at_ <= when && *wake_at_ >= agenda_.now()) return;
  wake_at_ = when;
  After(when - agenda_.now(), &ScaleController::RunBatch);
}

void ScaleController::RunBatch() {
  // An earlier wakeup has been moved, or the last batch is not through.
  if (is_busy_ || wake_at_ != agenda_.now()) return;
  wake_at_.reset();
  is_busy_ = true;
  const Spent spent = SpentOn([this] { Step(); });
  costs_.engine.Add(spent);
  batch_s_ = spent.wall_s;
  if (core_->records().empty()) return Deliver();
  Commit();
  const auto records = static_cast<int64_t>(core_->records().size());
  After(kSync + records * kPerRecord, &ScaleController::Deliver);
}

void ScaleController::Step() {
  most_mail_ = std::max(most_mail_, waiting_);
  costs_.events += waiting_;
  if (std::exchange(waiting_, 0) > 0) {
    for (Mail& mail : mailbox_->TakeAll(std::chrono::steady_clock::time_point::min())) {
      const char* const name = NameOf(mail);
      longest_call_.Note(WallSecondsOf([&] { core_->Take(Now(), std::move(mail)); }), name);
    }
  }
  longest_call_.Note(WallSecondsOf([&] { core_->Advance(Now()); }), "Advance");
}

void ScaleController::Commit() {
  const Spent spent = SpentOn([this] { Require(store_->Commit(core_->records())); });
  costs_.store.Add(spent);
  costs_.records += core_->records().size();
  ++costs_.commits;
  batch_s_ += spent.wall_s;
  longest_commit_.Note(spent.wall_s, fmt::format("{} records", core_->records().size()));
  for (const Record& record : core_->records()) Count(record);
}

void ScaleController::Count(const Record& record) {
  if (const auto* changed = std::get_if<TaskChanged>(&record)) {
    const Task& task = changed->task;
    if (task.state == TaskState::kDispatched && task.first_sent == task.last_sent) ++dispatched_;
    if (IsTerminal(task.state)) ++ended_;
  } else if (const auto* job = std::get_if<JobChanged>(&record)) {
    if (IsTerminal(job->status.state)) ++jobs_ended_;
  }
}

void ScaleController::Deliver() {
  const Spent spent = SpentOn([this] { core_->Deliver(); });
  costs_.deliver.Add(spent);
  longest_batch_.Note(batch_s_ + spent.wall_s);
  is_busy_ = false;
  if (waiting_ > 0) return Wake(agenda_.now() + kWakeup);
  if (const std::optional<Time> next = core_->NextDeadline()) {
    Wake(std::max(*next - kWallBase, agenda_.now()));
  }
}

}  // namespace muster::sim
