#include "controller/cli/names.h"

#include <algorithm>

#include "common/limits.h"

namespace muster::cli {
namespace {

absl::StatusOr<std::string> NameIn(const std::string& collection, const char* what,
                                   const std::string& text) {
  const std::string id = WithoutPrefix(text, collection);
  const bool is_plain =
      std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c != '/' && c != '\x7f'; });
  if (id.empty() || id.size() > limits::kMaxNameBytes || !is_plain) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "\"{}\" is no {}", text, what);
  }
  return collection + id;
}

}  // namespace

std::string WithoutPrefix(const std::string& text, const std::string& prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

absl::StatusOr<std::string> JobName(const std::string& text) {
  return NameIn("jobs/", "job's id; see `muster job list`", text);
}

absl::StatusOr<std::string> NodeName(const std::string& text) {
  return NameIn("nodes/", "node's name; see `muster node list`", text);
}

std::string NodeId(const std::string& name) { return WithoutPrefix(name, "nodes/"); }

}  // namespace muster::cli
