// The program `muster` as an operator runs it, against a controller that plays a script.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fake_controller.h"

namespace muster::cli {

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A CA, a controller, an operator, and two that are not what they should be.
inline constexpr char kMakeCertificates[] = R"sh(
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

  std::vector<std::string> CommandLine(std::vector<std::string> arguments,
                                       const std::string& tls = "operator") {
    arguments.insert(arguments.begin(), MUSTER_PROGRAM);
    for (const char* more : {"--controller", address_.c_str(), "--tls-dir"}) {
      arguments.emplace_back(more);
    }
    arguments.push_back(dir_ + "/" + tls);
    return arguments;
  }

  pid_t Start(std::vector<std::string> arguments, const std::string& tls = "operator",
              const std::string& input = "") {
    arguments = CommandLine(std::move(arguments), tls);
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
    // A shell's background job, which these tests may be, is started with Ctrl-C ignored.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t pid = -1;
    EXPECT_EQ(posix_spawn(&pid, MUSTER_PROGRAM, &files, &attributes, argv.data(), environ), 0);
    posix_spawnattr_destroy(&attributes);
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

}  // namespace muster::cli
