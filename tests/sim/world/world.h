// A simulated fleet: one controller, its nodes, the streams between them and an operator, in virtual time, from one seed. Nothing in here
// asks the machine it runs on for the time, a random number or an address.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/engine/record.h"
#include "tests/sim/world/agenda.h"
#include "tests/sim/world/checker.h"
#include "tests/sim/world/machine.h"
#include "tests/sim/world/network.h"
#include "tests/sim/world/random.h"
#include "tests/sim/world/trace.h"

namespace muster::sim {

class Controller;

// Every machine has been switched on once by then.
constexpr Duration kAllBooted = 3s;

struct Failure {
  std::string checker;
  std::string what;
  Duration when{};
};

class World {
 public:
  // The wall clock at the beginning: some day of 2026.
  static constexpr Time kWallBase = Time(std::chrono::hours(24 * 365 * 56));

  World(uint64_t seed, size_t node_count, bool is_traced);
  ~World();

  Duration now() const { return agenda_.now(); }
  size_t node_count() const { return node_count_; }
  Agenda& agenda() { return agenda_; }
  Random& random() { return random_; }
  Network& network() { return *network_; }
  Controller& controller() { return *controller_; }
  // The first node_count() are the nodes; more are impostors.
  std::vector<std::unique_ptr<Machine>>& machines() { return machines_; }
  const Trace& trace() const { return trace_; }

  void Add(std::unique_ptr<Checker> checker);
  const std::vector<Checker*>& checkers() const { return checker_list_; }

  template <typename... Args>
  void Note(std::string_view what, const Args&... args) {
    trace_.Note(now(), what, args...);
  }
  void Note(const Record& record);

  void Fail(const std::string& checker, std::string what);
  const std::optional<Failure>& failure() const { return failure_; }

  // Faults act and the operator works until then; afterwards everything is mended.
  Duration faults_end() const { return faults_end_; }
  void set_faults_end(Duration end) { faults_end_ = end; }
  bool is_mended() const { return is_mended_; }
  void set_mended() { is_mended_ = true; }

 private:
  const size_t node_count_;
  Trace trace_;
  Agenda agenda_;
  Random random_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Network> network_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<Checker*> checker_list_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::optional<Failure> failure_;
  Duration faults_end_{};
  bool is_mended_ = false;
};

}  // namespace muster::sim
