#include "controller/web/web_api.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "common/version.h"
#include "controller/api/convert.h"
#include "controller/store/policy_proto.h"
#include "controller/web/job_json.h"

namespace muster {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShownEvents = 50;
constexpr size_t kShownJobs = 50;
constexpr char kNodePath[] = "/api/node/";

WebAnswer AnswerOf(const Json& json) {
  return {.body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

WebAnswer AnswerOf(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  WebAnswer answer;
  if (!google::protobuf::util::MessageToJsonString(message, &answer.body, options).ok())
    return WebError(500, "the answer cannot be written as JSON");
  return answer;
}

WebAnswer ErrorOf(const absl::Status& status) {
  const bool is_unknown = absl::IsNotFound(status);
  const bool is_wrong = absl::IsInvalidArgument(status);
  return WebError(is_unknown ? 404 : is_wrong ? 400 : 503, Message(status));
}

std::string TimeText(Time time) {
  return google::protobuf::util::TimeUtil::ToString(ToProto(time));
}

v1::ListHealthEventsResponse EventsOf(const std::vector<HealthEvent>& events) {
  v1::ListHealthEventsResponse response;
  for (const HealthEvent& event : events) *response.add_events() = ToProto(event);
  return response;
}

Json KindNames() {
  Json kinds = Json::array();
  for (int kind = 1; kind < kConditionKinds; ++kind)
    kinds.push_back(Name(static_cast<ConditionKind>(kind)));
  return kinds;
}

}  // namespace

void WebApi::Handle(const WebRequest& request, const WebHandler::Done& done) {
  const std::string& path = request.path;
  if (path == "/api/health") {
    sources_.health.Get(sources_.registry.All(), v1::HEALTH_BY_UNSPECIFIED,
                        [done](const v1::Health& health) { done(AnswerOf(health)); });
    return;
  }
  if (path == "/api/map") return done(Map());
  if (path == "/api/jobs") return done(Jobs());
  if (path == "/api/history") return done(History());
  if (path == "/api/select") return done(Select(request.query));
  if (path.starts_with(kNodePath)) return done(Node(path.substr(sizeof(kNodePath) - 1)));
  done(WebError(404, "there is no " + path));
}

WebAnswer WebApi::Map() const {
  const FleetPicture picture = sources_.fleet.picture();
  Json nodes = Json::array();
  Json aliases = Json::array();
  Json conditions = Json::array();
  Json role_of = Json::array();
  std::vector<std::string> roles;
  for (const PictureRow& row : picture.rows()) {
    nodes.push_back(row.xname);
    aliases.push_back(row.alias);
    conditions.push_back(row.letters);
    auto role = std::find(roles.begin(), roles.end(), row.role);
    if (role == roles.end()) role = roles.insert(roles.end(), row.role);
    role_of.push_back(role - roles.begin());
  }
  return AnswerOf({{"revision", picture.revision()},
                   {"version", kVersion},
                   {"started", TimeText(started_)},
                   {"kinds", KindNames()},
                   {"nodes", std::move(nodes)},
                   {"aliases", std::move(aliases)},
                   {"roles", roles},
                   {"role_of", std::move(role_of)},
                   {"conditions", std::move(conditions)}});
}

WebAnswer WebApi::Node(const std::string& name) const {
  const absl::StatusOr<NodeInfo> node = sources_.registry.Find(name);
  if (!node.ok()) return ErrorOf(node.status());
  v1::Node proto = ToProto(*node);
  sources_.health.AddConditions(*node, &proto);
  const absl::StatusOr<std::vector<HealthEvent>> events =
      sources_.history.EventsOf({node->xname}, kShownEvents);
  if (events.ok()) *proto.mutable_events() = EventsOf(*events).events();
  return AnswerOf(proto);
}

WebAnswer WebApi::History() const {
  const absl::StatusOr<std::vector<HealthEvent>> events = sources_.history.Events(kShownEvents);
  if (!events.ok()) return ErrorOf(events.status());
  return AnswerOf(EventsOf(*events));
}

WebAnswer WebApi::Jobs() const {
  const absl::StatusOr<std::vector<JobSummary>> jobs = sources_.jobs.ListJobs(kShownJobs, "");
  if (!jobs.ok()) return ErrorOf(jobs.status());
  Json list = Json::array();
  for (const JobSummary& job : *jobs) list.push_back(JobJson(job));
  return AnswerOf(Json{{"jobs", std::move(list)}});
}

WebAnswer WebApi::Select(const std::map<std::string, std::string>& query) const {
  const auto text = query.find("q");
  if (text == query.end()) return WebError(400, "which nodes? /api/select?q=NODESET");
  TargetSpec targets;
  targets.node_sets = {text->second};
  targets.include_disabled = true;
  const absl::StatusOr<Resolved> resolved = sources_.registry.Resolve(targets);
  if (!resolved.ok()) return ErrorOf(resolved.status());
  Json numbers = Json::array();
  for (const std::optional<size_t> number : sources_.fleet.NumbersOf(resolved->xnames))
    if (number) numbers.push_back(*number);
  return AnswerOf(Json{{"nodes", std::move(numbers)}});
}

}  // namespace muster
