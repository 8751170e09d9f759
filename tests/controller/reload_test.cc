// What SIGHUP changes: all of it, or nothing.
#include "controller/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "common/log.h"
#include "tests/controller/edge/test_pki.h"

namespace muster {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    std::string pattern = testing::TempDir() + "muster_reload_XXXXXX";
    dir_ = mkdtemp(pattern.data());
    store_ = std::move(*SqliteJobStore::Open(dir_));
    history_ = std::move(*SqliteHistory::Open(dir_, 24h));
    config_.tls_dir =
        pki_.MakeTlsDir("first", certificate_ = pki_.Issue("spiffe://muster/controller/c"));
    config_.inventory_file = dir_ + "/inventory.toml";
    std::ofstream(config_.inventory_file) << "[[node]]\nxname = \"x1000c0s0b0n0\"\n";
    Set("inventory", config_.inventory_file);
    log::Init("test", log::Level::kInfo);
  }
  ~ReloadTest() override { std::filesystem::remove_all(dir_); }

  void Set(const std::string& key, const std::string& value) { config_.given[key] = value; }
  void SetWeb(const std::string& listen) {
    config_.web.listen = listen;
    config_.given.erase("web.listen");
    if (!listen.empty()) Set("web.listen", listen);
  }
  // With the settings as they are now.
  void Start() {
    reloader_.emplace(
        config_, [this] { return absl::StatusOr<ControllerConfig>(config_); },
        Reloader::Running{registry_, revoked_, *store_, *history_,
                          [this](const ControllerConfig&, const WebFiles& files) {
                            web_files_.push_back(files);
                            return web_status_;
                          }});
  }
  // What the log says.
  std::string Reload() {
    testing::internal::CaptureStderr();
    reloader_->Reload();
    return testing::internal::GetCapturedStderr();
  }

  std::string dir_;
  TestPki pki_;
  TestCertificate certificate_;
  NodeRegistry registry_{{}};
  RevokedFile revoked_{""};
  std::unique_ptr<SqliteJobStore> store_;
  std::unique_ptr<SqliteHistory> history_;
  ControllerConfig config_;  // what its file says
  std::optional<Reloader> reloader_;
  std::vector<WebFiles> web_files_;  // each time that the web port was given some
  absl::Status web_status_;
};

TEST_F(ReloadTest, AWebPortThatDoesNotStartLeavesAllAsItWas) {
  SetWeb("127.0.0.1:7422");
  Start();
  SetWeb("127.0.0.1:22");
  web_status_ = absl::FailedPreconditionError("listen on 127.0.0.1:22: it is taken");
  EXPECT_THAT(Reload(), AllOf(HasSubstr("the settings stay as they were: listen on 127.0.0.1:22"),
                              Not(HasSubstr("settings read again"))));
  EXPECT_EQ(registry_.All().size(), 0u) << "the inventory was not taken either";

  web_status_ = absl::OkStatus();
  EXPECT_THAT(Reload(), AllOf(HasSubstr("changed=web.listen take_a_restart=none nodes=1")));
  EXPECT_EQ(registry_.All().size(), 1u);
}

TEST_F(ReloadTest, AWebPortThatIsTurnedOnTakesARestartAndIsNoChange) {
  Start();
  SetWeb("127.0.0.1:7422");
  Set("inventory", "another");
  EXPECT_THAT(Reload(), HasSubstr("changed=inventory take_a_restart=web.listen "));
  EXPECT_TRUE(web_files_.empty());
}

TEST_F(ReloadTest, AWebPortThatIsTurnedOffTakesARestartToo) {
  SetWeb("127.0.0.1:7422");
  Start();
  SetWeb("");
  EXPECT_THAT(Reload(), HasSubstr("changed=none take_a_restart=web.listen "));
  EXPECT_TRUE(web_files_.empty());
}

TEST_F(ReloadTest, TheWebPortStaysWithTheDirectoryOfTheStart) {
  SetWeb("127.0.0.1:7422");
  Start();
  config_.tls_dir = pki_.MakeTlsDir("second", pki_.Issue("spiffe://muster/controller/c"));
  Set("tls_dir", config_.tls_dir);
  EXPECT_THAT(Reload(), HasSubstr("changed=none take_a_restart=tls_dir "));
  ASSERT_EQ(web_files_.size(), 1u);
  EXPECT_EQ(web_files_[0].tls.certificate, certificate_.cert_pem);
}

}  // namespace
}  // namespace muster
