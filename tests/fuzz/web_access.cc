// What a browser's Authorization header may hold, before anybody is known to be somebody: only the token opens. And log lines, whose fields
// are the network's words: they make fields of our names only.
#include "controller/web/web_access.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/journal.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

// The input would have to guess it.
constexpr char kToken[] = "0123456789abcdefghijklmnopqrstuv";

void Check(const std::string& text) {
  static const WebAccess* const kAccess = new WebAccess(IdentityPatterns(), nullptr, kToken);
  for (const std::string scheme : {"", "Basic ", "Bearer "}) {
    WebRequest request;
    request.authorization = scheme + text;
    const bool is_open = kAccess->Check(request).ok();
    const bool has_token =
        text.find(kToken) != std::string::npos ||
        text.find("MTIzNDU2Nzg5YWJjZGVmZ2hpamtsbW5vcHFyc3R1d") != std::string::npos ||
        text.find("EyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dX") != std::string::npos ||
        text.find("xMjM0NTY3ODlhYmNkZWZnaGlqa2xtbm9wcXJzdHV") != std::string::npos;
    Require(!is_open || has_token, "only the token opens", request.authorization);
  }
  for (const std::string& field : JournalFields(text))
    Require(field.starts_with("MUSTER_") && field.find('=') != std::string::npos,
            "a field has a name of ours", field);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
