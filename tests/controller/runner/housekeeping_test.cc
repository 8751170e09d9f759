// The store is tidied when there is cause, and else hardly ever.
#include "controller/runner/housekeeping.h"

#include <gmock/gmock.h>

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Time kStart{1'700'000'000s};

// Has so many pieces to do.
class PiecesStore final : public JobStore {
 public:
  absl::Status Commit(const std::vector<Record>&,
                      const std::vector<OperationRecord>& = {}) override {
    return absl::OkStatus();
  }
  absl::StatusOr<Loaded> Load(size_t) override { return Loaded(); }
  absl::StatusOr<LoadedOperations> LoadOperations() override { return LoadedOperations(); }
  absl::StatusOr<bool> Tidy(Time) override {
    ++calls;
    if (!status.ok()) return status;
    if (pieces > 0) --pieces;
    return pieces > 0;
  }
  const Epoch& epoch() const override { return epoch_; }

  int pieces = 0;
  int calls = 0;
  absl::Status status;

 private:
  Epoch epoch_;
};

class HousekeepingTest : public testing::Test {
 protected:
  // As the runner does while nothing else is to do.
  int WorkWhileDue(Time now) {
    int pieces = 0;
    for (; housekeeping_.due() <= now && pieces < 100; ++pieces) housekeeping_.Work(now);
    return pieces;
  }
  static std::vector<Record> Ended() {
    JobChanged ended{"j", {}};
    ended.status.state = JobState::kSucceeded;
    return {ended};
  }

  PiecesStore store_;
  Housekeeping housekeeping_{store_, kStart};
};

TEST_F(HousekeepingTest, EveryPieceIsDoneAtOnceAndThenNoneForAnHour) {
  store_.pieces = 3;
  EXPECT_EQ(WorkWhileDue(kStart), 3);
  EXPECT_EQ(housekeeping_.due(), kStart + 1h);
  housekeeping_.Work(kStart + 1h - Duration(1));
  EXPECT_EQ(store_.calls, 3) << "it was not due";
  EXPECT_EQ(WorkWhileDue(kStart + 1h), 1);
}

TEST_F(HousekeepingTest, WhatEndsIsCause) {
  WorkWhileDue(kStart);
  const std::vector<std::vector<Record>> causes = {Ended(), {LateOutcome()}, {JobDeleted()}};
  for (const std::vector<Record>& cause : causes) {
    housekeeping_.Note(kStart + 1s, cause);
    EXPECT_EQ(WorkWhileDue(kStart + 1s), 1);
  }
}

TEST_F(HousekeepingTest, WhatGoesOnIsNone) {
  WorkWhileDue(kStart);
  housekeeping_.Note(kStart + 1s, {JobCreated(), TaskChanged(), JobChanged(), NodeSeen()});
  housekeeping_.Note(kStart + 1s, {});
  EXPECT_EQ(WorkWhileDue(kStart + 1s), 0);
}

TEST_F(HousekeepingTest, AnErrorIsLoggedOnceAndTriedAgain) {
  store_.status = absl::DataLossError("a page is damaged");
  testing::internal::CaptureStdout();
  EXPECT_EQ(WorkWhileDue(kStart), 1);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("a page is damaged"));
  testing::internal::CaptureStdout();
  EXPECT_EQ(WorkWhileDue(kStart + 1h), 1);
  housekeeping_.Note(kStart + 1h + 1s, Ended());
  EXPECT_EQ(WorkWhileDue(kStart + 1h + 1s), 1);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), Not(HasSubstr("a page is damaged")));
  store_.status = absl::OkStatus();
  testing::internal::CaptureStdout();
  EXPECT_EQ(WorkWhileDue(kStart + 3h), 1);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("the store is tidied again"));
}

}  // namespace
}  // namespace muster
