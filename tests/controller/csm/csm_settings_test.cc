// The table [csm] as people write it.
#include "controller/csm/csm_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakes/test_certificates.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CsmConfigTest : public ::testing::Test {
 protected:
  absl::StatusOr<CsmConfig> Read(const std::string& text) {
    std::ofstream(path_) << text;
    CsmConfig config;
    Settings settings("");
    DeclareCsm(settings, &config);
    MUSTER_RETURN_IF_ERROR(settings.Read(path_));
    return config;
  }
  // Without the path.
  std::string ErrorOf(const std::string& text) {
    const absl::Status status = Read(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    const std::string message = Message(status);
    EXPECT_TRUE(message.starts_with(path_ + ":")) << message;
    return message.substr(std::min(message.size(), path_.size() + 1));
  }

  TempDir dir_;
  const std::string path_ = dir_.path() + "/musterd.toml";
};

TEST_F(CsmConfigTest, AnEmptyTableUsesNoService) {
  const auto config = Read("[csm]\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->hsm + config->sls + config->hmnfd + config->bss + config->token_url, "");
  EXPECT_EQ(config->kubectl, "kubectl");
  EXPECT_EQ(config->name_space, "services");
  EXPECT_EQ(config->refresh, 60s);
  EXPECT_TRUE(config->hmnfd_agents.empty());
  EXPECT_FALSE(config->is_used());
}

TEST_F(CsmConfigTest, AllKeys) {
  const auto config = Read(
      "[csm]\nhsm = 'http://cray-smd/hsm/v2/'\nsls = 'http://cray-sls/v1'\n"
      "hmnfd = 'http://cray-hmnfd/hmi/v2'\nbss = 'http://cray-bss/boot/v1'\n"
      "bos = 'http://cray-bos/v2'\ncps = 'http://cray-cps/v2/cps'\n"
      "ca = '/etc/ssl/ca-bundle.pem'\ntoken_url = 'https://k/token'\nclient_id = 'admin-client'\n"
      "client_secret_file = '/etc/muster/client-secret'\nkubectl = '/usr/bin/kubectl'\n"
      "namespace = 'other'\nhmnfd_agents = ['ORCA', 'dvs']\nrefresh = 30\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->hsm, "http://cray-smd/hsm/v2") << "without the last '/'";
  EXPECT_EQ(config->sls, "http://cray-sls/v1");
  EXPECT_EQ(config->hmnfd, "http://cray-hmnfd/hmi/v2");
  EXPECT_EQ(config->bss, "http://cray-bss/boot/v1");
  EXPECT_EQ(config->bos, "http://cray-bos/v2");
  EXPECT_EQ(config->cps, "http://cray-cps/v2/cps");
  EXPECT_EQ(config->ca_file, "/etc/ssl/ca-bundle.pem");
  EXPECT_EQ(config->token_url, "https://k/token");
  EXPECT_EQ(config->client_id, "admin-client");
  EXPECT_EQ(config->client_secret_file, "/etc/muster/client-secret");
  EXPECT_EQ(config->kubectl, "/usr/bin/kubectl");
  EXPECT_EQ(config->name_space, "other");
  EXPECT_THAT(config->hmnfd_agents, ElementsAre("dvs", "orca"));
  EXPECT_EQ(config->refresh, 30s);
}

TEST_F(CsmConfigTest, TheGatewayGivesWhatIsNotGiven) {
  const auto config = Read(
      "[csm]\nhmnfd = 'http://cray-hmnfd/hmi/v2'\n"
      "gateway = 'https://api-gw-service-nmn.local/apis'\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->hsm, "https://api-gw-service-nmn.local/apis/smd/hsm/v2");
  EXPECT_EQ(config->sls, "https://api-gw-service-nmn.local/apis/sls/v1");
  EXPECT_EQ(config->hmnfd, "http://cray-hmnfd/hmi/v2");
  EXPECT_EQ(config->bss, "https://api-gw-service-nmn.local/apis/bss/boot/v1");
  EXPECT_EQ(config->bos, "https://api-gw-service-nmn.local/apis/bos/v2");
  EXPECT_EQ(config->cps, "https://api-gw-service-nmn.local/apis/v2/cps");
}

TEST_F(CsmConfigTest, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(ErrorOf("csm = 1\n"), "1: csm must be a table");
  EXPECT_EQ(ErrorOf("[csm]\nhms = 'http://h'\n"), "2: unknown key csm.hms; did you mean csm.hsm?");
  EXPECT_EQ(ErrorOf("[csm]\n\nhsm = 1\n"), "3: csm.hsm must be a text");
  EXPECT_EQ(ErrorOf("[csm]\nclient_id = ''\n"), "2: csm.client_id must be a text");
  EXPECT_EQ(ErrorOf("[csm]\nhmnfd_agents = 'orca'\n"),
            "2: csm.hmnfd_agents must be an array of texts");
  EXPECT_THAT(ErrorOf("[csm]\nhmnfd_agents = ['orca', 1]\n"),
              HasSubstr("must be an array of texts"));
  EXPECT_EQ(ErrorOf("[csm]\nrefresh = 4\n"),
            "2: csm.refresh must be a number of seconds from 5 to 86400");
  EXPECT_THAT(ErrorOf("[csm]\nrefresh = '60'\n"), HasSubstr("csm.refresh must be"));
}

TEST_F(CsmConfigTest, UrlsAreUrls) {
  EXPECT_EQ(ErrorOf("[csm]\nhsm = 'cray-smd/hsm/v2'\n"),
            "2: csm.hsm is no URL of a service: it must begin with http:// or https://");
  EXPECT_THAT(ErrorOf("[csm]\nhsm = 'http://'\n"), HasSubstr("no URL of a service"));
  EXPECT_THAT(ErrorOf("[csm]\nhsm = 'http://h:port/'\n"), HasSubstr("no URL of a service"));
  EXPECT_THAT(ErrorOf("[csm]\ngateway = 'https://me:pass@h/apis'\n"),
              HasSubstr("it must have no user name or password"));
  EXPECT_THAT(ErrorOf("[csm]\nhsm = 'http://h/?a=b'\n"), HasSubstr("no '?' or '#'"));
}

TEST_F(CsmConfigTest, KeysThatNeedEachOther) {
  EXPECT_EQ(ErrorOf("[csm]\ntoken_url = 'https://k/token'\n"),
            "1: csm.token_url needs csm.client_id");
  EXPECT_EQ(ErrorOf("[csm]\nclient_id = 'c'\n"),
            "1: csm.client_id and csm.client_secret_file need csm.token_url");
  EXPECT_EQ(ErrorOf("[csm]\nsls = 'http://cray-sls/v1'\n"), "1: csm.sls needs csm.hsm");
}

}  // namespace
}  // namespace muster
