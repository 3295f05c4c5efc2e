// Names: whatever the characters, one key for all spellings that look the same.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <utf8proc.h>

#include <array>

#include "approvals/domain/names.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {
namespace {

std::string utf8(utf8proc_int32_t c) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto size = utf8proc_encode_char(c, bytes.data());
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size)};
}

/// Characters that case folding and normalization change, and any others.
utf8proc_int32_t some_character() {
    static const std::vector<std::pair<int, int>> kRanges{
        {0x20, 0x7f},     {0xa0, 0x250},      {0x300, 0x370},      {0x370, 0x530},   {0x1100, 0x1200},
        {0x1e00, 0x2000}, {0x2000, 0x2100},   {0x3000, 0x3100},    {0xac00, 0xad00}, {0xfb00, 0xfe00},
        {0xff00, 0xfff0}, {0x1d400, 0x1d800}, {0x10000, 0x110000}, {0, 0xd800}};
    const auto [first, end] = *rc::gen::elementOf(kRanges);
    return *rc::gen::inRange(first, end);
}

std::vector<std::string> some_name() {
    std::vector<std::string> characters;
    const int length = *rc::gen::inRange(0, 8);
    for (int i = 0; i < length; ++i) characters.push_back(utf8(some_character()));
    return characters;
}

std::string joined(const std::vector<std::string>& characters) {
    std::string text;
    for (const std::string& character : characters) text += character;
    return text;
}

TEST(NameProperties, AKeyIsUtf8AndItsOwnKey) {
    EXPECT_TRUE(rc::check([] {
        const std::string key = name_key(joined(some_name()));
        RC_ASSERT(is_utf8(key));
        RC_ASSERT(name_key(key) == key);
    }));
}

TEST(NameProperties, WhatIsNotSeenMakesNoOtherName) {
    EXPECT_TRUE(rc::check([] {
        std::vector<std::string> name = some_name();
        const std::string before = joined(name);
        const auto place = *rc::gen::inRange<std::size_t>(0, name.size() + 1);
        const auto unseen = *rc::gen::element<utf8proc_int32_t>(
            0, 0x1b, 0x7f, 0x9f, 0xad, 0x34f, 0x61c, 0x200b, 0x200d, 0x200e, 0x202e, 0x2060, 0x2065, 0x2069, 0xfe0f,
            0xfeff, 0xfff0, 0xfff8, 0xfff9, 0x1d159, 0xe0041, 0xe0080, 0xe0fff);
        name.insert(name.begin() + static_cast<std::ptrdiff_t>(place), utf8(unseen));
        RC_ASSERT(is_same_name(before, joined(name)));
        RC_ASSERT(is_same_name(before, " " + before + utf8(0xa0)));
    }));
}

TEST(NameProperties, BytesOfAnyKindHaveAKeyAndOnlyNamesHaveNoProblem) {
    EXPECT_TRUE(rc::check([](const std::string& bytes) {
        const std::string key = name_key(bytes);
        RC_ASSERT(is_utf8(key));
        if (name_problem(bytes, 256)) return;
        RC_ASSERT(is_utf8(bytes));
        RC_ASSERT(!key.empty());
        RC_ASSERT(!has_control_characters(bytes));
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
