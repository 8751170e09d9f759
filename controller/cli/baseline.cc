#include "controller/cli/baseline.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include "controller/cli/follow.h"
#include "controller/cli/json.h"
#include "controller/cli/part_file.h"
#include "controller/nodeset/node_name.h"

namespace muster::cli {
namespace {

absl::Status Wrong(const std::string& what) {
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "{}; it must be what `muster subscriptions save` wrote", what);
}

absl::StatusOr<v1::Subscriber> ReadSubscriber(const Json& json) {
  if (!json.is_object() || !json.contains("node") || !json["node"].is_string() ||
      !json.contains("agents") || !json["agents"].is_array()) {
    return Wrong("a subscriber has no node or no agents");
  }
  v1::Subscriber subscriber;
  subscriber.set_node(json["node"].get<std::string>());
  if (!IsNodeName(subscriber.node()))
    return Wrong(fmt::format("\"{}\" is no name of a node", subscriber.node()));
  for (const Json& agent : json["agents"]) {
    if (!agent.is_string())
      return Wrong(fmt::format("an agent of {} is no text", subscriber.node()));
    subscriber.add_agents(agent.get<std::string>());
  }
  return subscriber;
}

// Others may read it, for it has no secrets.
absl::Status WriteFile(const std::string& path, const std::string& text) {
  absl::StatusOr<PartFile> file = PartFile::Create(path, /*may_replace=*/false, 0644);
  MUSTER_RETURN_IF_ERROR(file.status());
  MUSTER_RETURN_IF_ERROR(file->Write(text));
  return file->Finish();
}

}  // namespace

absl::StatusOr<std::vector<v1::Subscriber>> ParseBaseline(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Wrong("that is no JSON");
  if (!json.is_object() || !json.contains("subscribers") || !json["subscribers"].is_array())
    return Wrong("there is no list of subscribers");
  std::vector<v1::Subscriber> subscribers;
  for (const Json& each : json["subscribers"]) {
    absl::StatusOr<v1::Subscriber> subscriber = ReadSubscriber(each);
    MUSTER_RETURN_IF_ERROR(subscriber.status());
    subscribers.push_back(std::move(*subscriber));
  }
  return subscribers;
}

absl::StatusOr<std::vector<v1::Subscriber>> ReadBaseline(const std::string& path) {
  std::ifstream file(path);
  if (!file) return ErrnoStatus(errno, "read the baseline " + path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  absl::StatusOr<std::vector<v1::Subscriber>> subscribers = ParseBaseline(text);
  if (subscribers.ok()) return subscribers;
  return MakeStatus(subscribers.status().code(), "{}: {}", path, Message(subscribers.status()));
}

std::string BaselineText(const std::vector<v1::Subscriber>& subscribers, const std::string& time) {
  Json list = Json::array();
  for (const v1::Subscriber& subscriber : subscribers) {
    Json agents = Json::array();
    for (const std::string& agent : subscriber.agents()) agents.push_back(agent);
    list.push_back({{"node", subscriber.node()}, {"agents", std::move(agents)}});
  }
  return JsonText({{"saved", time}, {"subscribers", std::move(list)}});
}

absl::Status WriteBaseline(const std::string& path, const std::string& text) {
  if (path == "-") {
    Print(text);
    return absl::OkStatus();
  }
  const absl::Status status = WriteFile(path, text);
  if (status.code() != absl::StatusCode::kAlreadyExists) return status;
  return MakeStatus(status.code(),
                    "{} exists, and a baseline is not written over: name another file", path);
}

}  // namespace muster::cli
