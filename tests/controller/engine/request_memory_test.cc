// A request that is repeated makes nothing new.
#include "controller/engine/request_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(RequestMemory, KnowsWhatTheSameRequestMade) {
  RequestMemory memory(10, JobName);
  EXPECT_EQ(memory.Find("r", "digest"), std::nullopt);
  memory.Remember({"r", "digest", "j"});
  const auto made = memory.Find("r", "digest");
  ASSERT_TRUE(made && made->ok());
  EXPECT_EQ(**made, "j");
}

TEST(RequestMemory, AnIdIsForOneRequestAlone) {
  RequestMemory memory(10, JobName);
  memory.Remember({"r", "digest", "j"});
  const auto made = memory.Find("r", "other digest");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Message(made->status()),
            "request_id r was used for another request, which made jobs/j; use a new one");
}

TEST(RequestMemory, ForgetsTheOldest) {
  RequestMemory memory(2, JobName);
  for (const char* id : {"r1", "r2", "r3"}) memory.Remember({id, "digest", "j"});
  EXPECT_FALSE(memory.Find("r1", "digest"));
  EXPECT_TRUE(memory.Find("r2", "digest"));
  EXPECT_TRUE(memory.Find("r3", "digest"));
}

TEST(RequestMemory, WhatIsToldTwiceCountsOnce) {
  RequestMemory memory(2, JobName);
  for (const char* id : {"r1", "r2", "r2", "r2"}) memory.Remember({id, "digest", "j"});
  EXPECT_TRUE(memory.Find("r1", "digest"));
}

TEST(RequestMemory, WithoutAnIdEachRequestIsNew) {
  RequestMemory memory(2, JobName);
  memory.Remember({"", "digest", "j"});
  EXPECT_FALSE(memory.Find("", "digest"));
}

}  // namespace
}  // namespace muster
