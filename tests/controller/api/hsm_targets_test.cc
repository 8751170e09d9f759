// Targets by what HSM says, and what a plan says of nodes without an agent.
#include <gmock/gmock.h>

#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Stub = v1::Controller::StubInterface;

class HsmTargetsTest : public ApiTest {
 protected:
  // x0 is a compute node that is attached, x1 one without an agent; x2 is a disabled worker; x3 is off.
  HsmTargetsTest() {
    std::vector<InventoryNode> nodes;
    for (const char* xname : {"x0", "x1", "x2", "x3"}) {
      InventoryNode& node = nodes.emplace_back();
      node.xname = xname;
      node.role = "Compute";
      node.state = "Ready";
      node.groups = {"blue"};
    }
    nodes[1].nid = 2;
    nodes[1].partition = "p1";
    nodes[1].is_locked = true;
    nodes[2].sub_role = "Worker";
    nodes[2].is_enabled = false;
    nodes[3].state = "Off";
    registry_.SetHsm(nodes, clock_.Now());
    Hello hello;
    hello.node = "x0";
    registry_.OnAttached(hello, "", clock_.Now());
  }

  static v1::CreateJobRequest PlanFor(const v1::Targets& targets) {
    v1::CreateJobRequest request = RestartOrca("");
    *request.mutable_targets() = targets;
    request.set_validate_only(true);
    return request;
  }
  absl::StatusOr<v1::ListNodesResponse> ListNodes(const v1::Targets& targets) {
    v1::ListNodesRequest request;
    *request.mutable_targets() = targets;
    return Call(&Stub::ListNodes, request);
  }
};

TEST_F(HsmTargetsTest, APlanTellsWhoHasNoAgentAndWhoIsLeftOut) {
  v1::Targets targets;
  targets.add_groups("blue");
  const auto job = Create(PlanFor(targets));
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->task_count(), 3u);
  EXPECT_THAT(job->plan().away(), ElementsAre("x1", "x3"));
  // x3 is off; nobody expects an agent there.
  EXPECT_THAT(job->plan().no_agent(), ElementsAre("x1"));
  EXPECT_THAT(job->plan().disabled(), ElementsAre("x2"));

  targets.set_include_disabled(true);
  targets.add_states("ready");
  const auto all = Create(PlanFor(targets));
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->task_count(), 3u);
  EXPECT_THAT(all->plan().no_agent(), ElementsAre("x1", "x2"));
  EXPECT_THAT(all->plan().disabled(), IsEmpty());
}

TEST_F(HsmTargetsTest, AJobRemembersWhoHadNoAgentAndWhoWasLeftOut) {
  v1::Targets targets;
  targets.add_groups("blue");
  v1::CreateJobRequest request = PlanFor(targets);
  request.set_validate_only(false);
  const auto job = Create(request);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_THAT(job->remarks(),
              ElementsAre("HSM calls these Ready, and no agent of theirs ever attached: x1 (1)",
                          "left out, since HSM has them disabled: x2 (1)"));
}

TEST_F(HsmTargetsTest, TheNodesOfAJobAreNamed) {
  v1::Targets targets;
  targets.add_partitions("p1");
  targets.add_node_sets("x2");
  targets.set_include_disabled(true);
  v1::CreateJobRequest request = PlanFor(targets);
  request.set_validate_only(false);
  const auto job = Create(request);
  ASSERT_TRUE(job.ok()) << job.status();

  targets.Clear();
  targets.add_from_jobs()->set_job(job->name());
  const auto again = Create(PlanFor(targets));
  EXPECT_EQ(again.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(again.status()), HasSubstr("disabled in HSM: x2"));
  targets.add_exclude("x2");
  EXPECT_TRUE(Create(PlanFor(targets)).ok());
}

TEST_F(HsmTargetsTest, NodesAreToldWithIt) {
  v1::Targets targets;
  targets.add_node_sets("x1");
  const auto nodes = ListNodes(targets);
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  const v1::Node& node = nodes->nodes(0);
  EXPECT_EQ(node.nid(), 2u);
  EXPECT_EQ(node.hsm_state(), "Ready");
  EXPECT_TRUE(node.has_enabled());
  EXPECT_TRUE(node.enabled());
  EXPECT_TRUE(node.locked());
  EXPECT_THAT(node.groups(), ElementsAre("blue"));
  EXPECT_EQ(node.partition(), "p1");

  targets.Clear();
  targets.add_roles("WORKER");
  EXPECT_EQ(ListNodes(targets).status().code(), absl::StatusCode::kNotFound);
  targets.set_include_disabled(true);
  const auto disabled = ListNodes(targets);
  ASSERT_TRUE(disabled.ok()) << disabled.status();
  EXPECT_EQ(disabled->nodes(0).name(), "nodes/x2");
  EXPECT_FALSE(disabled->nodes(0).enabled());
  EXPECT_EQ(disabled->nodes(0).role(), "Management");  // the inventory file's
  EXPECT_TRUE(disabled->nodes(0).in_inventory());
  EXPECT_FALSE(disabled->nodes(0).has_nid());
}

}  // namespace
}  // namespace muster
