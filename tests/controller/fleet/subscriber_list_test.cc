// HMNFD's list, asked for by one and left alone when it cannot be read.
#include "controller/fleet/subscriber_list.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using Subscribers = SubscriberList::Subscribers;

class SubscriberListTest : public testing::Test {
 protected:
  SubscriberListTest()
      : list_([this](SubscriberList::ListDone done) { asked_.push_back(std::move(done)); },
              clock_) {
    list_.OnChange([this] { ++changes_; });
  }
  void Refresh() {
    list_.Refresh(10s, [this] { ++answered_; });
  }
  void Answer(absl::StatusOr<SubscriberList::List> list) {
    std::exchange(asked_, {}).front()(std::move(list));
  }
  static SubscriberList::List Of(const Subscribers& subscribers) {
    return std::make_shared<const Subscribers>(subscribers);
  }

  ManualTime clock_;
  std::vector<SubscriberList::ListDone> asked_;
  int answered_ = 0;
  int changes_ = 0;
  SubscriberList list_;
};

TEST_F(SubscriberListTest, OneAsksAndTheOthersGetWhatIsKnown) {
  Refresh();
  Refresh();
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_EQ(answered_, 1) << "the second, at once";
  Answer(Of({{"x1", {"orca"}}}));
  EXPECT_EQ(answered_, 2);
  EXPECT_TRUE(list_.Get().list->contains("x1"));
  Refresh();
  EXPECT_TRUE(asked_.empty()) << "it is fresh";
  clock_.Advance(11s);
  Refresh();
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(SubscriberListTest, OnlyAnotherListIsAChange) {
  Refresh();
  Answer(Of({{"x1", {"orca"}}}));
  clock_.Advance(11s);
  Refresh();
  Answer(Of({{"x1", {"orca"}}}));
  EXPECT_EQ(changes_, 1);
  clock_.Advance(11s);
  Refresh();
  Answer(Of({}));
  EXPECT_EQ(changes_, 2);
}

TEST_F(SubscriberListTest, WhenItCannotBeReadItIsLeftAloneAndTheOldOneServesAWhile) {
  Refresh();
  Answer(Of({}));
  clock_.Advance(11s);
  Refresh();
  Answer(absl::UnavailableError("HTTP 503"));
  EXPECT_EQ(list_.Get().problem, "HTTP 503");
  EXPECT_NE(list_.Get().list, nullptr);
  clock_.Advance(SubscriberList::kRetry - 1s);
  Refresh();
  EXPECT_TRUE(asked_.empty());
  clock_.Advance(1s);
  Refresh();
  EXPECT_EQ(asked_.size(), 1u);
  clock_.Advance(SubscriberList::kUsable);
  EXPECT_EQ(list_.Get().list, nullptr);
}

}  // namespace
}  // namespace muster
