#include "agent/mount/mountinfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/mount/mount_reader.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Mountinfo, EachFieldIsWhereTheManualSays) {
  const auto mounts = ParseMountinfo(
      "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 propagate_from:3 - ext3 /dev/root "
      "rw,errors=continue\n");
  EXPECT_THAT(mounts, ElementsAre(Mount{36, 35, "98:0", "/mnt1", "/mnt 2", "rw,noatime",
                                        "master:1 propagate_from:3", "ext3", "/dev/root",
                                        "rw,errors=continue"}));
}

TEST(Mountinfo, ASourceMayBeEmpty) {
  const auto mounts = ParseMountinfo("36 35 0:9 / /x rw -\n36 35 0:9 / /x rw - fuse  rw\n");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].source, "");
  EXPECT_EQ(mounts[0].super_options, "rw");
}

TEST(Mountinfo, LinesOfAnotherFormArePassedOver) {
  EXPECT_THAT(ParseMountinfo(""), IsEmpty());
  EXPECT_THAT(ParseMountinfo("-\n- dvs\n1 2 3 - dvs\n\n\\\\\\\n-1 2 0:1 / / rw - a b c\n"),
              IsEmpty());
  EXPECT_THAT(ParseMountinfo("1 2 0:1 / /a\\04 rw - dvs x rw"), SizeIs(1)) << "without a newline";
}

TEST(Mountinfo, OptionsKeepTheirCommasApart) {
  const std::string options = "rw,lowerdir=/a\\054b:/c,xino=off";
  EXPECT_TRUE(HasOption(options, "rw"));
  EXPECT_FALSE(HasOption(options, "b:/c"));
  EXPECT_THAT(OptionValues(options, "lowerdir"), ElementsAre("/a,b:/c"));
  EXPECT_THAT(SplitOptions(",,ro,"), ElementsAre("ro"));
}

TEST(Mountinfo, ThisMachineHasATable) {
  const MountTable table = ReadMountTable();
  ASSERT_FALSE(table.mounts.empty());
  EXPECT_TRUE(std::any_of(table.mounts.begin(), table.mounts.end(),
                          [](const Mount& mount) { return mount.target == "/proc"; }));
}

}  // namespace
}  // namespace muster
