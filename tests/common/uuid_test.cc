#include "common/uuid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace muster {
namespace {

TEST(UuidTest, HasTheFormVersionAndVariantOfRfc9562) {
  const std::string id = NewUuid();
  EXPECT_TRUE(IsUuid(id)) << id;
  EXPECT_EQ(id[14], '7') << id;
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
}

TEST(UuidTest, EachIsGreaterThanTheOneBefore) {
  std::vector<std::string> ids;
  for (int i = 0; i < 50'000; ++i)
    ids.push_back(NewUuid());  // more than one counter in a millisecond
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST(UuidTest, ThreadsNeverGetTheSame) {
  std::vector<std::string> a, b;
  const auto fill = [](std::vector<std::string>& ids) {
    for (int i = 0; i < 5'000; ++i) ids.push_back(NewUuid());
  };
  std::thread other(fill, std::ref(a));
  fill(b);
  other.join();
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  EXPECT_EQ(std::adjacent_find(a.begin(), a.end()), a.end());
}

TEST(UuidTest, KnowsWhatIsNone) {
  EXPECT_TRUE(IsUuid("0192F0C1-7a3b-7def-8123-0123456789ab"));
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid("0192f0c1-7a3b-7def-8123-0123456789a"));
  EXPECT_FALSE(IsUuid("0192f0c1-7a3b-7def-8123-0123456789ag"));
  EXPECT_FALSE(IsUuid("0192f0c107a3b-7def-8123-0123456789ab"));
}

}  // namespace
}  // namespace muster
