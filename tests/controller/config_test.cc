// What musterd makes of its command line and its file.
#include "controller/config.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "controller/controller_settings.h"
#include "tests/common/default_file.h"

namespace muster {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = testing::TempDir() + "muster_config_XXXXXX";
    dir_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(dir_); }

  // With what is required, and more.
  static absl::StatusOr<ControllerConfig> Parse(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"musterd",        "--listen",        "0.0.0.0:7420",
                                      "--state-dir",    "/var/lib/muster", "--tls-dir",
                                      "/etc/muster/tls"};
    words.insert(words.end(), more.begin(), more.end());
    return ParseWords(words);
  }
  static absl::StatusOr<ControllerConfig> ParseWords(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    return ParseCommandLine(static_cast<int>(argv.size()), argv.data());
  }
  absl::StatusOr<ControllerConfig> ParseWithFile(const std::string& text) {
    const std::string path = dir_ + "/musterd.toml";
    std::ofstream(path) << text;
    return Parse({"--config", path});
  }
  std::string ErrorOf(const std::string& text) {
    const absl::StatusOr<ControllerConfig> config = ParseWithFile(text);
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return Message(config.status());
  }

  std::string dir_;
};

TEST_F(ConfigTest, TheCommandLineAloneIsEnough) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "0.0.0.0:7420");
  EXPECT_EQ(config->operator_listen, "0.0.0.0:7421") << "the next port";
  EXPECT_EQ(config->state_dir, "/var/lib/muster");
  EXPECT_EQ(config->tls_dir, "/etc/muster/tls");
  EXPECT_EQ(config->inventory_file, "");
  EXPECT_EQ(config->retention.jobs, 1000u);
  EXPECT_EQ(config->retention.age, 24h * 90);
  EXPECT_FALSE(config->is_restored);
  EXPECT_FALSE(config->debug);
}

TEST_F(ConfigTest, NothingHasToBeTyped) {
  const auto config = ParseWords({"musterd"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "0.0.0.0:7420");
  EXPECT_EQ(config->state_dir, "/var/lib/muster");
  EXPECT_EQ(config->tls_dir, "/etc/muster/controller");
}

TEST_F(ConfigTest, FlagsAndTheOperatorsAddress) {
  const auto config = Parse({"--restored", "--debug", "--operator-listen", "[::1]:99"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->is_restored);
  EXPECT_TRUE(config->debug);
  EXPECT_EQ(config->operator_listen, "[::1]:99");
}

TEST_F(ConfigTest, EveryKeyOfTheFile) {
  const auto config = ParseWithFile(R"(
inventory = "/etc/muster/inventory.toml"
revoked = "/etc/muster/revoked"
[retention]
jobs = 7
age = "36h"
[identity]
agent = "spiffe://site/agent/<name>"
operator = "spiffe://site/human/<name>"
)");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->inventory_file, "/etc/muster/inventory.toml");
  EXPECT_EQ(config->revoked_file, "/etc/muster/revoked");
  EXPECT_EQ(config->retention.jobs, 7u);
  EXPECT_EQ(config->retention.age, 36h);
  EXPECT_EQ(config->patterns.agent, "spiffe://site/agent/<name>");
  EXPECT_EQ(config->patterns.operator_, "spiffe://site/human/<name>");
}

TEST_F(ConfigTest, TheEndsOfTheRetention) {
  EXPECT_EQ(ParseWithFile("[retention]\njobs = 1\nage = \"1h\"")->retention.age, 1h);
  EXPECT_EQ(ParseWithFile("[retention]\njobs = 100000\nage = \"3650d\"")->retention.age,
            24h * 3650);
}

TEST_F(ConfigTest, AWrongRetentionIsAnErrorWithItsLine) {
  for (const char* jobs : {"0", "-1", "100001", "1.5", "true", "\"10\""}) {
    EXPECT_THAT(ErrorOf(std::string("[retention]\njobs = ") + jobs),
                EndsWith("musterd.toml:2: retention.jobs must be a number from 1 to 100000"))
        << jobs;
  }
  for (const char* age : {"\"90\"", "\"0d\"", "\"-1d\"", "\"1.5d\"", "\"90days\"", "\"30m\"",
                          "\"d\"", "\"3651d\"", "\"87601h\"", "\"99999999999999999999d\""}) {
    EXPECT_THAT(ErrorOf(std::string("[retention]\nage = ") + age),
                HasSubstr("musterd.toml:2: retention.age must be a number of days or hours"))
        << age;
  }
  EXPECT_THAT(ErrorOf("[retention]\nage = 90"), EndsWith("retention.age must be a text"));
  EXPECT_THAT(ErrorOf("[retention]\nage_days = 3"), HasSubstr("unknown key retention.age_days"));
  EXPECT_EQ(ParseWithFile("[retention]\nhistory = \"48h\"")->retention.history, 48h);
  EXPECT_THAT(ErrorOf("[retention]\nhistory = \"7\""),
              HasSubstr("history must be a number of days"));
  EXPECT_THAT(ErrorOf("retention = 3"), HasSubstr("retention must be a table"));
}

TEST_F(ConfigTest, OtherWrongFiles) {
  EXPECT_THAT(ErrorOf("inventroy = \"x\""),
              EndsWith(":1: unknown key inventroy; did you mean inventory?"));
  EXPECT_THAT(ErrorOf("inventory = \"\""), HasSubstr("inventory must be a text"));
  EXPECT_THAT(ErrorOf("revoked = 3"), HasSubstr("revoked must be a text"));
  EXPECT_THAT(ErrorOf("identity = 3"), HasSubstr("identity must be a table"));
  EXPECT_THAT(ErrorOf("[identity]\nrobot = \"x\""), HasSubstr("unknown key identity.robot"));
  EXPECT_THAT(ErrorOf("[identity]\nagent = \"no place for a name\""), HasSubstr("musterd.toml:2"));
  EXPECT_THAT(ErrorOf("[identity]\nagent = \"s://a/<name>\"\noperator = \"s://a/<name>\""),
              HasSubstr("musterd.toml"));
  EXPECT_THAT(ErrorOf("inventory = "), HasSubstr("musterd.toml:1"));
}

TEST_F(ConfigTest, AFileThatIsNotThere) {
  const auto config = Parse({"--config", dir_ + "/none.toml"});
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(config.status()), HasSubstr("none.toml"));
}

TEST_F(ConfigTest, WrongCommandLines) {
  const auto message = [](const std::vector<std::string>& more) {
    const auto config = Parse(more);
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
    return Message(config.status());
  };
  EXPECT_THAT(message({"--no-such"}), HasSubstr("see musterd --help"));
  EXPECT_THAT(message({"--state-dir"}), HasSubstr("--state-dir"));
  std::vector<std::string> words = {"musterd", "--state-dir", "/s", "--tls-dir",
                                    "/t",      "--listen",    ""};
  for (const char* listen : {"localhost", "localhost:", "localhost:0", "localhost:65535", ":x"}) {
    words.back() = listen;
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    const auto config = ParseCommandLine(static_cast<int>(argv.size()), argv.data());
    EXPECT_THAT(Message(config.status()), HasSubstr("it must be HOST:PORT")) << listen;
  }
}

TEST_F(ConfigTest, AFileAloneIsEnough) {
  const std::string path = dir_ + "/musterd.toml";
  std::ofstream(path) << "listen = \"[::]:7\"\nstate_dir = \"/s\"\ntls_dir = \"/t\"\n";
  const auto config = ParseWords({"musterd", "--config", path});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "[::]:7");
  EXPECT_EQ(config->operator_listen, "[::]:8");
  EXPECT_EQ(config->state_dir, "/s");
  EXPECT_EQ(config->tls_dir, "/t");
}

TEST_F(ConfigTest, WhatIsTypedGoesBeforeTheFile) {
  const auto config =
      ParseWithFile("listen = \"h:1\"\noperator_listen = \"h:2\"\nstate_dir = \"s\"");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "0.0.0.0:7420");
  EXPECT_EQ(config->operator_listen, "h:2") << "not typed";
  EXPECT_EQ(config->state_dir, "/var/lib/muster");
}

TEST_F(ConfigTest, TheDefaultFileChangesNothing) {
  ControllerConfig defaults;
  const std::string text = ControllerSettings(&defaults).DefaultFile();
  const auto config = ParseWithFile(text);
  ASSERT_TRUE(config.ok()) << config.status() << text;
  EXPECT_TRUE(config->given.empty());
  EXPECT_EQ(config->retention.jobs, 1000u);
  EXPECT_FALSE(config->has_web());
  EXPECT_FALSE(config->csm.is_used());
}

// With all of its examples; and what it calls a default is one.
TEST_F(ConfigTest, EachKeyOfTheDefaultFileCanBeTaken) {
  ControllerConfig defaults;
  const Settings settings = ControllerSettings(&defaults);
  const auto config = ParseWithFile(Uncommented(settings.DefaultFile()));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->given.size(), settings.list().size());
  EXPECT_EQ(config->retention.jobs, Retention().jobs);
  EXPECT_EQ(config->retention.age, Retention().age);
  EXPECT_EQ(config->retention.history, Retention().history);
  EXPECT_EQ(config->patterns.agent, IdentityPatterns().agent);
  EXPECT_EQ(config->csm.refresh, CsmConfig().refresh);
  EXPECT_EQ(config->csm.kubectl, CsmConfig().kubectl);
  EXPECT_EQ(config->web.listen, "0.0.0.0:7422");
}

TEST_F(ConfigTest, EachKeyIsDocumented) {
  ControllerConfig defaults;
  ExpectDocumented(ControllerSettings(&defaults));
}

TEST_F(ConfigTest, TheWebPortIsOffUnlessItIsNamed) {
  EXPECT_FALSE(ParseWithFile("")->has_web());
  EXPECT_FALSE(ParseWithFile("[web]\n")->has_web());
  const auto config = ParseWithFile("[web]\nlisten = \"0.0.0.0:7422\"\ntoken_file = \"/t\"");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->web.listen, "0.0.0.0:7422");
  EXPECT_EQ(config->web.token_file, "/t");
  EXPECT_THAT(ErrorOf("[web]\ntoken_file = \"/t\""), HasSubstr("web.listen is missing"));
  EXPECT_THAT(ErrorOf("web = 7"), HasSubstr("web must be a table"));
  EXPECT_THAT(ErrorOf("[web]\nlisten = \"a:1\"\ntoken = \"x\""),
              HasSubstr("unknown key web.token"));
}

}  // namespace
}  // namespace muster
