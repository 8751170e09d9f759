#include "common/content.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

RecordedMount At(const std::string& target, const std::string& source) {
  return {MountKind::kProjected, "dvs", source, target, "ro", "ro", "shared", false};
}

TEST(MergedRecords, ANewerMountTakesThePlaceOfTheOlderAtItsTarget) {
  ContentRecord record{{At("/a", "1"), At("/b", "2"), At("/b", "3"), At("/c", "4")}};
  Merge({{At("/b", "5"), At("/d", "6"), At("/a", "7")}}, &record);
  EXPECT_EQ(record, (ContentRecord{{At("/a", "7"), At("/b", "5"), At("/c", "4"), At("/d", "6")}}))
      << "in the order of mounting";
  ContentRecord none;
  Merge(record, &none);
  EXPECT_EQ(none, record);
}

}  // namespace
}  // namespace muster
