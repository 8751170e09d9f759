// HSM, read again and again.
#include "controller/csm/hsm_poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "common/log.h"
#include "controller/csm/csm_services.h"
#include "tests/fakes/http_server.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kNodes[] = "GET /State/Components?type=Node";
constexpr char kOne[] = R"({"Components":[{"ID":"x1"}]})";
constexpr char kTwo[] = R"({"Components":[{"ID":"x1"},{"ID":"x2"}]})";
// What the tests call at once: less than any timeout of the product.
constexpr auto kSoon = std::chrono::seconds(5);

class HsmPollerTest : public ::testing::Test {
 protected:
  HsmPollerTest() {
    log::Init("test", log::Level::kInfo);
    server_.Script("GET /memberships?type=Node", {{200, "[]"}});
    CsmConfig config;
    config.hsm = server_.url();
    services_.emplace(config, clock_);
  }
  ~HsmPollerTest() override { services_->Stop(); }

  void Poll(Duration interval) {
    poller_.emplace(*services_->nodes(), interval, [this](const std::vector<InventoryNode>& nodes) {
      const MutexLock lock(mutex_);
      sizes_.push_back(nodes.size());
      changed_.notify_all();
    });
  }
  // How many nodes the first pictures have; waits for so many.
  std::vector<size_t> Pictures(size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const MutexLock lock(mutex_);
    while (sizes_.size() < count) {
      if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) return sizes_;
    }
    return {sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  std::chrono::steady_clock::duration End() {
    const auto began = std::chrono::steady_clock::now();
    services_->Stop();
    poller_.reset();
    return std::chrono::steady_clock::now() - began;
  }

  HttpServer server_;
  const SystemClock clock_;
  std::optional<CsmServices> services_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<size_t> sizes_ MUSTER_GUARDED_BY(mutex_);
  std::optional<HsmPoller> poller_;  // last: its thread uses the others
};

TEST_F(HsmPollerTest, GivesEachPicture) {
  server_.Script(kNodes, {{200, kOne}, {200, kTwo}});
  Poll(1ms);
  EXPECT_THAT(Pictures(3), ElementsAre(1, 2, 2));
}

TEST_F(HsmPollerTest, AnErrorIsNoPictureAndIsToldOnce) {
  server_.Script(kNodes, {{200, kOne}, {404}, {404}, {200, "not JSON"}, {200, kTwo}});
  testing::internal::CaptureStderr();
  Poll(1ms);
  EXPECT_THAT(Pictures(3), ElementsAre(1, 2, 2));
  End();
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  EXPECT_THAT(lines, HasSubstr("what HSM said last is used"));
  EXPECT_THAT(lines, HasSubstr("HSM answers again nodes=2"));
}

TEST_F(HsmPollerTest, StopsWhileItSleeps) {
  server_.Script(kNodes, {{200, kOne}});
  Poll(24h);
  EXPECT_THAT(Pictures(1), ElementsAre(1));
  EXPECT_LT(End(), kSoon);
}

TEST_F(HsmPollerTest, StopsWhileHsmIsSilentAndComplainsOfNothing) {
  server_.Script(kNodes, {{.manner = HttpAnswer::Manner::kSilent}});
  testing::internal::CaptureStderr();
  Poll(1ms);
  while (server_.requests().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_LT(End(), kSoon);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace muster
