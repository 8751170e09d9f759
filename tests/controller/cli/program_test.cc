// The program `muster` as an operator runs it, against a controller that plays a script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "program_fixture.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = v1::TaskState;
constexpr State kPending = v1::TASK_STATE_PENDING;
constexpr State kSucceeded = v1::TASK_STATE_SUCCEEDED;
constexpr State kFailed = v1::TASK_STATE_FAILED;

TEST_F(ProgramTest, AllSucceeded) {
  controller_.MakeJob(3);
  controller_.watches = {
      {{controller_.Change(v1::JOB_STATE_SUCCEEDED, {kSucceeded, kSucceeded, kSucceeded})}}};
  Serve();
  const Result result =
      Run({"resubscribe", "--no-verify", "-w", "x1000c0s0b0n[1-3]", "--timeout", "2min"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            "SUCCEEDED  3  x1000c0s0b0n[1-3]\n"
            "jobs/7: SUCCEEDED: 3 of 3 succeeded\n");
  EXPECT_THAT(result.err, HasSubstr("jobs/7: restart ORCA on 3 nodes: x1000c0s0b0n[1-3]"));

  ASSERT_EQ(controller_.Creates().size(), 1u);
  const v1::CreateJobRequest request = controller_.Creates()[0];
  EXPECT_EQ(request.work().restart_unit().well_known(), v1::WELL_KNOWN_UNIT_ORCA);
  EXPECT_FALSE(request.work().restart_unit().has_settle()) << "the controller's default";
  EXPECT_EQ(request.policy().deadline().seconds(), 120);
  EXPECT_FALSE(request.policy().has_delivery_deadline());
  EXPECT_EQ(request.targets().node_sets(0), "x1000c0s0b0n[1-3]");
}

TEST_F(ProgramTest, OneFailure) {
  controller_.MakeJob(2);
  controller_.watches = {{{controller_.Change(v1::JOB_STATE_FAILED, {kSucceeded, kFailed})}}};
  Serve();
  const Result result = Run({"restart", "-w", "-", "sshd.service", "--settle", "0"}, "operator",
                            "x1000c0s0b0n1\nx1000c0s0b0n2\n");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("FAILED     1  x1000c0s0b0n2\nSUCCEEDED  1  x1000c0s0b0n1\n"));
  ASSERT_EQ(controller_.Creates().size(), 1u);
  EXPECT_EQ(controller_.Creates()[0].work().restart_unit().unit(), "sshd.service");
}

TEST_F(ProgramTest, JsonIsOneDocument) {
  controller_.MakeJob(2);
  controller_.watches = {{{controller_.Change(v1::JOB_STATE_FAILED, {kSucceeded, kFailed})}}};
  Serve();
  const Result result = Run({"-o", "json", "resubscribe", "--no-verify", "--all"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["name"], "jobs/7");
  EXPECT_EQ(json["state"], "FAILED");
  EXPECT_EQ(json["tasks"].size(), 2u);
}

TEST_F(ProgramTest, UnknownNode) {
  controller_.MakeJob(1);
  controller_.create_status = {grpc::StatusCode::INVALID_ARGUMENT, "nid000099 is not known"};
  Serve();
  const Result result = Run({"resubscribe", "--no-verify", "-w", "nid000099"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "muster: restart ORCA: nid000099 is not known\n");
  EXPECT_EQ(result.out, "");
}

TEST_F(ProgramTest, BadUsage) {
  address_ = "127.0.0.1:1";
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"frobnicate"},
           {"resubscribe"},
           {"resubscribe", "--no-verify", "-w", "nid[1-"},
           {"resubscribe", "--no-verify", "-w", "^/nonexistent"},
           {"resubscribe", "--no-verify", "--all", "--timeout", "5 parsecs"},
           {"resubscribe", "--no-verify", "--all", "--timeout", "0"},
           {"resubscribe", "--no-verify", "--all", "--detach", "--wait", "1s"},
           {"restart", "--all"},
           {"job"},
           {"job", "show"},
           {"job", "show", "a/b"},
           {"-o", "xml", "job", "list"}}) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.err.rfind("muster: ", 0), 0u) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(ProgramTest, VersionAndHelp) {
  EXPECT_THAT(Run({"--version"}).out, HasSubstr("muster "));
  const Result help = Run({"resubscribe", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("--max-parallel"));
}

// A port that nobody listens at, kept by a bound socket.
TEST_F(ProgramTest, NoServer) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const Result result = Run({"resubscribe", "--no-verify", "--all", "--connect-timeout", "300ms"});
  close(fd);
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the controller at " + address_ + " cannot be reached"));
  EXPECT_THAT(result.err, Not(HasSubstr("the job may have been made")));
}

TEST_F(ProgramTest, MissingCertificate) {
  Serve();
  const Result result = Run({"job", "list"}, "nowhere");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("nowhere/ca.pem cannot be read: No such file or directory"));
}

TEST_F(ProgramTest, CertificateOfAnotherCa) {
  controller_.MakeJob(1);
  Serve();
  const Result result = Run({"job", "list", "--connect-timeout", "500ms"}, "stranger");
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST_F(ProgramTest, KeyOfAnotherCertificate) {
  controller_.MakeJob(1);
  Serve();
  const Result result = Run({"job", "list"}, "mixed");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("key.pem is not a key, or not the one of cert.pem"));
}

TEST_F(ProgramTest, ControllerOfAnotherCa) {
  controller_.MakeJob(1);
  Serve();
  const Result result = Run({"job", "list"}, "untrusting");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("no trust between"));
}

TEST_F(ProgramTest, ANodesCertificateIsNoControllers) {
  controller_.MakeJob(1);
  Serve("node");
  const Result result = Run({"job", "list"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("it is no controller"));
  EXPECT_EQ(result.out, "");
}

TEST_F(ProgramTest, Detached) {
  controller_.MakeJob(3);
  Serve();
  const Result table = Run({"resubscribe", "--no-verify", "--all", "--detach"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_EQ(table.out, "jobs/7\n");
  const Result json = Run({"resubscribe", "--no-verify", "--all", "--detach", "-o", "json"});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["tasks"].size(), 3u);
  EXPECT_TRUE(controller_.Watches().empty());
}

TEST_F(ProgramTest, WaitIsOver) {
  controller_.MakeJob(2);
  controller_.watches = {{{controller_.Change(v1::JOB_STATE_RUNNING, {kSucceeded, kPending})},
                          WatchScript::End::kHang}};
  Serve();
  const Result result = Run({"resubscribe", "--no-verify", "--all", "--wait", "500ms"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("`muster job watch jobs/7`"));
  EXPECT_THAT(result.out, HasSubstr("PENDING    1  x1000c0s0b0n2\n"));
}

TEST_F(ProgramTest, CtrlC) {
  controller_.MakeJob(2);
  controller_.watches = {{{}, WatchScript::End::kHang}};
  Serve();
  const pid_t pid = Start({"resubscribe", "--no-verify", "--all", "-o", "json"});
  ASSERT_TRUE(controller_.WaitForHang());
  kill(pid, SIGINT);
  const Result result = Finish(pid);
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("interrupted; jobs/7 goes on"));
  EXPECT_EQ(nlohmann::json::parse(result.out)["tasks"].size(), 2u);
}

TEST_F(ProgramTest, ABrokenWatchGoesOnWhereItWas) {
  controller_.MakeJob(2);
  const auto half = controller_.Change(v1::JOB_STATE_RUNNING, {kSucceeded, kPending});
  const auto end = controller_.Change(v1::JOB_STATE_SUCCEEDED, {kSucceeded, kSucceeded});
  controller_.watches = {{{half}, WatchScript::End::kBreak},
                         {{}, WatchScript::End::kBreak},
                         {{end}, WatchScript::End::kOk}};
  Serve();
  const Result result = Run({"resubscribe", "--no-verify", "--all"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto watches = controller_.Watches();
  ASSERT_EQ(watches.size(), 3u);
  EXPECT_EQ(watches[0].revision(), controller_.job.revision());
  EXPECT_EQ(watches[1].revision(), half.revision());
  EXPECT_EQ(watches[2].revision(), half.revision());
  const size_t first = result.err.find("does not answer");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(result.err.find("does not answer", first + 1), std::string::npos) << result.err;
}

TEST_F(ProgramTest, AWatchThatNobodyAnswersIsGivenUp) {
  controller_.MakeJob(1);
  controller_.watches = {{{}, WatchScript::End::kBreak}};
  Serve();
  const Result result = Run({"job", "watch", "7", "--reconnect-timeout", "200ms"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.out, HasSubstr("PENDING  1  x1000c0s0b0n1"));
}

TEST_F(ProgramTest, AnAnswerThatIsLostMakesNoSecondJob) {
  controller_.MakeJob(1);
  controller_.unavailable_creates = 2;
  controller_.watches = {{{controller_.Change(v1::JOB_STATE_SUCCEEDED, {kSucceeded})}}};
  Serve();
  EXPECT_EQ(Run({"resubscribe", "--no-verify", "--all"}).exit_code, 0);
  const auto creates = controller_.Creates();
  ASSERT_EQ(creates.size(), 3u);
  EXPECT_EQ(creates[0].request_id().size(), 36u);
  EXPECT_EQ(creates[1].request_id(), creates[0].request_id());
  EXPECT_EQ(creates[2].request_id(), creates[0].request_id());
}

TEST_F(ProgramTest, WhenNoAnswerComesTheOperatorIsToldHowToFindTheJob) {
  controller_.MakeJob(1);
  controller_.unavailable_creates = 1'000'000;
  Serve();
  const Result result = Run({"resubscribe", "--no-verify", "--all", "--connect-timeout", "300ms"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the job may have been made"));
  EXPECT_THAT(result.err, HasSubstr("--request-id " + controller_.Creates()[0].request_id()));
}

TEST_F(ProgramTest, JobVerbs) {
  controller_.MakeJob(2);
  Serve();
  const Result list = Run({"job", "list"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("jobs/7  RUNNING  restart ORCA"));
  const Result show = Run({"job", "show", "jobs/7"});
  EXPECT_EQ(show.exit_code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("PENDING  2  x1000c0s0b0n[1-2]\n"));
  EXPECT_EQ(Run({"job", "show", "8"}).exit_code, 2);
  EXPECT_EQ(Run({"job", "watch", "8"}).exit_code, 2);
  const Result cancel = Run({"job", "cancel", "7"});
  EXPECT_EQ(cancel.exit_code, 0) << cancel.err;
  EXPECT_THAT(cancel.out, HasSubstr("jobs/7: CANCELLING"));
  EXPECT_EQ(controller_.LastCancelled(), "jobs/7");
}

TEST_F(ProgramTest, ShowOfAnEndedJobHasItsExitCode) {
  controller_.MakeJob(1);
  controller_.job.set_state(v1::JOB_STATE_FAILED);
  controller_.tasks[0].set_state(kFailed);
  Serve();
  EXPECT_EQ(Run({"job", "show", "7"}).exit_code, 1);
  EXPECT_EQ(Run({"job", "watch", "7"}).exit_code, 1);
}

TEST_F(ProgramTest, NodeVerbs) {
  v1::Node& node = controller_.nodes.emplace_back();
  node.set_name("nodes/x1000c0s0b0n1");
  node.add_aliases("nid000001\x1b[31m");
  node.set_presence(v1::PRESENCE_ATTACHED);
  v1::UnitState& unit = *node.mutable_status()->add_units();
  unit.set_unit("cray-dvs-orca.service");
  unit.set_load_state("loaded");
  unit.set_active_state("active");
  unit.set_sub_state("running");
  Serve();
  const Result list = Run({"node", "list"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("x1000c0s0b0n1  ATTACHED"));
  EXPECT_THAT(list.out, HasSubstr("active (running)"));
  EXPECT_THAT(list.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(Run({"node", "show", "x1000c0s0b0n1"}).out, HasSubstr("cray-dvs-orca.service"));
  EXPECT_EQ(Run({"node", "show", "x9"}).exit_code, 2);
  const auto json = nlohmann::json::parse(Run({"-o", "json", "node", "list"}).out);
  EXPECT_EQ(json["nodes"][0]["node"], "x1000c0s0b0n1");
}

TEST_F(ProgramTest, StatusTellsWhatWasRefused) {
  controller_.status.set_version("1.2.3");
  controller_.status.mutable_epoch()->set_store_id("store-1");
  controller_.status.mutable_epoch()->set_counter(7);
  controller_.status.set_known_nodes(20);
  controller_.status.set_attached_nodes(19);
  Serve();
  Result result = Run({"status"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("20 known, 19 attached"));
  EXPECT_THAT(result.out, HasSubstr("Nothing was refused"));
  EXPECT_THAT(result.out, Not(HasSubstr("HSM")));
  controller_.status.mutable_hsm_time()->set_seconds(0);
  v1::RefusalCount& refusal = *controller_.status.add_refusals();
  refusal.set_reason("DOES_NOT_READ");
  refusal.set_count(3);
  refusal.set_last_source("node x1\x1b[31m");
  refusal.set_last_detail("the agent does not read");
  result = Run({"status"});
  EXPECT_THAT(result.out, HasSubstr("HSM read"));
  EXPECT_THAT(result.out, HasSubstr("DOES_NOT_READ"));
  EXPECT_THAT(result.out, HasSubstr("the agent does not read"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  const auto json = nlohmann::json::parse(Run({"-o", "json", "status"}).out);
  EXPECT_EQ(json["refusals"][0]["reason"], "DOES_NOT_READ");
}

}  // namespace
}  // namespace muster::cli
