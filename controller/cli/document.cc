#include "controller/cli/document.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "common/utf8.h"
#include "controller/cli/follow.h"
#include "controller/cli/toml_text.h"

namespace muster::cli {
namespace {

std::string LineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string JsonLines(Json document, const std::string& place) {
  const Json::json_pointer list(place);
  if (place.empty() || !document.contains(list) || !document[list].is_array())
    return LineOf(document);
  const Json elements = std::move(document[list]);
  document[list.parent_pointer()].erase(list.back());
  std::string text = document.empty() ? "" : LineOf(document);
  for (const Json& element : elements) text += LineOf(element);
  return text;
}

// A float for every reader: YAML 1.1 takes "1e+20" for a text.
std::string FloatText(const Json& json) {
  std::string text = json.dump();
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos)
    text.insert(exponent, ".0");
  return text;
}

// A text that no reader of YAML, of 1.1 or 1.2, takes for anything else when it stands without quotation marks.
bool IsPlainYaml(const std::string& text) {
  static constexpr auto kWords =
      std::to_array<const char*>({"y", "n", "yes", "no", "on", "off", "true", "false", "null"});
  const auto is_plain = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-' || c == '/' || c == '.');
  };
  if (text.empty() || static_cast<unsigned char>(text[0]) >= 0x80 ||
      std::isalpha(static_cast<unsigned char>(text[0])) == 0 ||
      !std::all_of(text.begin(), text.end(), is_plain)) {
    return false;
  }
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::none_of(kWords.begin(), kWords.end(),
                      [&lower](const char* word) { return lower == word; });
}

void EmitText(YAML::Emitter& out, const std::string& text) {
  if (!IsPlainYaml(text)) out << YAML::DoubleQuoted;
  out << ToUtf8(text);
}

void Emit(YAML::Emitter& out, const Json& json) {
  if (json.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key;
      EmitText(out, key);
      out << YAML::Value;
      Emit(out, value);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    out << YAML::BeginSeq;
    for (const Json& element : json) Emit(out, element);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    EmitText(out, json.get<std::string>());
  } else if (json.is_null()) {
    out << YAML::Null;
  } else {
    out << (json.is_number_float() ? FloatText(json) : json.dump());
  }
}

std::string YamlText(const Json& document) {
  YAML::Emitter out;
  Emit(out, document);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace

std::string DocumentText(const Json& document, OutputFormat format, const std::string& list) {
  switch (format) {
    case OutputFormat::kTable:
    case OutputFormat::kJson:
      return JsonText(document);
    case OutputFormat::kJsonl:
      return JsonLines(document, list);
    case OutputFormat::kYaml:
      return YamlText(document);
    case OutputFormat::kToml:
      return TomlText(document);
  }
  return "";
}

void PrintDocument(const Json& document, OutputFormat format, const std::string& list) {
  Print(DocumentText(document, format, list));
}

}  // namespace muster::cli
