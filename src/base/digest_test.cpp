#include "base/digest.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace holdpoint {
namespace {

TEST(DigestTest, OfPartsIsThatOfAll) {
    Sha256 parts;
    for (const char* part : {"one", "", " ", "two"}) parts.add(part);
    EXPECT_EQ(parts.hex(), to_hex(sha256("one two")));
    EXPECT_EQ(Sha256().hex(), to_hex(sha256("")));
}

}  // namespace
}  // namespace holdpoint
