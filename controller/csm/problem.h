// What a service says when it says no: the body of an answer that is an error, as text for people. Pure; any thread.
#pragma once

#include <string>

#include "controller/csm/http_client.h"

namespace muster {

// Of an error's text, so much is shown.
inline constexpr size_t kMaxShownBytes = 200;

// One line of printable ASCII, at most `max_bytes` and then "...": white space becomes single spaces, any other byte '?'.
std::string PrintableLine(const std::string& text, size_t max_bytes = kMaxShownBytes);

// "title: detail" of an RFC 7807 body, "error: error_description" of an OAuth 2.0 one (RFC 6749 5.2), else the body itself. One printable
// line each, perhaps empty.
std::string ProblemText(const std::string& body);

// "GET http://…: HTTP 404, Not Found: no such xname." with the code that fits: 400 INVALID_ARGUMENT, 401 UNAUTHENTICATED, 403
// PERMISSION_DENIED, 404 NOT_FOUND, 409 ALREADY_EXISTS, 429 and 5xx UNAVAILABLE, 501 UNIMPLEMENTED, other ones FAILED_PRECONDITION.
absl::Status ErrorOf(const HttpResponse& response, const std::string& method,
                     const std::string& url);

}  // namespace muster
