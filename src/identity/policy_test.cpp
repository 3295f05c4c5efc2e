// What policies say of a request: statements, and each operator of their conditions.
#include "identity/policy.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holdpoint::identity {
namespace {

Verdict verdict(const std::string& statements, std::string action, std::string resource) {
    return evaluate({parse_policy(R"({"Statement":)" + statements + "}").value()},
                    {.action = std::move(action), .resource = std::move(resource), .context = {}});
}

TEST(Statements, DenyWinsWhereverItStands) {
    EXPECT_EQ(verdict(R"([{"Effect":"Deny","Action":"sns:Publish","Resource":"*"},
                          {"Effect":"Allow","Action":"*","Resource":"*"}])",
                      "sns:Publish", "arn:topic"),
              Verdict::explicitly_denied);
}

TEST(Statements, NotActionAndNotResourceAreAllOthers) {
    const std::string policy =
        R"({"Effect":"Allow","NotAction":["sns:Delete*","sns:Subscribe"],"NotResource":"arn:aws:sns:*:*:secret*"})";
    EXPECT_EQ(verdict(policy, "sns:Publish", "arn:aws:sns:r:1:open"), Verdict::allowed);
    EXPECT_EQ(verdict(policy, "sns:deletetopic", "arn:aws:sns:r:1:open"), Verdict::implicitly_denied);
    EXPECT_EQ(verdict(policy, "sns:Subscribe", "arn:aws:sns:r:1:open"), Verdict::implicitly_denied);
    EXPECT_EQ(verdict(policy, "sns:Publish", "arn:aws:sns:r:1:secrets"), Verdict::implicitly_denied);
}

TEST(Statements, HaveOneOfEachPair) {
    const auto problem = [](const std::string& members) {
        const auto read = read_policy(R"({"Statement":{"Effect":"Deny",)" + members + "}}");
        return read ? std::string("none") : read.error().message;
    };
    EXPECT_EQ(problem(R"("Action":"*","NotAction":"sns:*","Resource":"*")"), "needs either Action or NotAction");
    EXPECT_EQ(problem(R"("Action":"*","Resource":"*","NotResource":"*")"), "needs either Resource or NotResource");
    EXPECT_EQ(problem(R"("Action":[],"Resource":"*")"), "must be a text or a list of texts, but is []");
    EXPECT_EQ(problem(R"("Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:userid":[]}})"),
              "must be a text or a list of texts, but is []")
        << "a condition on nothing never holds, so that this would deny nothing";
}

struct Comparison {
    std::string name;
    std::string key;
    std::string expected;
    std::string less;
    std::string equal;
    std::string greater;
};

TEST(Conditions, OrderTellsLessFromEqualFromGreater) {
    for (const auto& each : {Comparison{"Numeric", "aws:EpochTime", "100", "99", "100.0", "101"},
                             {"Date", "aws:CurrentTime", "2026-01-01", "2025-12-31T23:59:59.999Z",
                              "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z"},
                             {"Date", "aws:CurrentTime", "1767225600", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z",
                              "2026-01-01T00:00:01Z"}}) {
        const auto held = [&](const std::string& operation) {
            const auto policy = parse_policy(fmt::format(
                R"({{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{}{}":{{"{}":"{}"}}}}}}}})",
                each.name, operation, each.key, each.expected));
            std::string result;
            for (const std::string& value : {each.less, each.equal, each.greater}) {
                const Access access{.action = "a:B", .resource = "r", .context = [&](std::string_view) {
                                        return std::vector<std::string>{value};
                                    }};
                result += evaluate({policy.value()}, access) == Verdict::allowed ? '1' : '0';
            }
            return result;
        };
        EXPECT_EQ(held("Equals"), "010") << each.expected;
        EXPECT_EQ(held("NotEquals"), "101") << each.expected;
        EXPECT_EQ(held("LessThan"), "100") << each.expected;
        EXPECT_EQ(held("LessThanEquals"), "110") << each.expected;
        EXPECT_EQ(held("GreaterThan"), "001") << each.expected;
        EXPECT_EQ(held("GreaterThanEquals"), "011") << each.expected;
    }
}

}  // namespace
}  // namespace holdpoint::identity
