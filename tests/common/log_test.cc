#include "common/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace muster {
namespace {

TEST(Log, AnEventIsOneLine) {
  setenv("JOURNAL_STREAM", "1:1", 1);
  testing::internal::CaptureStderr();
  log::Init("log_test", log::Level::kInfo);
  log::Info("command received unit=\"{}\"", "a.service\n<0>kernel: all is lost\x1b[2J");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "<6>command received unit=\"a.service?<0>kernel: all is lost?[2J\"\n");
}

}  // namespace
}  // namespace muster
