#include "agent/mount/content_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/mount/mount_tables.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ContentTree TreeOf(const std::string& mountinfo) {
  return BuildContentTree(TableOf(mountinfo), ContentProfile());
}

std::vector<std::string> TargetsOf(const ContentTree& tree) {
  std::vector<std::string> targets;
  for (const ContentMount& mount : tree.mounts) targets.push_back(mount.recorded.target);
  return targets;
}

std::vector<MountKind> KindsOf(const ContentTree& tree) {
  std::vector<MountKind> kinds;
  for (const ContentMount& mount : tree.mounts) kinds.push_back(mount.recorded.kind);
  return kinds;
}

TEST(ContentTree, HasWhatLiesOnContentInTheOrderOfMounting) {
  const ContentTree tree = TreeOf(kClientTable);
  EXPECT_THAT(TargetsOf(tree),
              ElementsAre("/var/images/pe", "/var/pe", "/opt/cray/pe", "/usr/local/pe"));
  EXPECT_THAT(KindsOf(tree), ElementsAre(MountKind::kProjected, MountKind::kLoop,
                                         MountKind::kOverlay, MountKind::kBind));
  EXPECT_THAT(tree.foreign, ElementsAre("/lus/home"));
  EXPECT_THAT(tree.in_the_way, IsEmpty());
  EXPECT_EQ(tree.root_on_content, "");
}

TEST(ContentTree, TheRecordSaysWhatIsMountedAgain) {
  const ContentRecord record = TreeOf(kClientTable).Record();
  ASSERT_THAT(record.mounts, SizeIs(4));
  EXPECT_EQ(record.mounts[0].source, kArtifact);
  EXPECT_EQ(record.mounts[1].source, "/var/images/pe/rootfs") << "of a loop: its file";
  EXPECT_EQ(record.mounts[3].source, "/opt/cray/pe/bin") << "of a bind: the directory";
  EXPECT_EQ(record.mounts[2].propagation, "shared");
  EXPECT_EQ(record.mounts[3].propagation, "shared slave");
}

// The order of the table is not that of the dependencies.
TEST(ContentTree, TheOrderIsThatOfTheDependencies) {
  const std::string line_4 =
      "4 1 0:41 / /var/images/pe ro - dvs " + std::string(kArtifact) + " ro\n";
  const ContentTree tree = TreeOf(
      "6 1 0:42 / /opt/cray/pe rw - overlay overlay rw,lowerdir=/var/pe\n"
      "5 1 7:0 / /var/pe ro - squashfs /dev/loop0 ro\n" +
      line_4 + "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  EXPECT_THAT(TargetsOf(tree), ElementsAre("/var/images/pe", "/var/pe", "/opt/cray/pe"));
  EXPECT_THAT(tree.mounts[2].needs, ElementsAre(1));
}

TEST(ContentTree, NewerKernelsShowLayersOneByOne) {
  const ContentTree tree =
      TreeOf(std::string(kClientTable) +
             "9 1 0:50 / /merged rw - overlay overlay rw,lowerdir+=/etc,lowerdir+=/var/pe/lib\n");
  EXPECT_THAT(TargetsOf(tree), testing::Contains("/merged"));
}

TEST(ContentTree, OnlyArtifactsAreContent) {
  EXPECT_THAT(TargetsOf(TreeOf("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                               "2 1 0:42 / /short rw - dvs /var/lib/cps-local/0dbb rw\n"
                               "3 1 0:43 / /lus rw - dvs /lus/home rw\n"
                               "4 1 0:44 / /nfs rw - nfs " +
                               std::string(kArtifact) + " rw\n")),
              IsEmpty());
  EXPECT_THAT(TargetsOf(TreeOf("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:42 / /a rw - dvs " +
                               std::string(kArtifact) + "/rootfs rw\n")),
              ElementsAre("/a"));
}

// A tmpfs on content would lose its files, and nobody could mount a user's sshfs again.
TEST(ContentTree, WhatCannotBeBroughtBackIsInTheWay) {
  const ContentTree tree =
      TreeOf(std::string(kClientTable) + "9 6 0:51 / /opt/cray/pe/tmp rw - tmpfs tmpfs rw\n");
  ASSERT_THAT(tree.in_the_way, SizeIs(1));
  EXPECT_THAT(tree.in_the_way[0], HasSubstr("/opt/cray/pe/tmp (tmpfs)"));
}

TEST(ContentTree, ABindOfSomethingElseOntoContentIsABind) {
  const ContentTree tree = TreeOf(std::string(kClientTable) +
                                  "9 6 8:1 /etc/pe /opt/cray/pe/etc rw - ext4 /dev/sda1 rw\n");
  EXPECT_THAT(tree.in_the_way, IsEmpty());
  ASSERT_THAT(TargetsOf(tree), testing::Contains("/opt/cray/pe/etc"));
  EXPECT_EQ(tree.Record().mounts.back().source, "/etc/pe");
}

TEST(ContentTree, ADeletedLoopFileCannotBeMountedAgain) {
  MountTable table = TableOf(kClientTable);
  table.loop_files["7:0"] = "/var/images/pe/rootfs (deleted)";
  EXPECT_THAT(BuildContentTree(table, ContentProfile()).in_the_way, SizeIs(1));
}

// /var/images/pe/rootfs was covered by a later mount of something else: the path does not lie on content.
TEST(ContentTree, ACoveredMountIsNotMistakenForWhatIsSeen) {
  const ContentTree tree = TreeOf(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n4 1 0:41 / /var/images/pe ro - dvs " +
      std::string(kArtifact) +
      " ro\n5 1 8:2 / /var rw - xfs /dev/sdb rw\n6 1 7:0 / /pe ro - squashfs /dev/loop0 ro\n");
  EXPECT_THAT(TargetsOf(tree), ElementsAre("/var/images/pe"));
}

TEST(ContentTree, WhatIsStackedOnSomethingElseIsMarked) {
  const ContentTree tree =
      TreeOf(std::string(kClientTable) +
             "9 1 0:60 / /opt/gpu rw - tmpfs tmpfs rw\n10 9 0:61 / /opt/gpu ro - dvs " +
             kOtherArtifact + " ro\n");
  EXPECT_TRUE(tree.Record().mounts.back().is_stacked);
  EXPECT_FALSE(tree.Record().mounts.front().is_stacked);
  EXPECT_THAT(tree.in_the_way, IsEmpty());
}

TEST(ContentTree, ARootOnContentIsSeenInTheTable) {
  const ContentTree tree = TreeOf(
      "1 0 0:42 / / rw - overlay overlay rw,lowerdir=/x\n"
      "2 1 0:41 / /x ro - dvs " +
      std::string(kArtifact) + " ro\n");
  EXPECT_THAT(tree.root_on_content, HasSubstr("root file system (overlay)"));
}

TEST(ContentTree, ARootOnContentIsSeenInTheImageOfTheInitrd) {
  MountTable table = TableOf("1 0 0:42 / / rw - overlay overlay rw,lowerdir=/gone\n");
  EXPECT_EQ(BuildContentTree(table, ContentProfile()).root_on_content, "");
  table.loop_files["7:1"] = "/tmp/cps/rootfs";
  EXPECT_THAT(BuildContentTree(table, ContentProfile()).root_on_content, HasSubstr("initrd"));
}

TEST(ContentTree, TheKernelCommandLineSaysWhetherTheRootStaysOnContent) {
  const std::string image = "s3://boot-images/b9caaf66/rootfs:f040d70bd6fabaf91838fe4e484563cf-211";
  const auto is_projected = [&image](const std::string& rest) {
    return IsRootProjected("quiet root=craycps-s3:" + image + rest + " bootname=x");
  };
  EXPECT_TRUE(is_projected(":dvs:api-gw-service-nmn.local:300:nmn0"));
  EXPECT_TRUE(is_projected(":dvs:api-gw-service-nmn.local:300:hsn0,nmn0:0"));
  EXPECT_FALSE(is_projected(":dvs:api-gw-service-nmn.local:300:hsn0,nmn0:1")) << "copied to memory";
  EXPECT_TRUE(is_projected(":dvs:api-gw-service-nmn.local:443:300:nmn0")) << "the gateway's port";
  EXPECT_FALSE(IsRootProjected("root=live:LABEL=SQFSRAID"));
  EXPECT_FALSE(IsRootProjected("root=craycps-s3:a:b root=live:s3://boot-images/x"))
      << "the last counts";
  EXPECT_TRUE(BuildContentTree(TableOf(""), ContentProfile()).root_on_content.empty());
  MountTable table = TableOf("");
  table.kernel_command_line = "root=sbps-s3:s3://x:e:sbps:v1:iqn:y:300";
  EXPECT_TRUE(BuildContentTree(table, ContentProfile()).has_sbps_root);
}

TEST(ContentTree, TablesThatNoKernelMakesEndAllTheSame) {
  const std::string dvs = " ro - dvs " + std::string(kArtifact) + " ro\n";
  EXPECT_THAT(TargetsOf(TreeOf("1 1 0:1 / /" + dvs + "2 3 0:2 / /a" + dvs + "3 2 0:3 / /a" + dvs)),
              SizeIs(2));
  TreeOf("1 0 8:1 / / rw - ext4 a rw\n5 5 0:7 / /a" + dvs + "5 5 0:7 / /a" + dvs);
}

TEST(ProjectedMounts, AreThoseOfTheProfileAndNotWithoutLimit) {
  std::string table(kClientTable);
  EXPECT_THAT(ProjectedMounts(TableOf(table), ContentProfile()),
              ElementsAre(MountedContent{kArtifact, "/var/images/pe", "dvs"}));
  for (size_t i = 0; i <= kMaxContentMounts; ++i)
    table += std::string("1 2 0:1 / /a rw - dvs ") + kArtifact + " rw\n";
  EXPECT_THAT(ProjectedMounts(TableOf(table), ContentProfile()), SizeIs(kMaxContentMounts));
}

}  // namespace
}  // namespace muster
