// The program `muster` as an operator runs it, against a controller that plays a script.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "fake_controller.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = v1::TaskState;
constexpr State kPending = v1::TASK_STATE_PENDING;
constexpr State kSucceeded = v1::TASK_STATE_SUCCEEDED;
constexpr State kFailed = v1::TASK_STATE_FAILED;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A CA, a controller, an operator, and two that are not what they should be.
constexpr char kMakeCertificates[] = R"sh(
set -e
issue() {  # name, SAN, CA
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -subj /CN=$1 -out $1.csr
  echo "subjectAltName=$2" > $1.ext
  openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
}
for ca in ca otherca; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -subj /CN=$ca -days 2 -out $ca.pem
done
issue controller URI:spiffe://muster/controller/c1 ca
issue node URI:spiffe://muster/agent/x1,IP:127.0.0.1,DNS:localhost ca
issue alice URI:spiffe://muster/operator/alice ca
issue mallory URI:spiffe://muster/operator/alice otherca
mkdir operator stranger untrusting mixed
cp ca.pem mixed; cp alice.pem mixed/cert.pem; cp mallory.key mixed/key.pem
cp ca.pem operator; cp alice.pem operator/cert.pem; cp alice.key operator/key.pem
cp ca.pem stranger; cp mallory.pem stranger/cert.pem; cp mallory.key stranger/key.pem
cp otherca.pem untrusting/ca.pem; cp alice.pem untrusting/cert.pem; cp alice.key untrusting/key.pem
)sh";

struct Result {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class ProgramTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = ::testing::TempDir() + "program_test.XXXXXX";
    dir_ = mkdtemp(pattern.data());
    std::ofstream(dir_ + "/make") << kMakeCertificates;
    ASSERT_EQ(std::system(("cd " + dir_ + " && bash make >log 2>&1").c_str()), 0)
        << ReadFile(dir_ + "/log");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(dir_); }

  void Serve(const std::string& certificate = "controller") {
    address_ = controller_.Start(dir_, certificate);
  }

  pid_t Start(std::vector<std::string> arguments, const std::string& tls = "operator",
              const std::string& input = "") {
    arguments.insert(arguments.begin(), MUSTER_PROGRAM);
    for (const char* more : {"--controller", address_.c_str(), "--tls-dir"}) {
      arguments.emplace_back(more);
    }
    arguments.push_back(dir_ + "/" + tls);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::ofstream(dir_ + "/in") << input;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, (dir_ + "/in").c_str(), O_RDONLY, 0);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, 1, (dir_ + "/out").c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, 2, (dir_ + "/err").c_str(), flags, 0600);
    pid_t pid = -1;
    EXPECT_EQ(posix_spawn(&pid, MUSTER_PROGRAM, &files, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&files);
    return pid;
  }

  Result Finish(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), ReadFile(dir_ + "/out"),
            ReadFile(dir_ + "/err")};
  }

  Result Run(std::vector<std::string> arguments, const std::string& tls = "operator",
             const std::string& input = "") {
    return Finish(Start(std::move(arguments), tls, input));
  }

  inline static std::string dir_;
  FakeController controller_;
  std::string address_;
};

TEST_F(ProgramTest, AllSucceeded) {
  controller_.MakeJob(3);
  controller_.watches = {
      {{controller_.Change(v1::JOB_STATE_SUCCEEDED, {kSucceeded, kSucceeded, kSucceeded})}}};
  Serve();
  const Result result = Run({"resubscribe", "-w", "x1000c0s0b0n[1-3]", "--timeout", "2min"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            "SUCCEEDED  3  x1000c0s0b0n[1-3]\n"
            "jobs/7: SUCCEEDED: 3 of 3 succeeded\n");
  EXPECT_THAT(result.err, HasSubstr("jobs/7: restart ORCA on 3 nodes: x1000c0s0b0n[1-3]"));

  ASSERT_EQ(controller_.Creates().size(), 1u);
  const v1::CreateJobRequest request = controller_.Creates()[0];
  EXPECT_EQ(request.work().restart_unit().well_known(), v1::WELL_KNOWN_UNIT_ORCA);
  EXPECT_EQ(request.work().restart_unit().settle().seconds(), 5);
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
  const Result result = Run({"-o", "json", "resubscribe", "--all"});
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
  const Result result = Run({"resubscribe", "-w", "nid000099"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "muster: restart ORCA: nid000099 is not known\n");
  EXPECT_EQ(result.out, "");
}

TEST_F(ProgramTest, BadUsage) {
  address_ = "127.0.0.1:1";
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"frobnicate"},
                                             {"resubscribe"},
                                             {"resubscribe", "-w", "nid[1-"},
                                             {"resubscribe", "-w", "^/nonexistent"},
                                             {"resubscribe", "--all", "--timeout", "5 parsecs"},
                                             {"resubscribe", "--all", "--timeout", "0"},
                                             {"resubscribe", "--all", "--detach", "--wait", "1s"},
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
  const Result result = Run({"resubscribe", "--all", "--connect-timeout", "300ms"});
  close(fd);
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the controller at " + address_ + " cannot be reached"));
  EXPECT_THAT(result.err, Not(HasSubstr("a job may have been made")));
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
  const Result table = Run({"resubscribe", "--all", "--detach"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_EQ(table.out, "jobs/7\n");
  const Result json = Run({"resubscribe", "--all", "--detach", "-o", "json"});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["tasks"].size(), 3u);
  EXPECT_TRUE(controller_.Watches().empty());
}

TEST_F(ProgramTest, WaitIsOver) {
  controller_.MakeJob(2);
  controller_.watches = {{{controller_.Change(v1::JOB_STATE_RUNNING, {kSucceeded, kPending})},
                          WatchScript::End::kHang}};
  Serve();
  const Result result = Run({"resubscribe", "--all", "--wait", "500ms"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("`muster job watch jobs/7`"));
  EXPECT_THAT(result.out, HasSubstr("PENDING    1  x1000c0s0b0n2\n"));
}

TEST_F(ProgramTest, CtrlC) {
  controller_.MakeJob(2);
  controller_.watches = {{{}, WatchScript::End::kHang}};
  Serve();
  const pid_t pid = Start({"resubscribe", "--all", "-o", "json"});
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
  const Result result = Run({"resubscribe", "--all"});
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
  EXPECT_EQ(Run({"resubscribe", "--all"}).exit_code, 0);
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
  const Result result = Run({"resubscribe", "--all", "--connect-timeout", "300ms"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("a job may have been made"));
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

}  // namespace
}  // namespace muster::cli
