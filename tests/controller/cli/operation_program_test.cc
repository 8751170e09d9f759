// Operations as an operator names them, and their list.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "program_fixture.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class OperationsTest : public ProgramTest {
 protected:
  // The newest first; alice's is each third one, and the newest of them the third.
  void MakeOperations(int count) {
    for (int i = 0; i < count; ++i) {
      v1::Operation& operation = controller_.operations.emplace_back();
      operation.set_name(NameOf(count - i));
      operation.set_created_by(i % 3 == 2 ? "alice" : "bob");
    }
  }
  static std::string NameOf(int number) {
    return "operations/01a1fd4e-0000-7000-8000-" + std::to_string(100000000000 + number);
  }
  static size_t LinesWith(const std::string& text, const std::string& what) {
    size_t count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
      ++count;
    return count;
  }
};

TEST_F(OperationsTest, TheLastIsOnesOwn) {
  MakeOperations(7);
  controller_.max_page = 2;
  Serve();
  const Result result = Run({"operation", "cancel", "last"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(controller_.Actions(), ElementsAre("cancel " + NameOf(5)));
}

TEST_F(OperationsTest, WithoutOnesOwnThereIsNoLast) {
  MakeOperations(2);
  Serve();
  const Result result = Run({"operation", "cancel", "last"});
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("last: there is no operation of alice; see `muster operation list`"));
}

TEST_F(OperationsTest, ABeginningIsLookedForInEveryPage) {
  MakeOperations(7);
  controller_.max_page = 2;
  Serve();
  const std::string all = NameOf(3);
  EXPECT_EQ(Run({"operation", "cancel", all.substr(0, all.size() - 1)}).exit_code, 2);
  EXPECT_EQ(Run({"operation", "cancel", "01a1fd4e-0000-7000-8000-100000000003"}).exit_code, 0);
  controller_.operations.back().set_name("operations/0fa1fd4e-0000-7000-8000-100000000000");
  EXPECT_EQ(Run({"operation", "cancel", "0f"}).exit_code, 0);
  EXPECT_THAT(
      controller_.Actions(),
      ElementsAre("cancel " + all, "cancel operations/0fa1fd4e-0000-7000-8000-100000000000"));
}

TEST_F(OperationsTest, TheListIsThatOfJobs) {
  MakeOperations(30);
  controller_.max_page = 8;
  Serve();
  const Result result = Run({"operation", "list"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(LinesWith(result.out, "\noperations/"), 20u);
  EXPECT_EQ(result.err, "muster: there are more than these 20; --limit N or --all lists them\n");
  EXPECT_EQ(LinesWith(Run({"operation", "list", "--limit", "5"}).out, "\noperations/"), 5u);
  const Result all = Run({"operation", "list", "--all"});
  EXPECT_EQ(LinesWith(all.out, "\noperations/"), 30u);
  EXPECT_EQ(all.err, "");
  const Result document = Run({"operation", "list", "-o", "json"});
  EXPECT_EQ(nlohmann::json::parse(document.out)["operations"].size(), 30u);
  EXPECT_EQ(document.err, "");
}

// What a shell is offered by an operator's muster.toml and `environment`.
class CompleteTest : public ProgramTest {
 protected:
  void SetUp() override {
    for (const char* name : {"1", "2", "3"})
      controller_.nodes.emplace_back().set_name(std::string("nodes/x1000c0s0b0n") + name);
    controller_.max_page = 2;
    Serve();
  }
  std::string Offered(const std::string& settings, const std::string& environment) {
    std::ofstream(dir_ + "/muster.toml") << settings;
    const std::string line = "MUSTER_CONFIG=" + dir_ + "/muster.toml " + environment + " " +
                             MUSTER_PROGRAM + " __complete node show x >" + dir_ + "/offered";
    EXPECT_EQ(std::system(line.c_str()), 0) << line;
    return ReadFile(dir_ + "/offered");
  }
  std::string Tls() const { return dir_ + "/operator"; }
};

TEST_F(CompleteTest, TheControllerOfTheSettingsIsAskedForEveryPage) {
  const std::string offered =
      Offered("controller = \"" + address_ + "\"\ntls_dir = \"" + Tls() + "\"\n", "");
  EXPECT_EQ(offered, "open\nx1000c0s0b0n1\nx1000c0s0b0n2\nx1000c0s0b0n3\n");
}

TEST_F(CompleteTest, TheEnvironmentGoesBeforeTheSettings) {
  EXPECT_THAT(Offered("controller = \"127.0.0.1:1\"\ntls_dir = \"/none\"\n",
                      "MUSTER_CONTROLLER=" + address_ + " MUSTER_TLS_DIR=" + Tls()),
              HasSubstr("x1000c0s0b0n3"));
  EXPECT_THAT(Offered("controller = \"" + address_ + "\"\ntls_dir = \"" + Tls() + "\"\n",
                      "MUSTER_CONTROLLER=127.0.0.1:1"),
              Not(HasSubstr("x1000")));
}

}  // namespace
}  // namespace muster::cli
