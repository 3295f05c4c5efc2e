#include "api/logs/filter_pattern.hpp"

#include <gtest/gtest.h>

namespace holdpoint::api::logs {
namespace {

struct Case {
    std::string pattern;
    std::string message;
    bool matches;
};

void check(const std::vector<Case>& cases) {
    for (const auto& each : cases) {
        const auto pattern = FilterPattern::parse(each.pattern);
        ASSERT_TRUE(pattern) << each.pattern << ": " << pattern.error().message;
        EXPECT_EQ(pattern->matches(each.message), each.matches) << each.pattern << " on " << each.message;
    }
}

TEST(FilterPatternTest, TermsMatchWholeWords) {
    check({{"", "anything", true},
           {"ERROR", "[ERROR 400] BAD REQUEST", true},
           {"ERROR", "[error] lower case", false},
           {"AUTHORIZED", "[ERROR 401] UNAUTHORIZED", false},
           {"ERROR REQUEST", "[ERROR 400] BAD REQUEST", true},
           {"ERROR TIMEOUT", "[ERROR 400] BAD REQUEST", false},
           {"\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", true},
           {"\"REQUEST BAD\"", "[ERROR 400] BAD REQUEST", false},
           {"?ERROR ?WARN", "[WARN] disk", true},
           {"?ERROR ?WARN", "[INFO] disk", false},
           {"?ERROR disk", "[INFO] disk", true},
           {"ERROR -\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", false},
           {"-ERROR", "[INFO] disk", true},
           {"doc-123", "approval for doc-123 created", true}});
}

TEST(FilterPatternTest, JsonPatternsLookIntoProperties) {
    const std::string event =
        R"({"level":"ERROR","n":5,"ok":true,"none":null,"user":{"name":"ann.lee"},"list":[{"id":7}],"ip":"123.123.4.5"})";
    check({{R"({ $.level = "ERROR" })", event, true},
           {R"({ $.level = ERR* })", event, true},
           {R"({ $.user.name = "*lee" })", event, true},
           {R"({ $.user.name = "*n.l*" })", event, true},
           {R"({ $.ip != 123.123.* })", event, false},
           {R"({ $.n > 3 && $.n <= 5 })", event, true},
           {R"({ $.n >= 5.5 })", event, false},
           {R"({ $.level > 3 })", event, false},
           {R"({ $.list[0].id = 7 })", event, true},
           {R"({ $.list[1].id = 7 })", event, false},
           {R"({ $["user"].name = "ann.lee" })", event, true},
           {R"({ $.ok IS TRUE })", event, true},
           {R"({ $.ok IS FALSE })", event, false},
           {R"({ $.none IS NULL })", event, true},
           {R"({ $.none EXISTS })", event, true},
           {R"({ $.absent NOT EXISTS })", event, true},
           {R"({ $.absent != "x" })", event, false},
           {R"({ ($.level = "x") || ($.n = 5) && $.n > 9 })", event, false},
           {R"({ (($.level = "x") || ($.n = 5)) && $.n > 3 })", event, true},
           {R"({ $.level = "ERROR" })", "ERROR in plain text", false}});
}

TEST(FilterPatternTest, WhatCannotBeReadIsRefusedWithItsPlace) {
    EXPECT_EQ(FilterPattern::parse("{ $.a ~ 1 }").error().message,
              "Invalid filter pattern: expected =, !=, <, <=, >, >=, IS, EXISTS or NOT EXISTS at character 7");
    for (const auto* bad : {"{", "{ $.a = }", "{ a = 1 }", "{ $.a = 1", "{ $.a > x }", "{ ($.a = 1 }", "{ $.a = 1 } x",
                            "\"open", "? a", "[a, b]", "%a%"}) {
        const auto pattern = FilterPattern::parse(bad);
        ASSERT_FALSE(pattern) << bad;
        EXPECT_EQ(pattern.error().name, "InvalidParameterException");
    }
    EXPECT_FALSE(FilterPattern::parse("{" + std::string(100, '(') + "$.a = 1" + std::string(100, ')') + "}"));
}

}  // namespace
}  // namespace holdpoint::api::logs
