// The file of `muster`, and what goes before it.
#include "controller/cli/cli_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tests/common/default_file.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;

class CliSettingsTest : public ::testing::Test {
 protected:
  CliSettingsTest() {
    std::string pattern = ::testing::TempDir() + "cli_settings_test.XXXXXX";
    dir_ = mkdtemp(pattern.data());
    unsetenv("MUSTER_CONFIG");
    setenv("XDG_CONFIG_HOME", dir_.c_str(), 1);
    std::filesystem::create_directory(dir_ + "/muster");
  }
  ~CliSettingsTest() override {
    unsetenv("MUSTER_CONFIG");
    unsetenv("XDG_CONFIG_HOME");
    std::filesystem::remove_all(dir_);
  }
  absl::StatusOr<GlobalOptions> Read() {
    GlobalOptions options;
    MUSTER_RETURN_IF_ERROR(ReadCliSettings(&options));
    return options;
  }
  absl::StatusOr<GlobalOptions> ReadUsers(const std::string& text) {
    std::ofstream(dir_ + "/muster/muster.toml") << text;
    return Read();
  }

  std::string dir_;
};

TEST_F(CliSettingsTest, TheUsersFile) {
  const auto options = ReadUsers(
      "controller = \"mgmt\"\ntls_dir = \"/t\"\noutput = \"json\"\nconnect_timeout = \"2s\"\n"
      "reconnect_timeout = \"1h\"\n");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->connection.controller, "mgmt");
  EXPECT_EQ(options->connection.tls_dir, "/t");
  EXPECT_EQ(options->output, OutputFormat::kJson);
  EXPECT_EQ(options->connection.connect_timeout, 2s);
  EXPECT_EQ(options->connection.reconnect_timeout, 1h);
}

TEST_F(CliSettingsTest, OneFileInPlaceOfAll) {
  std::ofstream(dir_ + "/one.toml") << "controller = \"one\"\n";
  std::ofstream(dir_ + "/muster/muster.toml") << "controller = \"users\"\ntls_dir = \"/t\"\n";
  setenv("MUSTER_CONFIG", (dir_ + "/one.toml").c_str(), 1);
  EXPECT_EQ(Read()->connection.controller, "one");
  EXPECT_EQ(Read()->connection.tls_dir, "");
  setenv("MUSTER_CONFIG", "", 1);
  EXPECT_EQ(Read()->connection.controller, "") << "no file at all";
  setenv("MUSTER_CONFIG", (dir_ + "/none.toml").c_str(), 1);
  EXPECT_THAT(Message(Read().status()), HasSubstr("none.toml")) << "one that was named is there";
}

TEST_F(CliSettingsTest, WrongOnes) {
  EXPECT_THAT(Message(ReadUsers("\ncontroler = \"a\"\n").status()),
              HasSubstr("muster.toml:2: unknown key controler; did you mean controller?"));
  EXPECT_THAT(Message(ReadUsers("controller = \"a b\"\n").status()),
              HasSubstr("controller must be HOST or HOST:PORT"));
  EXPECT_THAT(
      Message(ReadUsers("output = \"xml\"\n").status()),
      HasSubstr("output must be one of \"table\", \"json\", \"jsonl\", \"yaml\", \"toml\""));
  EXPECT_THAT(Message(ReadUsers("connect_timeout = \"soon\"\n").status()),
              HasSubstr("connect_timeout must be a duration"));
}

TEST_F(CliSettingsTest, EveryFormatOfTheOptionIsOneOfTheFile) {
  for (const NamedFormat& each : kOutputFormats) {
    const auto options = ReadUsers(fmt::format("output = \"{}\"\n", each.name));
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->output, each.format) << each.name;
  }
}

TEST_F(CliSettingsTest, ThePagerMayBeUnwanted) {
  EXPECT_FALSE(ReadUsers("")->no_pager);
  EXPECT_FALSE(ReadUsers("pager = true\n")->no_pager);
  EXPECT_TRUE(ReadUsers("pager = false\n")->no_pager);
  EXPECT_THAT(Message(ReadUsers("pager = \"less\"\n").status()),
              HasSubstr("pager must be true or false"));
}

TEST_F(CliSettingsTest, TheDefaultFile) {
  GlobalOptions defaults;
  const Settings settings = CliSettings(&defaults);
  ExpectDocumented(settings);
  EXPECT_TRUE(ReadUsers(settings.DefaultFile()).ok());
  const auto options = ReadUsers(Uncommented(settings.DefaultFile()));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->connection.connect_timeout, kConnectTimeout);
  EXPECT_EQ(options->connection.reconnect_timeout, kReconnectTimeout);
  EXPECT_EQ(options->output, OutputFormat::kTable);
}

}  // namespace
}  // namespace muster::cli
