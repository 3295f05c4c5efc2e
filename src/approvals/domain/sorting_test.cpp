#include "approvals/domain/sorting.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace holdpoint::approvals {
namespace {

class SortingTest : public ::testing::Test {
protected:
    static std::vector<Entry> sorted(Sorter& sorter) {
        std::vector<Entry> all;
        while (auto entry = sorter.next()) all.push_back(std::move(*entry));
        return all;
    }
    /// Each key several times, in another order than that of the keys.
    static std::vector<Entry> entries(std::size_t count) {
        std::vector<Entry> all;
        for (std::size_t i = 0; i < count; ++i)
            all.push_back({.key = fmt::format("{}", i * 7 % 31), .value = fmt::format("{}", i)});
        return all;
    }

    int files_ = 0;
    Scratch scratch_ = [this] {
        ++files_;
        return std::make_unique<std::stringstream>();
    };
};

TEST_F(SortingTest, IsByKeyAndThenAsAddedHoweverLittleFitsIntoMemory) {
    constexpr std::size_t kCount = 1000;
    std::multimap<std::string, Entry> by_key;  // of one key, as they were added
    for (const Entry& entry : entries(kCount)) by_key.emplace(entry.key, entry);
    std::vector<Entry> expected;
    for (const auto& [key, entry] : by_key) expected.push_back(entry);
    // Without files, with some, and with more than may be open at once.
    for (const std::size_t buffer : {100'000UL, 10'000UL, 0UL}) {
        files_ = 0;
        Sorter sorter(scratch_, buffer);
        for (const Entry& entry : entries(kCount)) sorter.add(entry);
        EXPECT_EQ(sorted(sorter), expected) << buffer;
        EXPECT_EQ(files_ > 0, buffer < 100'000) << buffer;
        EXPECT_EQ(sorter.next(), std::nullopt);
        sorter.rewind();
        EXPECT_EQ(sorted(sorter), expected) << "once more " << buffer;
    }
}

TEST_F(SortingTest, WhatComesInOrderTakesOneFile) {
    Sorter sorter(scratch_, 0);
    for (const char* key : {"", "a", "a", "b", "c"}) sorter.add({.key = key, .value = "v"});
    EXPECT_EQ(sorted(sorter).size(), 5U);
    EXPECT_EQ(files_, 1);
    Sorter none(scratch_, 0);
    EXPECT_EQ(none.next(), std::nullopt);
}

TEST_F(SortingTest, ARunIsReadAsItWasWrittenAndWrittenAnew) {
    approvals::Run run(scratch_());
    run.rewind();
    EXPECT_EQ(run.next(), std::nullopt);
    const Entry binary{.key = std::string("k\0\n", 3), .value = std::string(70'000, '\xff')};
    run.add({.key = "b", .value = "1"});
    run.add(binary);
    for (int i = 0; i < 2; ++i) {
        run.rewind();
        EXPECT_EQ(run.next(), (Entry{.key = "b", .value = "1"}));
        EXPECT_EQ(run.next(), binary);
        EXPECT_EQ(run.next(), std::nullopt);
    }
    run.clear();
    run.add({.key = "c", .value = ""});
    run.rewind();
    EXPECT_EQ(run.next(), (Entry{.key = "c", .value = ""}));
    EXPECT_EQ(run.next(), std::nullopt) << "what was there before is longer";
}

}  // namespace
}  // namespace holdpoint::approvals
