#include "agent/mount/content_mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kArtifact[] = "/var/lib/cps-local/0dbb42538e05485de6f433a28c19e200";

TEST(ContentMounts, AreThoseOfTypeDvsWithAnArtifactAsTheirSource) {
  const std::string table =
      std::string("22 1 0:20 / / rw,relatime shared:1 - tmpfs root rw\n") +
      "40 22 0:41 / /var/opt/gpu\\040tools ro,relatime shared:7 master:2 - dvs " + kArtifact +
      " ro,blksize=524288\n" +
      "41 22 0:42 / /lus/home rw - dvs /lus/home rw\n"
      "42 22 0:43 / /short rw - dvs /var/lib/cps-local/0dbb rw\n"
      "43 22 0:44 / /mnt rw - nfs " +
      kArtifact + " rw\n";
  EXPECT_THAT(ParseContentMounts(table),
              ElementsAre(MountedContent{kArtifact, "/var/opt/gpu tools", "dvs"}));
}

TEST(ContentMounts, LinesOfAnotherFormArePassedOver) {
  EXPECT_THAT(ParseContentMounts(""), IsEmpty());
  EXPECT_THAT(ParseContentMounts("-\n- dvs\n1 2 3 - dvs\n\n\\\\\\"), IsEmpty());
  EXPECT_THAT(ParseContentMounts(std::string("1 2 0:1 / /a\\04 rw - dvs ") + kArtifact + " rw"),
              ElementsAre(MountedContent{kArtifact, "/a\\04", "dvs"}))
      << "half an escape is text";
}

TEST(ContentMounts, AreNotReportedWithoutLimit) {
  std::string table;
  for (size_t i = 0; i <= kMaxContentMounts; ++i) {
    table += std::string("1 2 0:1 / /a rw - dvs ") + kArtifact + " rw\n";
  }
  EXPECT_THAT(ParseContentMounts(table), SizeIs(kMaxContentMounts));
}

TEST(ContentMounts, ThisMachineHasAReadableTable) {
  for (const MountedContent& mount : ReadContentMounts()) EXPECT_EQ(mount.fstype, "dvs");
}

}  // namespace
}  // namespace muster
