// The files of the page, which are part of the program; made from controller/web/page by the build. Any thread.
#pragma once

#include <span>
#include <string_view>

namespace muster {

struct PageFile {
  std::string_view name;  // "index.html"
  std::string_view text;
};

std::span<const PageFile> PageFiles();

}  // namespace muster
