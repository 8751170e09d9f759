// Every format of -o carries the same document, whatever is in it.
#include "controller/cli/document.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <toml++/toml.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <limits>
#include <sstream>

namespace muster::cli {
namespace {

using ::testing::HasSubstr;

// --- what the formats say, read by their own readers ---

Json FromYaml(const YAML::Node& node) {
  if (node.IsMap()) {
    Json json = Json::object();
    for (const auto& entry : node) json[entry.first.Scalar()] = FromYaml(entry.second);
    return json;
  }
  if (node.IsSequence()) {
    Json json = Json::array();
    for (const auto& element : node) json.push_back(FromYaml(element));
    return json;
  }
  if (node.IsNull()) return nullptr;
  // "!" is what stands in quotation marks.
  if (node.Tag() == "!") return node.Scalar();
  const Json json = Json::parse(node.Scalar(), nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(node.Scalar()) : json;
}

Json FromToml(const toml::node& node) {
  Json json;
  if (const toml::table* table = node.as_table(); table != nullptr) {
    json = Json::object();
    for (const auto& [key, value] : *table) json[std::string(key.str())] = FromToml(value);
  } else if (const toml::array* array = node.as_array(); array != nullptr) {
    json = Json::array();
    for (const toml::node& element : *array) json.push_back(FromToml(element));
  } else if (const auto* text = node.as_string(); text != nullptr) {
    json = text->get();
  } else if (const auto* integer = node.as_integer(); integer != nullptr) {
    json = integer->get();
  } else if (const auto* number = node.as_floating_point(); number != nullptr) {
    json = number->get();
  } else if (const auto* flag = node.as_boolean(); flag != nullptr) {
    json = flag->get();
  }
  return json;
}

// TOML has no null.
Json WithoutNulls(const Json& json) {
  if (!json.is_structured()) return json;
  Json rest = json.is_object() ? Json::object() : Json::array();
  for (const auto& [key, value] : json.items()) {
    if (value.is_null()) continue;
    if (json.is_object()) {
      rest[key] = WithoutNulls(value);
    } else {
      rest.push_back(WithoutNulls(value));
    }
  }
  return rest;
}

// The order of keys says nothing.
bool IsSame(const Json& a, const Json& b) {
  return nlohmann::json::parse(a.dump()) == nlohmann::json::parse(b.dump());
}

std::vector<Json> Lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

// --- documents of every shape ---

rc::Gen<std::string> AnyText() {
  const auto character = rc::gen::weightedOneOf<std::string>(
      {{8,
        rc::gen::map(rc::gen::inRange<char>(0x20, 0x7f), [](char c) { return std::string(1, c); })},
       {2, rc::gen::map(rc::gen::inRange<char>(0, 0x20), [](char c) { return std::string(1, c); })},
       {2, rc::gen::element<std::string>("\x7f", "\xc2\x85", "\xc2\xa0", "\xc3\xa4", "\xe2\x80\xa8",
                                         "\xef\xbb\xbf", "\xe2\x82\xac", "\xf0\x9f\x90\x9f")}});
  return rc::gen::oneOf(rc::gen::element<std::string>(
                            "", "true", "No", "null", "~", "0123", "1e3", "0x10", "12:30:45",
                            "2026-11-21", ".inf", "-", "- a", "a: b", "# no", "a #b", "=", "<<",
                            "!tag", "&a", "*a", "'", "\"", "\\", "{", "[", "|", ">", "@", "`", "%",
                            "jobs/7", "x1000c0s0b0n0", " a ", "a\nb", "---", "...", "y", "ON"),
                        rc::gen::map(rc::gen::container<std::vector<std::string>>(character),
                                     [](const std::vector<std::string>& characters) {
                                       std::string text;
                                       for (const std::string& c : characters) text += c;
                                       return text;
                                     }));
}

rc::Gen<Json> AnyDocument(int depth);

rc::Gen<Json> AnyValue(int depth) {
  const auto integer = rc::gen::map(
      rc::gen::oneOf(rc::gen::arbitrary<int64_t>(),
                     rc::gen::element<int64_t>(0, -1, std::numeric_limits<int64_t>::max())),
      [](int64_t n) { return Json(std::max(n, -std::numeric_limits<int64_t>::max())); });
  const auto leaf = rc::gen::oneOf(
      rc::gen::map(AnyText(), [](const std::string& text) { return Json(text); }), integer,
      rc::gen::map(rc::gen::element(0.1, -2.5, 1e20, 1e-9, 3.0, 123456.789),
                   [](double d) { return Json(d); }),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Json(b); }),
      rc::gen::just(Json(nullptr)));
  if (depth == 0) return leaf;
  const auto list = rc::gen::map(
      rc::gen::container<std::vector<Json>>(rc::gen::lazy([depth] { return AnyValue(depth - 1); })),
      [](const std::vector<Json>& elements) { return Json(elements); });
  return rc::gen::oneOf(leaf, list, rc::gen::lazy([depth] { return AnyDocument(depth - 1); }));
}

rc::Gen<Json> AnyDocument(int depth) {
  return rc::gen::map(rc::gen::container<std::vector<std::pair<std::string, Json>>>(rc::gen::pair(
                          AnyText(), rc::gen::lazy([depth] { return AnyValue(depth); }))),
                      [](const std::vector<std::pair<std::string, Json>>& entries) {
                        Json json = Json::object();
                        for (const auto& [key, value] : entries) json[key] = value;
                        return json;
                      });
}

TEST(Document, IsTheSameInEveryFormat) {
  const bool holds = rc::check([] {
    const auto size = *rc::gen::inRange(1, 12);
    const Json document = *rc::gen::resize(size, AnyDocument(3));
    const std::string json = DocumentText(document, OutputFormat::kJson);
    RC_ASSERT(Json::parse(json) == document);
    const std::string line = DocumentText(document, OutputFormat::kJsonl);
    RC_ASSERT(Lines(line) == std::vector<Json>{document});
    const std::string yaml = DocumentText(document, OutputFormat::kYaml);
    RC_LOG() << yaml;
    RC_ASSERT(IsSame(FromYaml(YAML::Load(yaml)), document));
    const std::string toml = DocumentText(document, OutputFormat::kToml);
    RC_LOG() << toml;
    RC_ASSERT(IsSame(FromToml(toml::parse(toml)), WithoutNulls(document)));
  });
  EXPECT_TRUE(holds);
}

TEST(Document, OfAListIsALineForEachElement) {
  const Json jobs = {{"jobs", Json::array({{{"name", "jobs/7"}}, {{"name", "jobs/8"}}})}};
  EXPECT_EQ(DocumentText(jobs, OutputFormat::kJsonl, "/jobs"),
            "{\"name\":\"jobs/7\"}\n{\"name\":\"jobs/8\"}\n");
  EXPECT_EQ(DocumentText({{"jobs", Json::array()}}, OutputFormat::kJsonl, "/jobs"), "");
}

TEST(Document, OfAJobIsALineForItAndOneForEachTask) {
  const Json tasks = Json::array({{{"node", "x1"}}, {{"node", "x2"}}});
  EXPECT_EQ(DocumentText({{"name", "jobs/7"}, {"tasks", tasks}}, OutputFormat::kJsonl, "/tasks"),
            "{\"name\":\"jobs/7\"}\n{\"node\":\"x1\"}\n{\"node\":\"x2\"}\n");
  const Json operation = {{"name", "operations/3"},
                          {"job", {{"name", "jobs/7"}, {"tasks", tasks}}}};
  EXPECT_EQ(DocumentText(operation, OutputFormat::kJsonl, "/job/tasks"),
            "{\"name\":\"operations/3\",\"job\":{\"name\":\"jobs/7\"}}\n{\"node\":\"x1\"}\n"
            "{\"node\":\"x2\"}\n");
  // An operation that has no job yet.
  EXPECT_EQ(DocumentText({{"name", "operations/3"}}, OutputFormat::kJsonl, "/job/tasks"),
            "{\"name\":\"operations/3\"}\n");
}

TEST(Document, InYamlKeepsItsOrderAndItsTextsTexts) {
  const Json document = {{"name", "jobs/7"}, {"create_time", "2026-11-21T08:04:11Z"},
                         {"detail", "on"},   {"count", 3},
                         {"rate", 1e20},     {"outcome", nullptr}};
  EXPECT_EQ(DocumentText(document, OutputFormat::kYaml),
            "name: jobs/7\n"
            "create_time: \"2026-11-21T08:04:11Z\"\n"
            "detail: \"on\"\n"
            "count: 3\n"
            "rate: 1.0e+20\n"
            "outcome: ~\n");
}

TEST(Document, InTomlHasNoNullAndATableForEachTask) {
  const Json document = {{"name", "jobs/7"},
                         {"end_time", nullptr},
                         {"detail", "f\xc3\xbcnf"},
                         {"most", std::numeric_limits<uint64_t>::max()},
                         {"tasks", Json::array({{{"node", "x1"}}, {{"node", "x2"}}})}};
  const std::string text = DocumentText(document, OutputFormat::kToml);
  EXPECT_THAT(text, HasSubstr("detail = \"f\\u00FCnf\"\n"));
  EXPECT_THAT(text, HasSubstr("most = \"18446744073709551615\"\n"));
  EXPECT_THAT(text, HasSubstr("[[tasks]]\nnode = \"x1\"\n"));
  EXPECT_EQ(text.find("end_time"), std::string::npos);
  EXPECT_EQ(FromToml(toml::parse(DocumentText(Json::array({1, 2}), OutputFormat::kToml))).dump(),
            "{\"items\":[1,2]}");
}

TEST(Document, HasNoByteThatIsNotUtf8) {
  const Json document = {{"detail", "a\xff"}};
  for (const OutputFormat format :
       {OutputFormat::kJson, OutputFormat::kJsonl, OutputFormat::kYaml, OutputFormat::kToml}) {
    const std::string text = DocumentText(document, format);
    EXPECT_EQ(text.find('\xff'), std::string::npos) << text;
    EXPECT_THAT(text, HasSubstr("a"));
  }
}

}  // namespace
}  // namespace muster::cli
