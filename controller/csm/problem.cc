#include "controller/csm/problem.h"

#include "controller/csm/json.h"

namespace muster {
namespace {

// HMNFD's and HSM's have a few hundred bytes.
constexpr JsonLimits kProblemLimits = {64 << 10, 8};

std::string TextField(const Json& object, const char* key) {
  const auto field = object.find(key);
  return field != object.end() && field->is_string()
             ? PrintableLine(field->get_ref<const std::string&>())
             : "";
}

std::string Joined(const std::string& title, const std::string& detail) {
  if (title.empty() || detail.empty()) return title + detail;
  return title + ": " + detail;
}

absl::StatusCode CodeOf(int status) {
  switch (status) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return absl::StatusCode::kAlreadyExists;
    case 429:
      return absl::StatusCode::kUnavailable;
    case 501:
      return absl::StatusCode::kUnimplemented;
    default:
      return status >= 500 ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition;
  }
}

}  // namespace

std::string PrintableLine(const std::string& text, size_t max_bytes) {
  std::string line;
  bool is_space_due = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ') {
      is_space_due = !line.empty();
      continue;
    }
    if (line.size() + (is_space_due ? 2 : 1) > max_bytes) return line + "...";
    if (is_space_due) line += ' ';
    is_space_due = false;
    line += byte < 127 ? c : '?';
  }
  return line;
}

std::string ProblemText(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, "the answer", kProblemLimits);
  if (!json.ok() || !json->is_object()) return PrintableLine(body);
  std::string text = Joined(TextField(*json, "title"), TextField(*json, "detail"));
  if (text.empty()) text = Joined(TextField(*json, "error"), TextField(*json, "error_description"));
  return text.empty() ? PrintableLine(body) : text;
}

absl::Status ErrorOf(const HttpResponse& response, const std::string& method,
                     const std::string& url) {
  const std::string text = ProblemText(response.body);
  return MakeStatus(CodeOf(response.status), "{} {}: HTTP {}{}{}", method, PrintableLine(url),
                    response.status, text.empty() ? "" : ", ", text);
}

}  // namespace muster
