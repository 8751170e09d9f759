#include "agent/runner/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/common/default_file.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AgentConfigTest : public testing::Test {
 protected:
  absl::StatusOr<AgentConfig> Read(const std::string& text) {
    const std::string path = testing::TempDir() + "agent.toml";
    std::ofstream(path) << text;
    AgentConfig config;
    const absl::Status status = ReadAgentConfig(path, &config);
    if (!status.ok()) return status;
    return config;
  }
  void ExpectError(const std::string& text, const std::string& why) {
    const auto config = Read(text);
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(config.status().message()), HasSubstr(why));
  }
};

TEST_F(AgentConfigTest, WithoutATableOfContentItIsThatOfCps) {
  const auto config = Read("");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->content.types, ElementsAre("dvs"));
  EXPECT_THAT(config->content.sources, ElementsAre("/var/lib/cps-local/"));
  EXPECT_TRUE(config->content.before_unmount.empty());
}

TEST_F(AgentConfigTest, ASiteNamesItsOwnContent) {
  const auto config = Read(R"([content]
types = ["dvs", "fuse.dvs"]
sources = ["/srv/content/"]
mount_helper = ["/sbin/mount.dvs", "{source}", "{target}"]
hook_seconds = 5
before_unmount = [["/bin/bash", "/etc/cray-pe.d/pe_cleanup.sh"], ["/opt/site/stop"]]
)");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->content.types, ElementsAre("dvs", "fuse.dvs"));
  EXPECT_THAT(config->content.sources, ElementsAre("/srv/content/"));
  EXPECT_THAT(config->content.loop_types, ElementsAre("squashfs", "erofs")) << "the default";
  EXPECT_THAT(config->content.before_unmount,
              ElementsAre(ContentHook{{"/bin/bash", "/etc/cray-pe.d/pe_cleanup.sh"}, 5s},
                          ContentHook{{"/opt/site/stop"}, 5s}));
}

TEST_F(AgentConfigTest, AMistakeIsToldWithItsLine) {
  ExpectError("[content]\ntypo = 1\n", ":2: unknown key content.typo");
  ExpectError("[content]\ntypes = \"dvs\"\n", "content.types must be an array of texts");
  ExpectError("[content]\nsources = [\"cps-local\"]\n", "must begin and end with a slash");
  ExpectError("[content]\nmount_helper = [\"mount\"]\n", "must begin with the path of a program");
  ExpectError("[content]\nbefore_unmount = [\"/bin/true\"]\n",
              "content.before_unmount must be an array of commands");
  ExpectError("[content]\nafter_remount = [[]]\n", "must begin with the path of a program");
  ExpectError("[content]\nhook_seconds = 0\n", "a number from 1 to 3600");
}

TEST_F(AgentConfigTest, WhereTheControllerIs) {
  const auto config = Read(
      "controllers = [\"a:7420\", \"[fd00::1]:7420\"]\ntls_dir = \"/t\"\nstate_dir = \"/s\"\n"
      "aliases = [\"nid000007\"]\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->controllers, ElementsAre("a:7420", "[fd00::1]:7420"));
  EXPECT_EQ(config->tls_dir, "/t");
  EXPECT_EQ(config->state_dir, "/s");
  EXPECT_THAT(config->aliases, ElementsAre("nid000007"));
  ExpectError("controllers = []\n", ":1: controllers must name at least one");
  ExpectError("controllers = [\"a\"]\n", "controllers must be HOST:PORT each");
  ExpectError("controler = [\"a:1\"]\n", "unknown key controler; did you mean controllers?");
  ExpectError("[watch]\nunit = []\n", "unknown key watch.unit; did you mean watch.units?");
}

TEST_F(AgentConfigTest, TheDefaultFileChangesNothing) {
  AgentConfig defaults;
  const auto config = Read(AgentSettings(&defaults).DefaultFile());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->given.empty());
}

TEST_F(AgentConfigTest, EachKeyOfTheDefaultFileCanBeTaken) {
  AgentConfig defaults;
  const Settings settings = AgentSettings(&defaults);
  ExpectDocumented(settings);
  const auto config = Read(Uncommented(settings.DefaultFile()));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->given.size(), settings.list().size());
  EXPECT_EQ(config->policy_units, AgentConfig().policy_units);
  EXPECT_EQ(config->content.mount_helper, ContentProfile().mount_helper);
  EXPECT_EQ(config->hook_deadline, ContentHook().deadline);
  EXPECT_EQ(config->watched_units.size(), UsualUnits().size() + 1);
}

}  // namespace
}  // namespace muster
