// Strict reading of one JSON object: each field is asked for once, by name and kind, and Finish() tells the first thing that was
// wrong - a field missing, of another kind, out of range, or never asked for. Lives for one call.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "common/status.h"
#include "common/time.h"

namespace muster {

class JsonReader {
 public:
  // `what` names the object in errors.
  JsonReader(const nlohmann::json& json, std::string what) : json_(json), what_(std::move(what)) {
    if (!json_.is_object()) Fail("is not an object");
  }

  void Read(const char* field, std::string& value) {
    if (const auto* found = Find(field, &nlohmann::json::is_string)) {
      value = found->get_ref<const std::string&>();
    }
  }
  void Read(const char* field, bool& value) {
    if (const auto* found = Find(field, &nlohmann::json::is_boolean)) value = found->get<bool>();
  }
  void Read(const char* field, uint64_t& value) {
    if (const auto* found = Find(field, &nlohmann::json::is_number_unsigned)) {
      value = found->get<uint64_t>();
    }
  }
  void Read(const char* field, uint32_t& value) {
    uint64_t wide = 0;
    Read(field, wide);
    if (wide > std::numeric_limits<uint32_t>::max()) Fail(std::string(field) + " is too large");
    value = static_cast<uint32_t>(wide);
  }
  void Read(const char* field, int64_t& value) {
    const auto* found = Find(field, &nlohmann::json::is_number_integer);
    if (found == nullptr) return;
    if (found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX) {
      return Fail(std::string(field) + " is too large");
    }
    value = found->get<int64_t>();
  }
  void Read(const char* field, int& value) {
    int64_t wide = 0;
    Read(field, wide);
    if (wide > std::numeric_limits<int>::max() || wide < std::numeric_limits<int>::min()) {
      return Fail(std::string(field) + " is out of range");
    }
    value = static_cast<int>(wide);
  }
  void Read(const char* field, Duration& value) {
    int64_t nanoseconds = 0;
    Read(field, nanoseconds);
    value = Duration(nanoseconds);
  }
  // Nothing if the field is absent; else as it is.
  const nlohmann::json* ReadOptional(const char* field) {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(field);
    if (found == json_.end()) return nullptr;
    ++read_;
    return &*found;
  }
  // A null value stands for an error that Finish() tells.
  const nlohmann::json& ReadObject(const char* field) {
    static const nlohmann::json kNull;
    const auto* found = Find(field, &nlohmann::json::is_object);
    return found == nullptr ? kNull : *found;
  }

  void Fail(const std::string& why) {
    if (status_.ok()) {
      status_ = MakeStatus(absl::StatusCode::kInvalidArgument, "{}: {}", what_, why);
    }
  }
  void FailWith(const absl::Status& status) { Fail(Message(status)); }

  absl::Status Finish() {
    if (json_.is_object() && json_.size() != read_) Fail("has a field that is not known");
    return status_;
  }

 private:
  const nlohmann::json* Find(const char* field, bool (nlohmann::json::*is_right)() const noexcept) {
    const auto* found = ReadOptional(field);
    if (found != nullptr && (found->*is_right)()) return found;
    Fail(std::string(field) + (found == nullptr ? " is missing" : " is of the wrong kind"));
    return nullptr;
  }

  const nlohmann::json& json_;
  std::string what_;
  size_t read_ = 0;
  absl::Status status_;
};

}  // namespace muster
