// Amounts and settings: what is taken, and what is said about anything else.
#include "approvals/use_cases/amount.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/use_cases/settings.hpp"

namespace holdpoint::approvals {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Amount, IsTextOfWholeCents) {
    EXPECT_EQ(parse_amount("0"), 0);
    EXPECT_EQ(parse_amount("80"), 8'000);
    EXPECT_EQ(parse_amount("0.01"), 1);
    EXPECT_EQ(parse_amount("1234.50"), 123'450);
    EXPECT_EQ(parse_amount("1000000000.00"), kCentsMax);
    for (const std::string_view none : {"", ".", ".50", "1.", "1.5", "1.505", "01", "-1", "+1", "1,000.00", " 1", "1 ",
                                        "1e3", "0x10", "1000000000.01", "99999999999999999999", "٣"}) {
        EXPECT_EQ(parse_amount(none), std::nullopt) << none;
    }
    EXPECT_EQ(format_amount(5), "0.05");
    EXPECT_EQ(to_string(Money{.cents = 123'450, .currency = "EUR"}), "1234.50 EUR");
}

TEST(Amount, WhatIsNoneIsToldWithItsPlace) {
    const std::pair<std::string, std::string> cases[] = {
        {R"({"amount":80.5,"currency":"EUR"})",
         "amount: expected text such as '1234.50', from 0.01 to 1000000000.00, found 80.5"},
        {R"({"amount":80,"currency":"EUR"})", "amount: expected text such as"},
        {R"({"amount":"0.00","currency":"EUR"})", "found '0.00'"},
        {R"({"currency":"EUR"})", "amount: expected text such as '1234.50', from 0.01 to 1000000000.00, found nothing"},
        {R"({"amount":"80","currency":"USD"})", "currency: expected EUR, found 'USD'."},
        {R"({"amount":"80","currency":"eur"})", "currency: expected EUR, found 'eur'."},
        {R"({"amount":"80"})", "currency: expected text"},
    };
    for (const auto& [text, problem_expected] : cases) {
        const durable::Json event = durable::Json::parse(text);
        Reader::Problem problem;
        (void)read_money(event, Reader(&event, "", problem), "EUR");
        EXPECT_THAT(problem.value_or(""), HasSubstr(problem_expected)) << text;
    }
    const durable::Json event = durable::Json::parse(R"({"amount":"80.05","currency":"EUR"})");
    Reader::Problem problem;
    EXPECT_EQ(read_money(event, Reader(&event, "", problem), "EUR"), (Money{.cents = 8'005, .currency = "EUR"}));
    EXPECT_EQ(problem, std::nullopt);
}

TEST(Settings, ApproversArePeopleAndGroups) {
    const auto approvers = parse_approvers(" ann@example.com, group:finance ,bob@example.com");
    ASSERT_TRUE(approvers);
    EXPECT_THAT(approvers->people, ElementsAre("ann@example.com", "bob@example.com"));
    EXPECT_THAT(approvers->groups, ElementsAre("finance"));
    for (const std::string_view none : {"", " ", ",", "ann@example.com,", "group:", "ann,,bob"}) {
        EXPECT_EQ(parse_approvers(none), std::nullopt) << none;
    }
}

TEST(Settings, ANumberIsWithinItsBounds) {
    const std::pair<const char*, bool> cases[] = {{"1", true}, {"60", true}, {"0", false}, {"61", false}, {"x", false}};
    for (const auto& [text, is_taken] : cases) {
        Settings settings([value = text](const char* /*name*/) -> const char* { return value; });
        (void)settings.number("SECONDS", 1, 60);
        EXPECT_EQ(!settings.problem(), is_taken) << text;
    }
}

TEST(Settings, TheFirstProblemIsTold) {
    Settings settings([](const char* name) -> const char* {
        const std::string_view variable = name;
        return variable == "LIMIT" ? "ten" : variable == "CURRENCY" ? "JPY" : nullptr;
    });
    EXPECT_EQ(settings.problem(), std::nullopt);
    (void)settings.amount("LIMIT");
    (void)settings.currency("CURRENCY");
    (void)settings.text("MISSING");
    ASSERT_TRUE(settings.problem());
    EXPECT_EQ(settings.problem()->message,
              "The environment variable LIMIT must be an amount such as 100.00, at most 1000000000.00.");
}

}  // namespace
}  // namespace holdpoint::approvals
