#include "common/utf8.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(Utf8, CharactersAreThoseOfTheStandard) {
  for (const char* good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
    EXPECT_EQ(ToUtf8(good), good);
  }
}

// The ranges of RFC 3629, section 4: what is one beside each of them.
TEST(Utf8, WhatIsNoCharacterIsReplacedByteByByte) {
  for (const char* bad : {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsUtf8(bad));
    EXPECT_EQ(ToUtf8(std::string("a") + bad + "b"),
              "a" + std::string(std::string(bad).size(), '?') + "b");
  }
}

}  // namespace
}  // namespace muster
