// Keys that are declared, and files that have them, well or badly.
#include "common/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tests/common/default_file.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    std::string pattern = ::testing::TempDir() + "settings_test.XXXXXX";
    dir_ = mkdtemp(pattern.data());
    path_ = dir_ + "/file.toml";
    settings_.Text({"place", "Where it is.", "/srv"}, &place_);
    settings_.List({"names", "What it is called."}, &names_);
    settings_.Table({"limits", "How much of it."},
                    [this] { return least_ > most_ ? "limits: least is above most" : ""; });
    settings_.Number({"least", "At least.", "", false}, least_, {0, 10},
                     [this](int64_t number) { least_ = number; });
    settings_.Number({"most", "At most."}, most_, {0, 10, " of them"},
                     [this](int64_t number) { most_ = number; });
    settings_.Commands({"hooks", "What is run."}, {{"/bin/true", "a b"}},
                       [this](const std::vector<Texts>& commands) {
                         hooks_ = commands;
                         return commands.empty() ? "must not be empty" : "";
                       });
  }
  ~SettingsTest() override { std::filesystem::remove_all(dir_); }

  absl::Status Read(const std::string& text) {
    std::ofstream(path_) << text;
    return settings_.Read(path_);
  }
  // Without the path.
  std::string ErrorOf(const std::string& text) {
    const absl::Status status = Read(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    const std::string message = Message(status);
    EXPECT_TRUE(message.starts_with(path_ + ":")) << message;
    return message.substr(std::min(message.size(), path_.size() + 1));
  }

  std::string dir_, path_;
  std::string place_;
  Texts names_ = {"one", "two"};
  int64_t least_ = 1, most_ = 5;
  std::vector<Texts> hooks_;
  Settings settings_{"The settings of a test."};
};

TEST_F(SettingsTest, ValuesGoWhereTheyAreDeclaredTo) {
  const absl::Status status = Read(
      "place = \"a\\\"b\"\nnames = [\"three\"]\n[limits]\nmost = 7\nhooks = [[\"/a\", \"b\"], "
      "[\"/c\"]]\n");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(place_, "a\"b");
  EXPECT_THAT(names_, ElementsAre("three"));
  EXPECT_EQ(most_, 7);
  EXPECT_EQ(least_, 1);
  EXPECT_THAT(hooks_, ElementsAre(ElementsAre("/a", "b"), ElementsAre("/c")));
  EXPECT_THAT(settings_.given(), ElementsAre(Pair("limits.hooks", "[[\"/a\", \"b\"], [\"/c\"]]"),
                                             Pair("limits.most", "7"), Pair("names", "[\"three\"]"),
                                             Pair("place", "\"a\\\"b\"")));
}

TEST_F(SettingsTest, AFlagIsTrueOrFalse) {
  bool is_loud = true;
  settings_.Flag({"loud", "Whether it is heard."}, is_loud, [&](bool flag) { is_loud = flag; });
  EXPECT_THAT(settings_.DefaultFile(), HasSubstr("#loud = true"));
  ASSERT_TRUE(Read("[limits]\nloud = false\n").ok());
  EXPECT_FALSE(is_loud);
  EXPECT_THAT(settings_.given(), ElementsAre(Pair("limits.loud", "false")));
  EXPECT_EQ(ErrorOf("[limits]\nloud = 1\n"), "2: limits.loud must be true or false");
  EXPECT_EQ(ErrorOf("[limits]\nloud = \"no\"\n"), "2: limits.loud must be true or false");
}

TEST_F(SettingsTest, AnUnknownKeyIsAnErrorWithTheOneThatMayBeMeant) {
  EXPECT_EQ(ErrorOf("\nplaec = 1\n"), "2: unknown key plaec; did you mean place?");
  EXPECT_EQ(ErrorOf("[limits]\nmoost = 1\n"),
            "2: unknown key limits.moost; did you mean limits.most?");
  EXPECT_EQ(ErrorOf("[limit]\nmost = 1\n"), "1: unknown key limit; did you mean [limits]?");
  EXPECT_EQ(ErrorOf("most = 1\n"), "1: unknown key most; did you mean limits.most?");
  EXPECT_EQ(ErrorOf("[limits]\nplace = \"a\"\n"),
            "2: unknown key limits.place; did you mean place?");
  EXPECT_EQ(ErrorOf("something_else = 1\n"), "1: unknown key something_else");
}

TEST_F(SettingsTest, AWrongValueIsAnErrorWithItsLine) {
  EXPECT_EQ(ErrorOf("place = 1\n"), "1: place must be a text");
  EXPECT_EQ(ErrorOf("place = \"\"\n"), "1: place must be a text");
  EXPECT_EQ(ErrorOf("names = \"a\"\n"), "1: names must be an array of texts");
  EXPECT_EQ(ErrorOf("names = [\"a\", 1]\n"), "1: names must be an array of texts");
  EXPECT_EQ(ErrorOf("limits = 1\n"), "1: limits must be a table");
  for (const char* number : {"-1", "11", "1.0", "\"1\"", "true", "[1]"}) {
    EXPECT_EQ(ErrorOf(std::string("[limits]\nmost = ") + number),
              "2: limits.most must be a number of them from 0 to 10")
        << number;
  }
  EXPECT_THAT(ErrorOf("[limits]\nhooks = [\"/a\"]\n"),
              HasSubstr("2: limits.hooks must be an array of commands"));
  EXPECT_EQ(ErrorOf("[limits]\nhooks = []\n"), "2: limits.hooks must not be empty");
}

TEST_F(SettingsTest, KeysOfATableThatDoNotGoTogetherAreAnError) {
  EXPECT_EQ(ErrorOf("names = [\"a\"]\n[limits]\nleast = 9\n"), "2: limits: least is above most");
  EXPECT_TRUE(Read("[limits]\nleast = 9\nmost = 9\n").ok());
}

TEST_F(SettingsTest, TheDefaultFileHasEveryKeyAndChangesNothing) {
  const std::string text = settings_.DefaultFile();
  EXPECT_EQ(text, R"(# The settings of a test.

# Where it is.
#place = "/srv"   # an example

# What it is called.
#names = ["one", "two"]

# How much of it.
[limits]

# At least. Takes a restart.
#least = 1

# At most.
#most = 5

# What is run.
#hooks = [["/bin/true", "a b"]]   # an example)");
  ASSERT_TRUE(Read(text).ok());
  EXPECT_TRUE(settings_.given().empty());
  ASSERT_TRUE(Read(Uncommented(text)).ok());
  EXPECT_EQ(settings_.given().size(), settings_.list().size());
  EXPECT_EQ(place_, "/srv");
  ExpectDocumented(settings_);
}

TEST_F(SettingsTest, WhatHasChangedIsToldByWhetherItTakesARestart) {
  const auto changes = ChangesBetween(settings_.list(), {{"place", "\"a\""}, {"limits.least", "1"}},
                                      {{"limits.least", "2"}, {"limits.most", "5"}});
  EXPECT_THAT(changes.live, ElementsAre("place")) << "most is what it was by default";
  EXPECT_THAT(changes.at_restart, ElementsAre("limits.least"));
}

}  // namespace
}  // namespace muster
