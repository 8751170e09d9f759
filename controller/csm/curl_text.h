// A text that libcurl has allocated. Owned by whoever holds it; any thread.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace muster {

struct CurlTextFree {
  void operator()(char* text) const { curl_free(text); }
};
using CurlText = std::unique_ptr<char, CurlTextFree>;

}  // namespace muster
