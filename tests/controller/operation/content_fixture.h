// Four nodes, of which x3 has no content, and the two phases on all of them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/controller/operation/world.h"

namespace muster {

inline ContentRecord RecordOf(const std::string& node) {
  return {
      {{MountKind::kProjected, "dvs", "/content", "/images/" + node, "ro", "ro", "shared", false}}};
}

class ContentPhaseTest : public testing::Test {
 protected:
  ContentPhaseTest() : world_({"x1", "x2", "x3", "x4"}) {
    world_.on_content = [this](const Command& command) { return Do(command); };
    unmount_.content = "pe";
    unmount_.record_job = "record";
    unmount_.job = "unmount";
    unmount_.nodes = {"x1", "x2", "x3", "x4"};
    remount_.content = "pe";
    remount_.is_unmount = false;
    remount_.job = "remount";
    remount_.nodes = unmount_.nodes;
  }

  // x3 has no content; what ends_ says of another ends so.
  Restarted Do(const Command& command) { return Do(command, &world_.store()); }
  // `store` is null if nothing is to be checked in it.
  Restarted Do(const Command& command, const MemoryStore* store) {
    const std::string& node = command.node;
    Outcome outcome{OutcomeState::kSucceeded, Reason::kClean, "clean", {}};
    if (std::holds_alternative<InspectContent>(command.work)) {
      outcome.reason = Reason::kContentMounted;
      outcome.evidence.content = RecordOf(node);
      if (node == "x3") outcome = {OutcomeState::kNotApplicable, Reason::kNotAClient, "", {}};
    } else if (const auto* unmount = std::get_if<UnmountContent>(&command.work)) {
      unmounted_[node] = unmount->record;
      // Durable before the first one goes.
      if (store != nullptr) {
        for (const Task& task : store->jobs().at("record").tasks)
          EXPECT_TRUE(task.node != node || task.outcome) << node << " is not recorded";
      }
    } else {
      remounted_[node] = std::get<RemountContent>(command.work).record;
    }
    const bool is_record = std::holds_alternative<InspectContent>(command.work);
    if (const auto end = (is_record ? record_ends_ : ends_).find(node);
        end != (is_record ? record_ends_ : ends_).end())
      outcome = end->second;
    return {outcome, 1s};
  }
  void RunToEnd(const std::string& id) {
    world_.Pass(1h, [this, id] { return IsTerminal(world_.status(id).state); });
  }
  std::vector<std::string> NodesOf(const std::string& job) {
    std::vector<std::string> nodes;
    for (const Task& task : world_.store().jobs().at(job).tasks) nodes.push_back(task.node);
    return nodes;
  }

  World world_;
  ContentSpec unmount_, remount_;
  std::map<std::string, Outcome> record_ends_, ends_;
  std::map<std::string, ContentRecord> unmounted_, remounted_;
};

}  // namespace muster
