#include "controller/inventory/file_inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class InventoryFile : public testing::Test {
 protected:
  InventoryFile() {
    std::string pattern = testing::TempDir() + "/inventory.XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~InventoryFile() override { std::filesystem::remove_all(dir_); }

  std::string path() const { return dir_ + "/inventory.toml"; }

  absl::StatusOr<std::vector<InventoryNode>> Read(const std::string& text) {
    std::ofstream(path()) << text;
    return ReadInventoryFile(path());
  }

  // What is wrong with `text`, without the path.
  std::string ErrorIn(const std::string& text) {
    const absl::Status status = Read(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const std::string message = Message(status);
    EXPECT_TRUE(message.starts_with(path())) << message;
    return message.substr(std::min(message.size(), path().size()));
  }

 private:
  std::string dir_;
};

TEST_F(InventoryFile, GivesNodesInLowerCase) {
  const auto nodes = Read(R"(
    [[node]]
    xname = "X1000c0s0b0n0"
    aliases = ["nid000001", "NID000001-nmn"]
    role = "Compute"
    [[node]]
    xname = "x1000c0s0b0n1"
  )");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_THAT(*nodes, SizeIs(2));
  EXPECT_EQ((*nodes)[0].xname, "x1000c0s0b0n0");
  EXPECT_THAT((*nodes)[0].aliases, ElementsAre("nid000001", "nid000001-nmn"));
  EXPECT_EQ((*nodes)[0].role, "Compute");
  EXPECT_THAT((*nodes)[1].aliases, IsEmpty());
}

TEST_F(InventoryFile, AnEmptyFileHasNoNodes) {
  const auto nodes = Read("");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT(*nodes, IsEmpty());
}

TEST_F(InventoryFile, AMissingFileIsNotFound) {
  const absl::Status status = ReadInventoryFile(path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(Message(status), HasSubstr(path()));
}

TEST_F(InventoryFile, SaysWhatIsWrongInWhichLine) {
  EXPECT_EQ(ErrorIn("nodes = 1\n"), ":1: unknown key 'nodes'");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\nalias = [\"a\"]\n"),
            ":3: unknown key 'alias' in [[node]]");
  EXPECT_EQ(ErrorIn("node = 1\n"), ":1: 'node' must be written as [[node]]");
  EXPECT_EQ(ErrorIn("\n[[node]]\nrole = \"Compute\"\n"), ":2: [[node]] has no xname");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = 7\n"), ":2: xname must be a string");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\nrole = 7\n"), ":3: role must be a string");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\naliases = \"a\"\n"),
            ":3: aliases must be an array of strings");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\naliases = [1]\n"), ":3: alias must be a string");
  EXPECT_THAT(ErrorIn("[[node]]\nxname = \"x 1\"\n"), HasSubstr(":2: xname 'x 1' must be letters"));
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\n[[node]]\nxname = \"X1\"\n"),
            ":3: xname 'x1' repeats that of line 1");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\naliases = [\"a\"]\n"
                    "[[node]]\nxname = \"x2\"\naliases = [\"A\"]\n"),
            ":4: alias 'a' of x2 is one of x1, too");
  EXPECT_EQ(ErrorIn("[[node]]\nxname = \"x1\"\naliases = [\"x2\"]\n[[node]]\nxname = \"x2\"\n"),
            ":1: alias 'x2' of x1 is the xname of another node");
  EXPECT_THAT(ErrorIn("[[node]]\nxname = \n"), HasSubstr(":2: "));
  EXPECT_THAT(ErrorIn("[[node]]\nxname = \"x1\"\nxname = \"x2\"\n"), HasSubstr(":3: "));
}

}  // namespace
}  // namespace muster
