#include "topics/filter_policy.hpp"

#include <gtest/gtest.h>

namespace holdpoint::topics {
namespace {

struct FilterCase {
    std::string policy;
    MessageAttribute attribute;
    bool passes;
};

TEST(FilterPolicyTest, ConditionsMatchAsAwsDocumentsThem) {
    const auto text = [](std::string value) { return MessageAttribute{.type = "String", .value = std::move(value)}; };
    const auto number = [](std::string value) { return MessageAttribute{.type = "Number", .value = std::move(value)}; };
    const auto array = [](std::string value) {
        return MessageAttribute{.type = "String.Array", .value = std::move(value)};
    };
    const std::vector<FilterCase> cases{
        {R"({"a":["x","y"]})", text("y"), true},
        {R"({"a":["x"]})", text("X"), false},
        {R"({"a":[{"prefix":"ex"}]})", text("expense"), true},
        {R"({"a":[{"suffix":"ex"}]})", text("expense"), false},
        {R"({"a":[{"equals-ignore-case":"X"}]})", text("x"), true},
        {R"({"a":[{"anything-but":["x","y"]}]})", text("x"), false},
        {R"({"a":[{"anything-but":["x","y"]}]})", text("z"), true},
        {R"({"a":[{"anything-but":{"prefix":"x"}}]})", text("xx"), false},
        {R"({"a":[{"numeric":[">=",10,"<",20]}]})", number("10"), true},
        {R"({"a":[{"numeric":[">=",10,"<",20]}]})", number("20"), false},
        {R"({"a":[{"numeric":["=",3.5]}]})", number("3.50"), true},
        {R"({"a":[{"numeric":[">",10]}]})", number("10"), false},
        {R"({"a":["x"]})", array("x"), false},
        {R"({"a":[10]})", text("10"), false},
        {R"({"a":[10]})", number("10.0"), true},
        {R"({"a":[{"numeric":[">=",-1000000000,"<=",1000000000]}]})", number("1e9"), true},
        {R"({"a":["x"]})", array(R"(["w","x"])"), true},
        {R"({"a":[{"anything-but":["x"]}]})", array(R"(["x","y"])"), true},
        {R"({"a":[null,true]})", array("[true]"), true},
        {R"({"a":[{"exists":true}]})", text("x"), true},
        {R"({"a":[{"exists":false}]})", text("x"), false},
        {R"({"b":[{"exists":false}]})", text("x"), true},
        {R"({"b":["x"]})", text("x"), false},
        {R"({"a":["x"],"b":["x"]})", text("x"), false},
        {R"({"a":[{"cidr":"10.0.0.0/24"}]})", text("10.0.0.255"), true},
        {R"({"a":[{"cidr":"10.0.0.0/24"}]})", text("10.0.1.0"), false},
        {R"({"a":[{"cidr":"10.0.0.7/31"}]})", text("10.0.0.6"), true},
        {R"({"a":[{"cidr":"0.0.0.0/0"}]})", text("2001:db8::1"), false},
        {R"({"a":[{"cidr":"2001:db8::/32"}]})", text("2001:db8:1::1"), true},
        {R"({"a":[{"cidr":"10.0.0.0/24"}]})", text("ten"), false},
        {R"({"$or":[{"a":["x"]},{"b":["x"]}]})", text("x"), true},
        {R"({"$or":[{"a":["y"]},{"b":["x"]}]})", text("x"), false},
        {R"({"a":["x"],"$or":[{"b":["y"]},{"c":[{"exists":false}]}]})", text("x"), true},
        {R"({"$or":["x"]})", text("x"), false},
        {R"({"a":["AAA="]})", {.type = "Binary", .value = "AAA="}, false},
    };
    for (const auto& each : cases) {
        ASSERT_TRUE(check_filter_policy(each.policy, FilterScope::message_attributes)) << each.policy;
        EXPECT_EQ(passes_filter_policy(each.policy, {{"a", each.attribute}}), each.passes)
            << each.policy << " on " << each.attribute.value;
    }
}

TEST(FilterPolicyTest, BadPoliciesAreRefused) {
    for (const auto* policy : {"[",
                               "[]",
                               R"({"a":"x"})",
                               R"({"a":[]})",
                               R"({"a":[{"cidr":"10.0.0.0/33"}]})",
                               R"({"a":[{"cidr":"10.0.0.0"}]})",
                               R"({"a":[{"wildcard":"x*"}]})",
                               R"({"a":{"b":["x"]}})",
                               R"({"$or":[{"a":["x"]}]})",
                               R"({"$or":[{"a":["x"]},{"prefix":["y"]}]})",
                               R"({"$or":[{"a":["x"]},{}]})",
                               R"({"a":[{"numeric":["<",1,">",2]}]})",
                               R"({"a":[{"numeric":[">",2,"<",2]}]})",
                               R"({"a":[{"prefix":1}]})",
                               R"({"a":[["x"]]})",
                               R"({"a":[1000000001]})",
                               R"({"a":[{"numeric":[">",-1e10]}]})",
                               R"({"a":[{"anything-but":[1,1e10]}]})",
                               R"({"a":[{"anything-but":-1000000000.5}]})",
                               R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})"}) {
        const auto checked = check_filter_policy(policy, FilterScope::message_attributes);
        ASSERT_FALSE(checked) << policy;
        EXPECT_EQ(checked.error().name, "InvalidParameter");
    }
}

TEST(FilterPolicyTest, BodiesAreLookedInto) {
    struct Case {
        std::string policy;
        std::string body;
        bool passes;
    };
    const std::vector<Case> cases{
        {R"({"a":["x"]})", R"({"a":"x"})", true},
        {R"({"a":["x"]})", R"({"a":["w","x"]})", true},
        {R"({"a":["x"]})", "x", false},
        {R"({"a":[{"exists":false}]})", "[1]", false},
        {R"({"a":{"b":{"c":[3]}}})", R"({"a":{"b":{"c":3.0}}})", true},
        {R"({"a":{"b":["x"]}})", R"({"a":"x"})", false},
        {R"({"a":{"b":["x"],"c":["y"]}})", R"({"a":[{"b":"x","c":"y"}]})", true},
        {R"({"a":{"b":["x"],"c":["y"]}})", R"({"a":[{"b":"x"},{"c":"y"}]})", false},
        {R"({"a":{"b":[{"exists":false}]}})", "{}", true},
        {R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})", false},
        {R"({"a":[{"exists":false}]})", R"({"a":[]})", true},
        {R"({"a":[null]})", R"({"a":null})", true},
        {R"({"a":{"$or":[{"b":["x"]},{"c":["y"]}]}})", R"({"a":{"c":"y"}})", true},
    };
    for (const auto& each : cases) {
        ASSERT_TRUE(check_filter_policy(each.policy, FilterScope::message_body)) << each.policy;
        EXPECT_EQ(passes_body_filter_policy(each.policy, each.body), each.passes) << each.policy << " on " << each.body;
    }
}

// (SNS developer guide, "Filter policy constraints": of a policy for bodies the levels count, too, and leaves are keys)
TEST(FilterPolicyTest, PoliciesHaveLimits) {
    const auto list = [](int count) {
        std::string values;
        for (int i = 0; i < count; ++i) values += (i == 0 ? "" : ",") + std::to_string(i);
        return "[" + values + "]";
    };
    const auto is_good = [](const std::string& policy) {
        return check_filter_policy(policy, FilterScope::message_body).has_value();
    };
    EXPECT_TRUE(is_good(R"({"a":{"b":{"c":)" + list(4) + R"(}},"d":{"e":)" + list(3) + "}}")) << "4 x 3 x 3 x 2 = 72";
    EXPECT_TRUE(is_good(R"({"a":{"b":)" + list(75) + "}}"));
    EXPECT_FALSE(is_good(R"({"a":{"b":)" + list(76) + "}}"));
    EXPECT_TRUE(is_good(R"({"$or":[{"a":)" + list(75) + R"(},{"b":)" + list(75) + "}]}"));
    EXPECT_FALSE(is_good(R"({"$or":[{"a":)" + list(76) + R"(},{"b":)" + list(75) + "}]}"));
    EXPECT_TRUE(is_good(R"({"a":{"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}})"));
    EXPECT_FALSE(is_good(R"({"a":{"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]},"g":[1]})"));
}

}  // namespace
}  // namespace holdpoint::topics
