// Rows on top of others: pages of both together, and keys that end where they should.
#include "base/overlay_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> keys(const std::vector<Row>& rows) {
    std::vector<std::string> keys;
    for (const Row& row : rows) keys.push_back(row.key + row.value);
    return keys;
}

TEST(OverlayRows, APageIsOfWhatIsThereAfterTheChanges) {
    const NoRows none;
    OverlayRows below(none);
    for (const char* key : {"a", "b", "c", "d"}) below.write({{Space::meta, key, "1"}});
    OverlayRows rows(below);
    rows.write({{Space::meta, "a", std::nullopt}, {Space::meta, "c", "2"}, {Space::meta, "cc", "2"}});
    EXPECT_THAT(keys(rows.scan(Space::meta, "", "", 2)), ElementsAre("b1", "c2")) << "what is erased fills no page";
    EXPECT_THAT(keys(rows.scan(Space::meta, "b", "cc", 9)), ElementsAre("b1", "c2")) << "the end is not in the range";
    EXPECT_THAT(keys(rows.scan(Space::meta, "", "", 2, true)), ElementsAre("d1", "cc2"));
    EXPECT_EQ(rows.get(Space::meta, "a"), std::nullopt);
    EXPECT_EQ(below.get(Space::meta, "a"), "1");
}

TEST(Rows, APartOfAKeyThatNobodyWroteIsNone) {
    for (const std::string& key : {std::string("a"), std::string("a\0", 2), std::string("a\0x\0\x01", 5)}) {
        std::string_view rest = key;
        EXPECT_EQ(take_key_part(rest), std::nullopt) << key;
    }
}

TEST(Rows, ARangeEndsBehindWhatBeginsWithItsPrefix) {
    EXPECT_EQ(prefix_end("ab"), "ac");
    EXPECT_EQ(prefix_end("a\xff"), "b");
    EXPECT_EQ(prefix_end("\xff\xff"), "") << "all that follows";
}

}  // namespace
}  // namespace holdpoint
