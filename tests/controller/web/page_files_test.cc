// The page is in the program, as its files are.
#include "controller/web/page_files.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster {
namespace {

TEST(PageFiles, ThePageIsThereWhole) {
  const auto files = PageFiles();
  const auto page = std::find_if(files.begin(), files.end(),
                                 [](const PageFile& file) { return file.name == "index.html"; });
  ASSERT_NE(page, files.end());
  EXPECT_TRUE(page->text.starts_with("<!"));
  EXPECT_NE(page->text.find("</html>"), std::string_view::npos);
  for (const PageFile& file : files) {
    EXPECT_FALSE(file.text.empty()) << file.name;
    EXPECT_EQ(file.text.find('\0'), std::string_view::npos) << file.name;
  }
}

}  // namespace
}  // namespace muster
