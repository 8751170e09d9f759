// Files that people write, well or badly.
#include "common/toml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace muster {
namespace {

using ::testing::HasSubstr;

class TomlFile : public ::testing::Test {
 protected:
  TomlFile() {
    std::string pattern = ::testing::TempDir() + "toml_file_test.XXXXXX";
    dir_ = mkdtemp(pattern.data());
    path_ = dir_ + "/file.toml";
  }
  ~TomlFile() override { std::filesystem::remove_all(dir_); }

  absl::StatusOr<toml::table> Read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return ReadTomlFile(path_);
  }
  std::string ErrorIn(const std::string& text) {
    const absl::Status status = Read(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    const std::string message = Message(status);
    EXPECT_TRUE(message.starts_with(path_ + ":")) << message;
    return message.substr(std::min(message.size(), path_.size() + 1));
  }

  std::string dir_;
  std::string path_;
};

TEST_F(TomlFile, IsReadWithItsLines) {
  const auto table =
      Read("# Gerät\na = \"\\u00e4#\"\n\nb = ['#\"', \"\"\"x\\\"\"\"#\"\"\"\"] # \xD2\x97\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)["a"].value<std::string>(), "ä#");
  EXPECT_EQ((*table)["b"][1].value<std::string>(), "x\"\"\"#\"");
  EXPECT_EQ((*table)["b"].node()->source().begin.line, 4u);
}

TEST_F(TomlFile, AnEmptyFileIsAnEmptyTable) {
  const auto table = Read("");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(table->empty());
}

TEST_F(TomlFile, WhatIsNoTomlIsAnErrorInItsLine) {
  EXPECT_THAT(ErrorIn("a = 1\nb = \n"), HasSubstr("2: "));
  EXPECT_THAT(ErrorIn("a = \"open\n"), HasSubstr("1: "));
  EXPECT_THAT(ErrorIn("a = \"\"\"open\n"), HasSubstr(": "));
}

// toml++ takes both for what cannot be: an assertion, an assumption of the optimizer.
TEST_F(TomlFile, CharactersThatTheParserCannotBearAreErrors) {
  EXPECT_THAT(ErrorIn(std::string("[\0\0[node]]\n", 11)), HasSubstr("1: "));
  EXPECT_THAT(ErrorIn("a = 1\nä = 2\n"), HasSubstr("2: a character beyond ASCII"));
  EXPECT_THAT(ErrorIn("a = '''x''''\xD2\x97"), HasSubstr("1: a character beyond ASCII"));
  EXPECT_THAT(ErrorIn("\na = 1\"#ä\"\n"), HasSubstr("2: a character beyond ASCII"));
}

TEST_F(TomlFile, WhatCannotBeReadSaysWhy) {
  EXPECT_EQ(ReadTomlFile(path_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(ReadTomlFile(path_).status()), HasSubstr("read " + path_ + ": No such file"));
  EXPECT_FALSE(ReadTomlFile(dir_).ok());
}

}  // namespace
}  // namespace muster
