// A run: some faults and one workload for some minutes; then everything is mended, and everything must end and come to rest.
#include "tests/sim/run.h"

#include <algorithm>

#include "tests/sim/checkers/checkers.h"
#include "tests/sim/faults/faults.h"
#include "tests/sim/workloads/workloads.h"

namespace muster::sim {
namespace {

// After the mending: far more than all deadlines and backoffs of one job together.
constexpr Duration kPatience = 12h;
// After the last job's end: the longest reconnect, the longest settle time and the longest detection of a dead stream, several times.
constexpr Duration kToRest = 30min;
constexpr Duration kLook = 5s;
// A run has some ten thousand; more is something that goes in circles.
constexpr uint64_t kMaxEvents = 20'000'000;

class Story {
 public:
  explicit Story(const RunOptions& options)
      : world_(options.seed, options.nodes, options.is_traced),
        operator_(world_, world_.random().Fork()) {}

  RunResult Tell();

 private:
  void Begin();
  void Mend();
  bool HasEnded() const;
  bool IsAtRest();
  void Until(Duration end);
  void WaitForRest();
  RunResult Result();

  World world_;
  Operator operator_;
  std::string story_;
};

void Story::Begin() {
  Random& random = world_.random();
  for (std::unique_ptr<Checker>& checker : AllCheckers(world_)) world_.Add(std::move(checker));
  world_.set_faults_end(random.Between(20s, 300s));
  for (const auto& machine : world_.machines()) {
    const bool is_old = random.Chance(10);
    machine->systemd().Add(is_old ? "cray-dvs-orca.service" : "cray-orca.service",
                           Behaviour::kGood);
    machine->systemd().Add("other.service", Behaviour::kGood);
    if (random.Chance(50)) machine->systemd().Add("spire-agent.service", Behaviour::kGood);
    world_.agenda().At(random.Skewed(kAllBooted - 1ms),
                       [&machine = *machine] { machine.PowerOn(); });
  }
  world_.agenda().At(random.Skewed(2s), [this] { world_.controller().Start(); });
  const std::vector<Workload>& workloads = AllWorkloads();
  const Workload& workload = workloads[random.Below(workloads.size())];
  story_ = workload.name;
  workload.begin(world_, operator_, random.Fork());
  // One run in ten has no faults.
  const bool is_quiet = random.Chance(10);
  for (const Fault& fault : AllFaults()) {
    Random own = random.Fork();
    if (is_quiet || !own.Chance(fault.percent)) continue;
    story_ += fmt::format(" {}", fault.name);
    fault.begin(world_, own);
  }
  world_.Note("story", story_);
}

void Story::Mend() {
  world_.Note("mended");
  world_.set_mended();
  for (size_t i = 0; i < world_.machines().size(); ++i) {
    Machine& machine = *world_.machines()[i];
    machine.disk().set_full(false);
    machine.set_disk_delay(0s);
    if (i < world_.node_count()) {
      machine.PowerOn();
      machine.StartAgent();
    } else {
      machine.PowerOff();
    }
  }
  world_.controller().Mend();
}

void Story::Until(Duration end) {
  while (!world_.failure() && world_.agenda().next() && *world_.agenda().next() <= end) {
    world_.agenda().RunNext();
    if (world_.agenda().done() > kMaxEvents) world_.Fail("run", "it goes in circles");
  }
}

bool Story::HasEnded() const {
  const auto& jobs = const_cast<World&>(world_).controller().image().jobs();
  return !operator_.is_waiting() && std::all_of(jobs.begin(), jobs.end(), [](const auto& job) {
    return IsTerminal(job.second.status.state);
  });
}

bool Story::IsAtRest() {
  if (!world_.controller().is_idle() || !world_.network().is_empty()) return false;
  const auto& machines = world_.machines();
  return std::all_of(machines.begin(), machines.end(), [](const auto& machine) {
    return !machine->is_on() || (machine->has_agent() && machine->held_count() == 0);
  });
}

void Story::WaitForRest() {
  const Duration begin = std::max(world_.now(), kLastRequest);
  Until(begin);
  for (Duration now = begin; !world_.failure() && !HasEnded(); now += kLook) {
    if (now > begin + kPatience) return world_.Fail("every-job-ends", "a job has not ended");
    Until(now);
    // Whoever pauses a job resumes it.
    operator_.ResumeAll();
  }
  const Duration ended = std::max(world_.now(), begin);
  for (Duration now = ended; !world_.failure() && !IsAtRest() && now < ended + kToRest;
       now += kLook) {
    Until(now);
  }
  if (world_.failure()) return;
  for (Checker* checker : world_.checkers()) checker->AtRest();
}

RunResult Story::Result() {
  RunResult result;
  result.failure = world_.failure();
  result.hash = world_.trace().hash();
  result.events = world_.agenda().done();
  result.length = world_.now();
  result.story = story_;
  for (const auto& [id, job] : world_.controller().image().jobs()) {
    ++result.tally["job " + Name(job.status.state)];
    for (const Task& task : job.tasks) ++result.tally["task " + Name(task.state)];
  }
  return result;
}

RunResult Story::Tell() {
  Begin();
  Until(world_.faults_end());
  if (!world_.failure()) Mend();
  WaitForRest();
  return Result();
}

}  // namespace

RunResult Run(const RunOptions& options) { return Story(options).Tell(); }

}  // namespace muster::sim
