#include "common/outcome.h"

#include <gtest/gtest.h>

#include "common/limits.h"

namespace muster {
namespace {

TEST(Outcome, NamesAreReadBack) {
  for (int i = 0; i < 100; ++i) {
    const auto reason = static_cast<Reason>(i);
    const std::string name = Name(reason);
    if (name.starts_with("REASON_")) {
      EXPECT_EQ(ReasonFromName(name), std::nullopt) << "unknown numbers have no name to read";
    } else {
      EXPECT_EQ(ReasonFromName(name), reason) << name;
    }
  }
  EXPECT_EQ(OutcomeStateFromName("TIMED_OUT"), OutcomeState::kTimedOut);
  EXPECT_EQ(OutcomeStateFromName("timed out"), std::nullopt);
}

TEST(Outcome, ADetailIsCutBetweenLetters) {
  EXPECT_EQ(CutDetail("short"), "short");
  EXPECT_EQ(CutDetail("vi \xff\xc3"), "vi ??") << "anybody's process may be called so";
  std::string text;
  while (text.size() < 2 * limits::kMaxDetailBytes) text += "ä";
  EXPECT_EQ(CutDetail(text).size(), limits::kMaxDetailBytes);
  EXPECT_EQ(CutDetail("x" + text).size(), limits::kMaxDetailBytes - 1);
}

}  // namespace
}  // namespace muster
