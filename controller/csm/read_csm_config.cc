#include "controller/csm/read_csm_config.h"

#include <curl/curl.h>

#include <map>
#include <memory>
#include <utility>

#include "common/ascii.h"
#include "controller/csm/curl_text.h"
#include "controller/csm/json.h"

namespace muster {
namespace {

constexpr int64_t kMinRefresh =
    5;  // reading 10,000 nodes takes HSM a tenth of a second of one core
constexpr int64_t kMaxRefresh = 86'400;

struct UrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlFree>;

bool Has(const Url& url, CURLUPart part) {
  char* text = nullptr;
  const CURLUcode result = curl_url_get(url.get(), part, &text, 0);
  const CurlText owned(text);
  return result == CURLUE_OK;
}

// What keeps `text` from being the address of a service; empty if nothing does. A password in it would be shown in errors.
std::string WhyNoUrl(const std::string& text) {
  const Url url(curl_url());
  if (!text.starts_with("http://") && !text.starts_with("https://"))
    return "it must begin with http:// or https://";
  if (const CURLUcode result = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0))
    return curl_url_strerror(result);
  if (Has(url, CURLUPART_USER) || Has(url, CURLUPART_PASSWORD))
    return "it must have no user name or password";
  if (Has(url, CURLUPART_QUERY) || Has(url, CURLUPART_FRAGMENT))
    return "it must have no '?' or '#'";
  return "";
}

class Reader {
 public:
  Reader(const std::string& path, const toml::node& node) : path_(path), node_(node) {}

  absl::StatusOr<CsmConfig> Read() {
    const toml::table* const table = node_.as_table();
    if (table == nullptr) return Wrong(node_, "csm must be a table");
    for (const auto& [key, value] : *table)
      MUSTER_RETURN_IF_ERROR(ReadKey(std::string(key.str()), value));
    ApplyGateway();
    MUSTER_RETURN_IF_ERROR(CheckTogether());
    return std::move(config_);
  }

 private:
  absl::Status ReadKey(const std::string& key, const toml::node& value) {
    if (const auto url = urls_.find(key); url != urls_.end())
      return ReadUrl(key, value, url->second);
    if (const auto text = texts_.find(key); text != texts_.end())
      return ReadText(key, value, text->second);
    if (key == "hmnfd_agents") return ReadAgents(value);
    if (key == "refresh") return ReadRefresh(value);
    return Wrong(value, "unknown key csm." + key);
  }

  absl::Status ReadText(const std::string& key, const toml::node& value, std::string* result) {
    const auto text = value.value_exact<std::string>();
    if (!text || text->empty()) return Wrong(value, "csm." + key + " must be a text");
    *result = *text;
    return absl::OkStatus();
  }

  absl::Status ReadUrl(const std::string& key, const toml::node& value, std::string* result) {
    MUSTER_RETURN_IF_ERROR(ReadText(key, value, result));
    while (result->ends_with('/')) result->pop_back();
    if (const std::string why = WhyNoUrl(*result); !why.empty())
      return Wrong(value, fmt::format("csm.{} is no URL of a service: {}", key, why));
    return absl::OkStatus();
  }

  absl::Status ReadAgents(const toml::node& value) {
    const toml::array* const agents = value.as_array();
    if (agents == nullptr) return Wrong(value, "csm.hmnfd_agents must be an array of texts");
    for (const toml::node& agent : *agents) {
      std::string name;
      MUSTER_RETURN_IF_ERROR(ReadText("hmnfd_agents' elements", agent, &name));
      config_.hmnfd_agents.insert(LowerCase(std::move(name)));
    }
    return absl::OkStatus();
  }

  absl::Status ReadRefresh(const toml::node& value) {
    const auto seconds = value.value_exact<int64_t>();
    if (!seconds || *seconds < kMinRefresh || *seconds > kMaxRefresh) {
      return Wrong(value, fmt::format("csm.refresh must be a number of seconds from {} to {}",
                                      kMinRefresh, kMaxRefresh));
    }
    config_.refresh = *seconds * 1s;
    return absl::OkStatus();
  }

  void ApplyGateway() {
    if (gateway_.empty()) return;
    const auto set = [&](std::string& url, const char* service) {
      if (url.empty()) url = gateway_ + service;
    };
    set(config_.hsm, "/smd/hsm/v2");
    set(config_.sls, "/sls/v1");
    set(config_.hmnfd, "/hmnfd/hmi/v2");
    set(config_.bss, "/bss/boot/v1");
    set(config_.bos, "/bos/v2");
    set(config_.cps, "/v2/cps");
  }

  absl::Status CheckTogether() const {
    if (!config_.token_url.empty() && config_.client_id.empty())
      return Wrong(node_, "csm.token_url needs csm.client_id");
    const bool has_client = !config_.client_id.empty() || !config_.client_secret_file.empty();
    if (config_.token_url.empty() && has_client)
      return Wrong(node_, "csm.client_id and csm.client_secret_file need csm.token_url");
    if (config_.hsm.empty() && !config_.sls.empty()) return Wrong(node_, "csm.sls needs csm.hsm");
    return absl::OkStatus();
  }

  absl::Status Wrong(const toml::node& node, const std::string& what) const {
    return WrongSetting(path_, node, what);
  }

  const std::string& path_;
  const toml::node& node_;
  CsmConfig config_;
  std::string gateway_;
  const std::map<std::string, std::string*> urls_ = {
      {"gateway", &gateway_}, {"hsm", &config_.hsm},
      {"sls", &config_.sls},  {"hmnfd", &config_.hmnfd},
      {"bss", &config_.bss},  {"bos", &config_.bos},
      {"cps", &config_.cps},  {"token_url", &config_.token_url}};
  const std::map<std::string, std::string*> texts_ = {
      {"ca", &config_.ca_file},
      {"client_id", &config_.client_id},
      {"client_secret_file", &config_.client_secret_file},
      {"kubectl", &config_.kubectl},
      {"namespace", &config_.name_space}};
};

}  // namespace

absl::StatusOr<CsmConfig> ReadCsmConfig(const std::string& path, const toml::node& node) {
  return Reader(path, node).Read();
}

}  // namespace muster
