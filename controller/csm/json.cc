#include "controller/csm/json.h"

#include <algorithm>
#include <utility>

namespace muster {
namespace {

// How deep arrays and objects are in each other, at most. For what is no JSON, some number.
size_t Depth(const std::string& text) {
  size_t depth = 0;
  size_t deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

template <typename... Args>
absl::Status Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInternal, format, std::forward<Args>(args)...);
}

}  // namespace

absl::StatusOr<Json> ParseJson(const std::string& text, const std::string& what,
                               const JsonLimits& limits) {
  if (text.empty()) return Wrong("{} is no JSON: it is empty", what);
  if (text.size() > limits.max_bytes)
    return Wrong("{} has {} bytes, and more than {} are not read", what, text.size(),
                 limits.max_bytes);
  if (Depth(text) > limits.max_depth)
    return Wrong("{} has more than {} levels", what, limits.max_depth);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return Wrong("{} is no JSON: it goes wrong at byte {} of {}", what, error.byte, text.size());
  } catch (const Json::exception&) {
    return Wrong("{} is no JSON: a number in it is out of range", what);
  }
}

std::string Element(const std::string& where, size_t index) {
  return fmt::format("{}[{}]", where, index);
}

absl::Status RequireObject(const Json& json, const std::string& where) {
  if (json.is_object()) return absl::OkStatus();
  return Wrong("{} is of type {}, not an object", where, json.type_name());
}

const Json* Fields::Find(const char* key) const {
  const auto field = object_.find(key);
  return field == object_.end() || field->is_null() ? nullptr : &*field;
}

absl::Status Fields::Wrong(const char* key, const Json& value, const char* wanted) const {
  return muster::Wrong("{}.{} is of type {}, not {}", where_, key, value.type_name(), wanted);
}

absl::Status Fields::Read(const char* key, std::string* result) const {
  const Json* const field = Find(key);
  if (field == nullptr) return absl::OkStatus();
  if (!field->is_string()) return Wrong(key, *field, "a string");
  *result = field->get_ref<const std::string&>();
  return absl::OkStatus();
}

absl::Status Fields::Read(const char* key, bool* result) const {
  const Json* const field = Find(key);
  if (field == nullptr) return absl::OkStatus();
  if (!field->is_boolean()) return Wrong(key, *field, "true or false");
  *result = field->get<bool>();
  return absl::OkStatus();
}

absl::Status Fields::Read(const char* key, std::optional<uint64_t>* result) const {
  const Json* const field = Find(key);
  if (field == nullptr) return absl::OkStatus();
  if (!field->is_number()) return Wrong(key, *field, "a number");
  if (field->is_number_unsigned()) *result = field->get<uint64_t>();
  return absl::OkStatus();
}

absl::Status Fields::Read(const char* key, std::vector<std::string>* result) const {
  const Json* array = nullptr;
  MUSTER_RETURN_IF_ERROR(Read(key, &array));
  if (array == nullptr) return absl::OkStatus();
  for (const Json& element : *array) {
    if (!element.is_string()) return Wrong(key, element, "strings alone");
    result->push_back(element.get_ref<const std::string&>());
  }
  return absl::OkStatus();
}

absl::Status Fields::Read(const char* key, const Json** result) const {
  *result = Find(key);
  if (*result == nullptr || (*result)->is_array()) return absl::OkStatus();
  return Wrong(key, **result, "an array");
}

absl::Status ReadEntries(const Json& array, const std::string& where, const ReadEntry& read) {
  if (array.is_null()) return absl::OkStatus();
  if (!array.is_array())
    return MakeStatus(absl::StatusCode::kInternal, "{} is of type {}, not an array", where,
                      array.type_name());
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string element = Element(where, i);
    MUSTER_RETURN_IF_ERROR(RequireObject(array[i], element));
    MUSTER_RETURN_IF_ERROR(read(Fields(array[i], element), element));
  }
  return absl::OkStatus();
}

}  // namespace muster
