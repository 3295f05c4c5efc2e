// Expenses: which limits ask whom, and what no expense is.
#include "approvals/use_cases/expense_approval/expense.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Settings settings_of(std::map<std::string, std::string> variables) {
    return Settings([variables = std::move(variables)](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

const std::map<std::string, std::string> kVariables = {{"CURRENCY", "EUR"},          {"MANAGER_LIMIT", "100.00"},
                                                       {"FINANCE_LIMIT", "1000.00"}, {"MANAGERS", "group:bosses"},
                                                       {"FINANCE", "ann,bob"},       {"DIRECTORS", "cleo"}};

std::vector<std::string> stages_of(std::int64_t cents) {
    std::vector<std::string> names;
    for (const Stage& stage : expense_policy(cents, *expense_rules(settings_of(kVariables))).stages)
        names.push_back(stage.name);
    return names;
}

TEST(Expense, LimitsDecideWhoApproves) {
    EXPECT_THAT(stages_of(1), ElementsAre("manager"));
    EXPECT_THAT(stages_of(10'000), ElementsAre("manager"));
    EXPECT_THAT(stages_of(10'001), ElementsAre("manager", "finance"));
    EXPECT_THAT(stages_of(100'000), ElementsAre("manager", "finance"));
    EXPECT_THAT(stages_of(100'001), ElementsAre("manager", "finance", "director"));
    EXPECT_THAT(stages_of(kCentsMax), ElementsAre("manager", "finance", "director"));
}

TEST(Expense, SettingsAreReadStrictly) {
    const std::tuple<std::string, std::string, std::string> cases[] = {
        {"CURRENCY", "JPY", "CURRENCY must be the code of a currency with cents"},
        {"MANAGER_LIMIT", "100.0", "MANAGER_LIMIT must be an amount"},
        {"FINANCE_LIMIT", "99.99", "FINANCE_LIMIT must be at least MANAGER_LIMIT, which is 100.00."},
        {"FINANCE", "", "FINANCE must be set"},
        {"DIRECTORS", "cleo,", "DIRECTORS must be people and groups"},
    };
    auto one_limit = kVariables;
    one_limit["FINANCE_LIMIT"] = one_limit["MANAGER_LIMIT"];
    EXPECT_TRUE(expense_rules(settings_of(one_limit)));
    for (const auto& [name, value, problem] : cases) {
        auto variables = kVariables;
        variables[name] = value;
        const auto rules = expense_rules(settings_of(variables));
        ASSERT_FALSE(rules) << name;
        EXPECT_EQ(rules.error().name, "ConfigurationError");
        EXPECT_THAT(rules.error().message, HasSubstr(problem));
    }
}

TEST(Expense, EventsAreReadStrictly) {
    const std::pair<std::string, std::string> cases[] = {
        {R"("purpose":"p","requester":"r","amount":"1","currency":"EUR")", "expense_id: expected text"},
        {R"("expense_id":"e","purpose":" ","requester":"r","amount":"1","currency":"EUR")", "purpose: expected text"},
        {R"("expense_id":"e","purpose":"p","requester":"r","amount":1,"currency":"EUR")", "amount: expected text"},
        {R"("expense_id":"e","purpose":"p","requester":"r","amount":"1","currency":"EUR","receipt":"file:///x")",
         "receipt: expected an http or https address, found 'file:///x'."},
        {R"("expense_id":"e","purpose":"p","requester":"r","amount":"1","currency":"EUR","timeout_seconds":61)",
         "timeout_seconds: expected a whole number from 1 to 60, found 61."},
        {R"("expense_id":"e","purpose":"p","requester":"r","amount":"1","currency":"EUR","policy":{})",
         "found 'policy'."},
    };
    for (const auto& [members, problem] : cases) {
        const auto expense = read_expense(durable::Json::parse("{" + members + "}"), "EUR", 60);
        ASSERT_FALSE(expense) << members;
        EXPECT_EQ(expense.error().name, "InvalidEvent");
        EXPECT_THAT(expense.error().message, HasSubstr(problem));
    }
    EXPECT_FALSE(read_expense(durable::Json::parse("[]"), "EUR", 60));
}

TEST(Expense, ApproversSeeTheExactAmount) {
    const auto expense =
        read_expense(durable::Json::parse(R"({"expense_id":"e-1","purpose":"Train","requester":"r","amount":"1234.50",
                                 "currency":"EUR","receipt":"https://example.com/1","timeout_seconds":60})"),
                     "EUR", 60);
    ASSERT_TRUE(expense) << expense.error().message;
    const Request request = make_request(*expense, *expense_rules(settings_of(kVariables)));
    EXPECT_EQ(request.document_name, "Train: 1234.50 EUR");
    EXPECT_EQ(request.fields.at(0), (DocumentField{.name = "Amount", .value = "1234.50 EUR"}));
    const durable::Json event = event_of(request);
    EXPECT_EQ(event.find("fields")->find("Cost center"), nullptr);
    EXPECT_EQ(request.timeout_seconds, 60);
    const auto charged = read_expense(durable::Json::parse(R"({"expense_id":"e-1","purpose":"Train","requester":"r",
                                 "amount":"1","currency":"EUR","cost_center":"c-7"})"),
                                      "EUR", 60);
    ASSERT_TRUE(charged) << charged.error().message;
    EXPECT_EQ(make_request(*charged, *expense_rules(settings_of(kVariables))).fields.at(2),
              (DocumentField{.name = "Cost center", .value = "c-7"}));
    EXPECT_EQ(*event.find("link")->get_if<std::string>(), "https://example.com/1");
}

}  // namespace
}  // namespace holdpoint::approvals
