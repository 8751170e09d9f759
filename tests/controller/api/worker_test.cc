// The thread behind the operators' API.
#include "controller/api/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

namespace muster {
namespace {

TEST(Worker, DoesWhatSeveralThreadsPostOneAfterTheOther) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 50;  // all together fewer than kMaxWaitingCalls
  int done = 0;               // not atomic: only the worker's thread touches it
  {
    Worker worker;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int task = 0; task < kTasks; ++task) EXPECT_TRUE(worker.Post([&done] { ++done; }));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(done, kThreads * kTasks) << "what is queued is done before it ends";
}

TEST(Worker, TakesNoMoreThanItsLimitButWhatIsReserved) {
  std::promise<void> go;
  size_t done = 0;
  {
    Worker worker;
    std::promise<void> has_begun;
    ASSERT_TRUE(worker.Post([&] {
      has_begun.set_value();
      go.get_future().wait();
    }));
    has_begun.get_future().wait();
    for (size_t i = 0; i < kMaxWaitingCalls; ++i) ASSERT_TRUE(worker.Post([&done] { ++done; }));
    EXPECT_FALSE(worker.Post([&done] { ++done; }));
    worker.PostReserved([&done] { ++done; });
    go.set_value();
  }
  EXPECT_EQ(done, kMaxWaitingCalls + 1);
}

}  // namespace
}  // namespace muster
