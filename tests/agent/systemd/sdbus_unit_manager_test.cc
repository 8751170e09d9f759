// What SdBusUnitManager promises when the bus is not there. What it does on a real one is tested on the bed's hosts, with
// unit_manager_probe.
#include "agent/systemd/sdbus_unit_manager.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "agent/systemd/unit_result.h"

namespace muster {
namespace {

constexpr char kUnit[] = "cray-orca.service";

class NoHandler final : public UnitManager::Handler {
 public:
  void OnJobRemoved(const std::string&, uint32_t, const std::string&) override {}
  void OnWatchRestored(const std::string&) override {}
  void OnUnitsChanged() override {}
};

// A loop, and a place for a bus of the test's own.
class SdBusUnitManagerTest : public ::testing::Test {
 protected:
  SdBusUnitManagerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "muster-bus-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    socket_ = directory_ / "bus";
    setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket_.string()).c_str(), 1);
    sd_event_new(&event_);
  }
  ~SdBusUnitManagerTest() override {
    sd_event_unref(event_);
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    std::filesystem::remove_all(directory_);
  }

  // A socket that takes connections and says nothing.
  int Listen() const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd, 4), 0);
    return fd;
  }

  // Runs the loop until `is_done`, or until it is clear that it will not be.
  void RunUntil(const std::function<bool()>& is_done) const {
    for (int i = 0; i < 1000 && !is_done(); ++i) {
      ASSERT_GT(sd_event_run(event_, 10'000'000), 0) << "nothing happened for 10 s";
    }
    ASSERT_TRUE(is_done());
  }

  // What waits to happen, without waiting for more.
  void RunWhatIsDue() const {
    while (sd_event_run(event_, 0) > 0) {
    }
  }

  std::filesystem::path directory_;
  std::filesystem::path socket_;
  sd_event* event_ = nullptr;
  NoHandler handler_;
};

TEST_F(SdBusUnitManagerTest, WithoutABusEveryCallIsAnsweredOnceAndLater) {
  SdBusUnitManager manager(event_, handler_);
  std::vector<absl::Status> watched, inspected;
  std::vector<RestartAnswer> restarted;

  manager.Inspect(kUnit, [&](const auto& state) { inspected.push_back(state.status()); });
  manager.Restart(kUnit, [&](const RestartAnswer& answer) { restarted.push_back(answer); });
  manager.Watch(kUnit, [&](const absl::Status& status) { watched.push_back(status); });
  ASSERT_EQ(watched.size() + inspected.size() + restarted.size(), 0u) << "not inside the call";
  RunUntil([&] { return !watched.empty() && !inspected.empty() && !restarted.empty(); });
  RunWhatIsDue();

  ASSERT_EQ(watched.size() + inspected.size() + restarted.size(), 3u);
  EXPECT_EQ(watched[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(inspected[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(restarted[0].error_name, kDisconnectedError);
  EXPECT_FALSE(IsEffectUnknown(restarted[0])) << "nothing was sent";
}

TEST_F(SdBusUnitManagerTest, ABusThatIsLostAnswersWhatWasUnderWay) {
  const int listener = Listen();
  SdBusUnitManager manager(event_, handler_);
  std::vector<absl::Status> inspected;
  std::vector<RestartAnswer> restarted;

  manager.Inspect(kUnit, [&](const auto& state) { inspected.push_back(state.status()); });
  manager.Restart(kUnit, [&](const RestartAnswer& answer) {
    restarted.push_back(answer);
    // A call from inside an answer is answered, too.
    manager.Inspect(kUnit, [&](const auto& state) { inspected.push_back(state.status()); });
  });
  close(accept(listener, nullptr, nullptr));
  close(listener);
  RunUntil([&] { return inspected.size() == 2 && restarted.size() == 1; });
  RunWhatIsDue();

  ASSERT_EQ(inspected.size() + restarted.size(), 3u);
  EXPECT_EQ(inspected[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(inspected[1].code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(IsEffectUnknown(restarted[0])) << "it may have left";
}

TEST_F(SdBusUnitManagerTest, NothingIsArmedWhenNothingIsWatchedOrAsked) {
  SdBusUnitManager manager(event_, handler_);
  int answers = 0;
  manager.Watch(kUnit, [&](const absl::Status&) { ++answers; });
  RunUntil([&] { return answers == 1; });
  manager.Unwatch(kUnit);
  RunWhatIsDue();
  // The first attempt to open the bus again would be due after 100 ms.
  EXPECT_EQ(sd_event_run(event_, 1'000'000), 0) << "something woke the loop";
}

TEST_F(SdBusUnitManagerTest, ItMayEndWhileCallsAreUnderWay) {
  const int listener = Listen();
  int answers = 0;
  {
    SdBusUnitManager manager(event_, handler_);
    manager.Watch(kUnit, [&](const absl::Status&) { ++answers; });
    manager.Restart(kUnit, [&](const RestartAnswer&) { ++answers; });
    RunWhatIsDue();
  }
  RunWhatIsDue();
  EXPECT_EQ(answers, 0);
  close(listener);
}

}  // namespace
}  // namespace muster
