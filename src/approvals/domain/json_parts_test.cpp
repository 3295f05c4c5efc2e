#include "approvals/domain/json_parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace holdpoint::approvals {
namespace {

using ::testing::ElementsAre;

/// What is left, and then what was taken.
std::vector<std::string> parts_of(const std::string& text) {
    std::vector<std::string> taken = {""};
    std::istringstream in(text);
    taken.front() =
        take_lists(in, {{.name = "a", .take = [&](const std::string& part) { taken.push_back(part); }},
                        {.name = "b", .take = [&](const std::string& part) { taken.push_back("b" + part); }}});
    return taken;
}

TEST(JsonParts, TakesTheElementsOfListsAndLeavesTheRest) {
    EXPECT_THAT(parts_of(R"({"x":[1,2],"a":[{"k":"],[\"\\","l":[1,{"a":[2]}]},"t,]",3],"b":[[],4],"y":{"a":[5]}})"),
                ElementsAre(R"({"x":[1,2],"a":[],"b":[],"y":{"a":[5]}})", R"({"k":"],[\"\\","l":[1,{"a":[2]}]})",
                            R"("t,]")", "3", "b[]", "b4"));
    for (const char* none : {R"({"a":[],"s":"\"a\":[1]"})", R"({"a":"b","c":[1]})", R"({"c":"a","d":[1],"b":{"a":1}})"})
        EXPECT_THAT(parts_of(none), ElementsAre(none));
}

TEST(JsonParts, WhatIsNoJsonIsNoneInPartsEither) {
    EXPECT_THAT(parts_of(R"({"a":[1,],"c":[,]})"), ElementsAre(R"({"a":[],"c":[,]})", "1", ""));
    EXPECT_THAT(parts_of(R"({"a":[1}})"), ElementsAre(R"({"a":[}})", "1"));
    EXPECT_THAT(parts_of(R"({"a":[1,2)"), ElementsAre(R"({"a":[)", "1"));
    for (const char* none : {"]}[,\"\\", ""}) EXPECT_THAT(parts_of(none), ElementsAre(none));
}

TEST(JsonParts, ALineIsADocument) {
    std::istringstream lines("{\"a\":[1]}\n\n{\"a\":[2]}");
    std::vector<std::string> elements;
    const auto rest = [&] {
        return take_lists_of_line(
            lines, {{.name = "a", .take = [&](const std::string& element) { elements.push_back(element); }}});
    };
    EXPECT_EQ(rest(), "{\"a\":[]}");
    EXPECT_EQ(rest(), "");
    EXPECT_EQ(rest(), "{\"a\":[]}");
    EXPECT_EQ(rest(), "");
    EXPECT_THAT(elements, ElementsAre("1", "2"));
}

}  // namespace
}  // namespace holdpoint::approvals
