#include "agent/mount/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "agent/mount/content_tree.h"
#include "tests/agent/mount/mount_tables.h"

namespace muster {
namespace {

using testing::ElementsAre;

class MountOptionsTest : public testing::Test {
 protected:
  const ContentRecord record_ = BuildContentTree(TableOf(kClientTable), ContentProfile()).Record();
  const RecordedMount& projected_ = record_.mounts[0];
  const RecordedMount& loop_ = record_.mounts[1];
  const RecordedMount& overlay_ = record_.mounts[2];
  const RecordedMount& bind_ = record_.mounts[3];
};

TEST_F(MountOptionsTest, FlagsAreTheMountsAndItsFileSystems) {
  EXPECT_EQ(FlagsOf(loop_), MS_RDONLY | MS_RELATIME);
  EXPECT_EQ(FlagsOf(overlay_), MS_RELATIME);
  EXPECT_EQ(FlagsOf(bind_), MS_NOSUID | MS_RELATIME);
  RecordedMount strict = overlay_;
  strict.options = "rw";
  EXPECT_EQ(FlagsOf(strict), MS_STRICTATIME);
}

TEST_F(MountOptionsTest, PropagationIsSetInOneOrTwoCalls) {
  EXPECT_THAT(PropagationFlagsOf(overlay_), ElementsAre(MS_SHARED));
  EXPECT_THAT(PropagationFlagsOf(bind_), ElementsAre(MS_SLAVE, MS_SHARED));
  RecordedMount alone = loop_;
  alone.propagation = "private";
  EXPECT_THAT(PropagationFlagsOf(alone), ElementsAre(MS_PRIVATE));
}

TEST_F(MountOptionsTest, DataIsWhatTheFileSystemTakes) {
  EXPECT_EQ(DataOf(loop_), "errors=continue");
  EXPECT_EQ(DataOf(overlay_), "lowerdir=/var/pe,upperdir=/run/pe/up,workdir=/run/pe/work");
  RecordedMount newer = overlay_;
  newer.super_options = "ro,lowerdir+=/a,lowerdir+=/b\\054c,seclabel,xino=off";
  EXPECT_EQ(DataOf(newer), "lowerdir=/a:/b,c,xino=off");
}

TEST_F(MountOptionsTest, TheHelperGetsWhatItTakes) {
  EXPECT_THAT(HelperCall(projected_, ContentProfile()),
              ElementsAre("/bin/mount", "-t", "dvs", "-o",
                          "ro,relatime,blksize=524288,nodename=x3000c0s6b0n0:x3000c0s5b0n0",
                          kArtifact, "/var/images/pe"));
}

TEST_F(MountOptionsTest, TheHelperIsToldOnceWhetherItIsReadOnly) {
  RecordedMount both = projected_;
  both.super_options = "rw,blksize=1";
  ContentProfile profile;
  profile.mount_helper = {"/m", "{options}"};
  EXPECT_THAT(HelperCall(both, profile), ElementsAre("/m", "ro,relatime,blksize=1"));
}

TEST_F(MountOptionsTest, ThePlaceholdersOfWhatIsPutInStay) {
  RecordedMount odd = projected_;
  odd.source = "/{target}";
  ContentProfile profile;
  profile.mount_helper = {"/m", "{source}", "{target}"};
  odd.target = "/t";
  EXPECT_THAT(HelperCall(odd, profile), ElementsAre("/m", "/{target}", "/t"));
}

TEST_F(MountOptionsTest, AMountIsTheSameByItsSourceItsPlaceAndWhetherItIsReadOnly) {
  EXPECT_TRUE(IsSameMount(projected_, projected_));
  RecordedMount other = projected_;
  other.super_options += ",maxnodes=2";
  EXPECT_TRUE(IsSameMount(projected_, other)) << "what DVS shows changes from mount to mount";
  other.source = kOtherArtifact;
  EXPECT_FALSE(IsSameMount(projected_, other));
  RecordedMount layered = overlay_;
  layered.super_options = "rw,lowerdir=/etc,upperdir=/run/pe/up,workdir=/run/pe/work";
  EXPECT_FALSE(IsSameMount(overlay_, layered));
  RecordedMount read_only = bind_;
  read_only.options = "ro";
  EXPECT_FALSE(IsSameMount(bind_, read_only));
}

}  // namespace
}  // namespace muster
