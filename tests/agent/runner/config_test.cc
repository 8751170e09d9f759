#include "agent/runner/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

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
  ExpectError("[content]\ntypes = \"dvs\"\n", "content.types must be an array of strings");
  ExpectError("[content]\nsources = [\"cps-local\"]\n", "must begin and end with a slash");
  ExpectError("[content]\nmount_helper = [\"mount\"]\n", "must begin with the path of a program");
  ExpectError("[content]\nbefore_unmount = [\"/bin/true\"]\n", "each of content.before_unmount");
  ExpectError("[content]\nafter_remount = [[]]\n", "must begin with the path of a program");
  ExpectError("[content]\nhook_seconds = 0\n", "a number from 1 to 3600");
}

}  // namespace
}  // namespace muster
