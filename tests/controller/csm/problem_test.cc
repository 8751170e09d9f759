// What operators are shown of an answer that is an error.
#include "controller/csm/problem.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(PrintableLine, IsOneLineOfAscii) {
  EXPECT_EQ(PrintableLine(" a\r\n\tb\x1b[31m \xc3\xa4 "), "a b [31m ??");
  EXPECT_EQ(PrintableLine(""), "");
  EXPECT_EQ(PrintableLine("\n\n"), "");
}

TEST(PrintableLine, IsCut) {
  EXPECT_EQ(PrintableLine(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(PrintableLine(std::string(201, 'a')), std::string(200, 'a') + "...");
  EXPECT_EQ(PrintableLine("ab cd", 4), "ab c...");
  EXPECT_EQ(PrintableLine("ab cd", 3), "ab...");
}

TEST(ProblemText, IsTitleAndDetail) {
  EXPECT_EQ(ProblemText(R"({"type":"about:blank","title":"Invalid Request",)"
                        R"("detail":"Invalid XName in URL path","status":400})"),
            "Invalid Request: Invalid XName in URL path");
  EXPECT_EQ(ProblemText(R"({"title":"Not Found"})"), "Not Found");
  EXPECT_EQ(ProblemText(R"({"detail":"no such\nxname."})"), "no such xname.");
  EXPECT_EQ(
      ProblemText(R"({"error":"invalid_client","error_description":"Invalid client secret"})"),
      "invalid_client: Invalid client secret");
}

TEST(ProblemText, OfAnythingElseIsTheBody) {
  EXPECT_EQ(ProblemText("no healthy upstream\n"), "no healthy upstream");
  EXPECT_EQ(ProblemText(R"({"title":7})"), R"({"title":7})");
  EXPECT_EQ(ProblemText("[1]"), "[1]");
  EXPECT_EQ(ProblemText(""), "");
}

TEST(ErrorOf, HasTheCodeThatFits) {
  const auto code = [](int status) { return ErrorOf({status}, "GET", "http://h/p").code(); };
  EXPECT_EQ(code(400), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(401), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code(403), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(404), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(409), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(code(429), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(500), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(501), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code(503), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(302), absl::StatusCode::kFailedPrecondition);
}

TEST(ErrorOf, IsOneSentence) {
  EXPECT_EQ(Message(ErrorOf({404, R"({"title":"Not Found","detail":"no such xname."})"}, "GET",
                            "http://h/State/Components/x9")),
            "GET http://h/State/Components/x9: HTTP 404, Not Found: no such xname.");
  EXPECT_EQ(Message(ErrorOf({503}, "GET", "http://h/readiness")),
            "GET http://h/readiness: HTTP 503");
}

}  // namespace
}  // namespace muster
