#include "agent/swarm/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::swarm {
namespace {

TEST(FaultTest, IsReadFromItsText) {
  EXPECT_EQ(*ParseFault("30:silent:50:120"), (Fault{30s, FaultKind::kSilent, 0.5, 120s}));
  EXPECT_EQ(*ParseFault("0:disconnect:100"), (Fault{0s, FaultKind::kDisconnect, 1, 0s}));
  EXPECT_EQ(*ParseFault("3:flap:100:4"), (Fault{3s, FaultKind::kFlap, 1, 4s}));
  EXPECT_EQ(*ParseFault("1.5:slow:0.1:2"), (Fault{1500ms, FaultKind::kSlow, 0.001, 2s}));
  EXPECT_EQ(*ParseFault("1:flood:1:1"), (Fault{1s, FaultKind::kFlood, 0.01, 1s}));
}

TEST(FaultTest, SaysWhatIsWrong) {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "a part is missing"},
           {"30:silent", "a part is missing"},
           {"30:loud:50:1", "'loud' is no kind"},
           {"30:silent:50", "it needs FOR"},
           {"30:disconnect:50:1", "a disconnect has no FOR"},
           {"30:silent:101:1", "a number is none, or out of range"},
           {"30:silent:50%:1", "a number is none, or out of range"},
           {"-1:silent:50:1", "a number is none, or out of range"},
           {"nan:silent:50:1", "a number is none, or out of range"},
           {"1e9:silent:50:1", "a number is none, or out of range"}}) {
    const absl::StatusOr<Fault> fault = ParseFault(text);
    ASSERT_FALSE(fault.ok()) << text;
    EXPECT_THAT(std::string(fault.status().message()),
                testing::StartsWith("'" + text + "': " + why + "; a fault is AT:KIND:SHARE[:FOR]"));
  }
}

}  // namespace
}  // namespace muster::swarm
