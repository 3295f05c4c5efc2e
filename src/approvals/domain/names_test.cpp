// Names: which spellings are one name, and what can be nobody's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/policy.hpp"

namespace holdpoint::approvals {
namespace {

using namespace std::string_literals;

TEST(Names, SpellingsThatLookTheSameAreOnePerson) {
    for (const std::string& other : {
             "OLGA@Example.com"s,
             " olga@example.com\t"s,
             "olga@example.com\u00a0"s,        // no-break space
             "\u3000olga@example.com"s,        // ideographic space
             "ol\u200bga@example.com"s,        // zero width space
             "\ufeffolga@example.com"s,        // byte order mark
             "olga\u2060@example.com"s,        // word joiner
             "ol\u00adga@example.com"s,        // soft hyphen
             "\u202dolga@example.com\u202c"s,  // bidirectional override
             "olga@example.com\u200e"s,        // left-to-right mark
             "\u2066olga@example.com\u2069"s,  // isolate
             "olga@example.com\0"s,
             "olga\0@example.com"s,
             "olga\x1b@example.com"s,
             "olga\u009f@example.com"s,  // a C1 control
             "olga@example.com\u0085"s,  // next line
             "olga@example.com\n"s,
             "olga@example.com\u2028"s,  // line separator
             "olga@example.com\u2800"s,  // blank Braille pattern
             "olga@example.com\ufe0f"s,  // variation selector
             "olga@example.com\u3164"s,  // Hangul filler
             "olga\ufff9@example.com"s,  // interlinear annotation anchor
             "olga\u2065@example.com"s,  // not assigned, and not seen wherever it will be
             "olga@example.com\ufff0"s,
             "olga@example.com\ufff8"s,
             "olga\U000e0000@example.com"s,
             "olga@example.com\U000e0080"s,
             "olga@example.com\U000e00ff"s,
             "olga@example.com\U000e01f0"s,
             "olga@example.com\U000e0fff"s,
             "olga\U0001d159@example.com"s,  // null notehead
             "ｏｌｇａ＠ｅｘａｍｐｌｅ．ｃｏｍ"s,
         }) {
        EXPECT_TRUE(is_same_person("olga@example.com", other)) << other;
        EXPECT_TRUE(is_same_person(other, "olga@example.com")) << other;
    }
    for (const auto& [one, other] : std::vector<std::pair<std::string, std::string>>{
             {"JÖRG@x", "jörg@x"},
             {"jörg@x", "jo\u0308rg@x"},        // composed, decomposed
             {"jo\u00ad\u0308rg@x", "jörg@x"},  // composed once what is not seen is gone
             {"STRASSE", "straße"},
             {"ΣΊΣΥΦΟΣ", "σίσυφος"},
             {"Ann  Smith", "ann\u00a0smith"},
             {"oﬃce", "office"},
             {"\u212Bsa", "åsa"},
         }) {
        EXPECT_TRUE(is_same_person(one, other)) << one << " and " << other;
    }
}

TEST(Names, OtherLettersAreOtherPeople) {
    for (const auto& [one, other] : std::vector<std::pair<std::string, std::string>>{
             {"olga@example.com", "оlga@example.com"},  // a Cyrillic o
             {"jorg@x", "jörg@x"},
             {"ann@x\U000e1000", "ann@x"},
             {"ann@x\ue000", "ann@x"},  // private use: something is seen, and nobody knows what
             {"ann smith", "annsmith"},
             {"ann@x", "ann@x.x"},
             {"ann@x\xff", "ann@x\xfe@"},
             {"", "ann@x"},
         }) {
        EXPECT_FALSE(is_same_person(one, other)) << one << " and " << other;
    }
}

Groups groups_of(const std::string& name) {
    return {{name, {"ann@x"}}};
}

Policy policy_of(const std::string& group) {
    Policy policy;
    policy.name = "p";
    policy.stages = {
        Stage{.name = "s", .approvers = Approvers{.people = {}, .groups = {group}}, .required = 1, .of = {}}};
    return policy;
}

TEST(Names, GroupsAreComparedAsPeopleAre) {
    const auto pinned = pin(policy_of("finance "), groups_of("Finance"));
    ASSERT_TRUE(pinned) << pinned.error().message;
    EXPECT_EQ(pinned->groups, groups_of("Finance")) << "names stay as they were written";
    const Approvers& approvers = *pinned->policy.stages[0].approvers;
    EXPECT_TRUE(includes(*pinned, approvers, "ann@x", {}));
    EXPECT_FALSE(includes(*pinned, approvers, "bob@x", {"FINANCE"})) << "a listed group has these members alone";
    const auto proven = pin(policy_of("Fúnance"), {});
    ASSERT_TRUE(proven);
    EXPECT_TRUE(includes(*proven, *proven->policy.stages[0].approvers, "bob@x", {"other", " FÚNANCE"}));
    EXPECT_FALSE(includes(*proven, *proven->policy.stages[0].approvers, "bob@x", {"Funance"}));
}

TEST(Names, APolicyNamesNobodyWithControlCharacters) {
    for (const std::string& bad :
         {"ann\\u0000@x"s, "ann\\n@x"s, "ann\\u0085@x"s, "\\u202eann@x"s, "ann\\u2028@x"s, "\\u200b"s}) {
        const auto file = [&](const std::string& person, const std::string& group, const std::string& member) {
            return read_policy_file(durable::Json::parse(
                R"({"policies":[{"name":"p","stages":[{"name":"s","approvers":{"people":[")" + person +
                R"("],"groups":[")" + group + R"("]}}]}],"groups":{")" + group + R"(":[")" + member + R"("]}})"));
        };
        ASSERT_TRUE(file("ann@x", "g", "bob@x"));
        EXPECT_FALSE(file(bad, "g", "bob@x")) << bad;
        EXPECT_FALSE(file("ann@x", bad, "bob@x")) << bad;
        EXPECT_FALSE(file("ann@x", "g", bad)) << bad;
    }
}

}  // namespace
}  // namespace holdpoint::approvals
