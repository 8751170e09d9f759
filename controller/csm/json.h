// JSON that came from outside, read strictly: bounded, and with a sentence that says what is wrong and where. For the sources of this room:
// no header that others include includes this one. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"

namespace muster {

using Json = nlohmann::json;

struct JsonLimits {
  size_t max_bytes;
  size_t max_depth;  // of arrays and objects in each other
};

// 100,000 components are 25 MB; the deepest answer that we read has 4 levels.
inline constexpr JsonLimits kAnswerLimits = {64 << 20, 16};

// INTERNAL with "`what` is no JSON: …": the place, never the text, in which there may be a secret. `what`: "HMNFD's answer".
absl::StatusOr<Json> ParseJson(const std::string& text, const std::string& what,
                               const JsonLimits& limits = kAnswerLimits);

// A place in an answer, for errors: "HMNFD's answer, SubscriptionList[3]".
std::string Element(const std::string& where, size_t index);

// INTERNAL with "`where` is of type string, not an object".
absl::Status RequireObject(const Json& json, const std::string& where);

// Fields of an object, looked up by their exact name. One that is absent or null leaves the result as it is; one of another type is INTERNAL
// with "HSM's answer, Components[3].NID is of type string, not a number".
class Fields {
 public:
  // `object` is an object, and lent.
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  absl::Status Read(const char* key, std::string* result) const;
  absl::Status Read(const char* key, bool* result) const;
  // A whole number of 0 or more; others are as if absent, for some services write -1 for none.
  absl::Status Read(const char* key, std::optional<uint64_t>* result) const;
  absl::Status Read(const char* key, std::vector<std::string>* result) const;
  // The array itself; null if absent.
  absl::Status Read(const char* key, const Json** result) const;
  // Of any type; null if absent.
  const Json* Find(const char* key) const;

 private:
  absl::Status Wrong(const char* key, const Json& value, const char* wanted) const;

  const Json& object_;
  const std::string where_;
};

using ReadEntry = std::function<absl::Status(const Fields& fields, const std::string& where)>;

// Reads each object of an array, until an error; null is an empty one. INTERNAL with "`where` is of type object, not an array".
absl::Status ReadEntries(const Json& array, const std::string& where, const ReadEntry& read);

}  // namespace muster
