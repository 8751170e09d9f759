// The stream of one answer: one piece waits at a time.
#include "controller/web/web_exchange.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(WebStream, WantsMoreOnlyWhenTheLastPieceWasTaken) {
  WebStream stream;
  EXPECT_TRUE(stream.Wants());
  stream.Put("piece");
  EXPECT_FALSE(stream.Wants());
  EXPECT_TRUE(stream.is_open());
}

TEST(WebStream, TakesNothingAfterItsEnd) {
  WebStream stream;
  stream.End();
  EXPECT_FALSE(stream.Wants());
}

TEST(WebError, IsOneSentenceAsJson) {
  const WebAnswer answer = WebError(404, "there is no \"x\"\xff");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "{\"error\":\"there is no \\\"x\\\"\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace muster
