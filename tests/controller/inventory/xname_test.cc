// Which names are xnames of nodes.
#include "controller/inventory/xname.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(IsNodeXname, NodesAre) {
  for (const char* xname : {"x0c0s0b0n0", "x1000c0s0b0n0", "x3000c0s17b999n1", "x9999c7s7b1n3"})
    EXPECT_TRUE(IsNodeXname(xname)) << xname;
}

TEST(IsNodeXname, OtherPartsAndOtherNamesAreNot) {
  for (const char* name :
       {"", "x", "x0", "x1000c0s0b0", "x1000c0s0b0n", "x1000c0s0b0n0p0", "nid000001", "ncn-w001",
        "X1000C0S0B0N0", "x1000c0s0b0n0 ", " x1000c0s0b0n0", "x1000c0w14", "x1234567c0s0b0n0"})
    EXPECT_FALSE(IsNodeXname(name)) << name;
}

}  // namespace
}  // namespace muster
