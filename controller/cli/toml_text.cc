#include "controller/cli/toml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>

#include "common/utf8.h"

namespace muster::cli {
namespace {

// The code point of the character at the beginning of `text`, which is UTF-8, and its length.
std::pair<uint32_t, size_t> FirstCharacter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t code = size == 1 ? lead : lead & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<uint32_t>(text[i]) & 0x3f);
  return {code, size};
}

std::string Quoted(const std::string& bytes) {
  const std::string text = ToUtf8(bytes);
  std::string quoted = "\"";
  for (size_t at = 0; at < text.size();) {
    const auto [code, size] = FirstCharacter(std::string_view(text).substr(at));
    at += size;
    if (code == '"' || code == '\\') {
      quoted += '\\';
      quoted += static_cast<char>(code);
    } else if (code == '\n') {
      quoted += "\\n";
    } else if (code >= 0x20 && code < 0x7f) {
      quoted += static_cast<char>(code);
    } else {
      quoted += code > 0xffff ? fmt::format("\\U{:08X}", code) : fmt::format("\\u{:04X}", code);
    }
  }
  return quoted + '"';
}

std::string Key(const std::string& key) {
  const auto is_bare = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-');
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), is_bare) ? key : Quoted(key);
}

// Written as [[key]], one after the other.
bool IsListOfTables(const Json& json) {
  return json.is_array() && !json.empty() &&
         std::all_of(json.begin(), json.end(), [](const Json& each) { return each.is_object(); });
}

void AppendValue(const Json& json, std::string& text);

void AppendList(const Json& list, std::string& text) {
  const char* separator = "";
  text += '[';
  for (const Json& element : list) {
    if (element.is_null()) continue;
    text += separator;
    AppendValue(element, text);
    separator = ", ";
  }
  text += ']';
}

void AppendInlineTable(const Json& object, std::string& text) {
  const char* separator = "";
  text += '{';
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) continue;
    text += separator + Key(key) + " = ";
    AppendValue(value, text);
    separator = ", ";
  }
  text += '}';
}

void AppendValue(const Json& json, std::string& text) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (json.is_object()) {
    AppendInlineTable(json, text);
  } else if (json.is_array()) {
    AppendList(json, text);
  } else if (json.is_string()) {
    text += Quoted(json.get<std::string>());
  } else if (json.is_number_unsigned() && json.get<uint64_t>() > kMost) {
    text += Quoted(json.dump());
  } else {
    text += json.dump();
  }
}

// `path`: the table's own key, with a dot at its end; empty at the top.
void AppendTable(const Json& object, const std::string& path, std::string& text) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_null() || value.is_object() || IsListOfTables(value)) continue;
    text += Key(key) + " = ";
    AppendValue(value, text);
    text += '\n';
  }
  for (const auto& [key, value] : object.items()) {
    const std::string name = path + Key(key);
    if (value.is_object()) {
      text += "\n[" + name + "]\n";
      AppendTable(value, name + ".", text);
    } else if (IsListOfTables(value)) {
      for (const Json& element : value) {
        text += "\n[[" + name + "]]\n";
        AppendTable(element, name + ".", text);
      }
    }
  }
}

}  // namespace

std::string TomlText(const Json& document) {
  std::string text;
  AppendTable(document.is_object() ? document : Json{{"items", document}}, "", text);
  return text;
}

}  // namespace muster::cli
