#include "controller/csm/csm_settings.h"

#include <curl/curl.h>

#include <memory>
#include <string>
#include <utility>

#include "common/ascii.h"
#include "controller/csm/curl_text.h"

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

// Without '/' at its end.
Settings::Take<std::string> UrlInto(std::string* url) {
  return [url](const std::string& text) {
    *url = text;
    while (url->ends_with('/')) url->pop_back();
    const std::string why = WhyNoUrl(*url);
    return why.empty() ? "" : "is no URL of a service: " + why;
  };
}

void ApplyGateway(CsmConfig& config) {
  if (config.gateway.empty()) return;
  const auto set = [&](std::string& url, const char* service) {
    if (url.empty()) url = config.gateway + service;
  };
  set(config.hsm, "/smd/hsm/v2");
  set(config.sls, "/sls/v1");
  set(config.hmnfd, "/hmnfd/hmi/v2");
  set(config.bss, "/bss/boot/v1");
  set(config.bos, "/bos/v2");
  set(config.cps, "/v2/cps");
}

std::string CheckTogether(const CsmConfig& config) {
  if (!config.token_url.empty() && config.client_id.empty())
    return "csm.token_url needs csm.client_id";
  const bool has_client = !config.client_id.empty() || !config.client_secret_file.empty();
  if (config.token_url.empty() && has_client)
    return "csm.client_id and csm.client_secret_file need csm.token_url";
  if (config.hsm.empty() && !config.sls.empty()) return "csm.sls needs csm.hsm";
  return "";
}

void DeclareServices(Settings& settings, CsmConfig* config) {
  const auto url = [&settings](const char* key, std::string* field, const char* about,
                               const char* example) {
    settings.TextBy({key, about, "", false}, example, false, UrlInto(field));
  };
  url("gateway", &config->gateway,
      "The API gateway. It gives those of the next six that are not given: GATEWAY/smd/hsm/v2, "
      "GATEWAY/sls/v1, GATEWAY/hmnfd/hmi/v2, GATEWAY/bss/boot/v1, GATEWAY/bos/v2, GATEWAY/v2/cps.",
      "https://api-gw-service-nmn.local/apis");
  url("hsm", &config->hsm, "Which nodes there are.", "http://cray-smd/hsm/v2");
  url("sls", &config->sls,
      "What the nodes are called. Without it compute nodes are called nid%06d. It needs hsm.",
      "http://cray-sls/v1");
  url("hmnfd", &config->hmnfd, "Who is subscribed.", "http://cray-hmnfd/hmi/v2");
  url("bss", &config->bss, "Boot parameters.", "http://cray-bss/boot/v1");
  url("bos", &config->bos, "Shuts down and boots nodes with their root on projected content.",
      "http://cray-bos/v2");
  url("cps", &config->cps, "Which workers serve projected content.",
      "https://api-gw-service-nmn.local/apis/v2/cps");
}

void DeclareAccess(Settings& settings, CsmConfig* config) {
  settings.Text({"ca", "The authorities of https (PEM). Default: the machine's own.",
                 "/etc/ssl/ca-bundle.pem", false},
                &config->ca_file);
  settings.TextBy(
      {"token_url", "Where tokens come from. Default: none are sent. It needs client_id.", "",
       false},
      "https://api-gw-service-nmn.local/keycloak/realms/shasta/protocol/openid-connect/token",
      false, UrlInto(&config->token_url));
  settings.Text({"client_id", "Needed with token_url, and only with it.", "admin-client", false},
                &config->client_id);
  settings.Text({"client_secret_file",
                 "The client's secret, read for each token. Without it the secret comes from "
                 "MUSTERD_CLIENT_SECRET in the environment.",
                 "/etc/muster/client-secret", false},
                &config->client_secret_file);
}

}  // namespace

void DeclareCsm(Settings& settings, CsmConfig* config) {
  settings.Table({"csm", "The services of CSM. One without a URL is not used."}, [config] {
    ApplyGateway(*config);
    return CheckTogether(*config);
  });
  DeclareServices(settings, config);
  DeclareAccess(settings, config);
  settings.Text(
      {"kubectl", "The program that restarts services; looked for in PATH if it has no '/'.", "",
       false},
      &config->kubectl);
  settings.Text({"namespace", "The namespace in which the services are.", "", false},
                &config->name_space);
  settings.ListBy({"hmnfd_agents",
                   "Whose subscriptions count as a node's, in any case of letters. Default: "
                   "anybody's.",
                   "", false},
                  {"orca"}, false, [config](const Texts& agents) {
                    config->hmnfd_agents.clear();
                    for (const std::string& agent : agents)
                      config->hmnfd_agents.insert(LowerCase(agent));
                    return "";
                  });
  settings.Number({"refresh", "Seconds from one reading of HSM to the next.", "", false},
                  config->refresh / 1s, {kMinRefresh, kMaxRefresh, " of seconds"},
                  [config](int64_t seconds) { config->refresh = seconds * 1s; });
}

}  // namespace muster
