// Documents: which kind asks whom, and what no document is.
#include "approvals/use_cases/document_approval/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using ::testing::HasSubstr;

DocumentRules rules() {
    DocumentRules rules;
    rules.currency = "EUR";
    rules.budget_limit = 1'000'000;
    rules.legal = *parse_approvers("lea,both");
    rules.finance = *parse_approvers("ann,Both,group:finance");
    rules.designers = *parse_approvers("dora");
    rules.directors = *parse_approvers("cleo");
    return rules;
}

std::string described(DocumentKind kind, std::int64_t cents = 0) {
    Document document;
    document.kind = kind;
    if (kind == DocumentKind::budget) document.money = Money{.cents = cents, .currency = "EUR"};
    const auto pinned = pin(document_policy(document, rules()), {});
    return pinned ? describe(*pinned, false) : pinned.error().message;
}

TEST(Document, ItsKindDecidesWhoApproves) {
    EXPECT_EQ(described(DocumentKind::contract), "2 of finance, lea, both or ann, then cleo; one rejection rejects");
    EXPECT_THAT(described(DocumentKind::policy), HasSubstr("1 of 2 from lea or both"));
    EXPECT_THAT(described(DocumentKind::policy), HasSubstr("cleo"));
    Document policy;
    policy.kind = DocumentKind::policy;
    EXPECT_EQ(document_policy(policy, rules()).order, StageOrder::parallel);
    EXPECT_EQ(described(DocumentKind::design), "dora; one rejection rejects");
    EXPECT_EQ(described(DocumentKind::budget, 1'000'000), "1 of finance, ann or Both; one rejection rejects");
    EXPECT_EQ(described(DocumentKind::budget, 1'000'001),
              "1 of finance, ann or Both, then cleo; one rejection rejects");
}

TEST(Document, WhoIsLegalAndFinanceAtOnceIsNamedOnce) {
    DocumentRules office = rules();
    office.legal = *parse_approvers("lea, group:office, LEA, group:Office");
    office.finance = *parse_approvers("lea,group:office");
    Document document;
    document.kind = DocumentKind::contract;
    const Policy policy = document_policy(document, office);
    EXPECT_TRUE(read_policy(durable::to_json(policy))) << "no policy names anybody twice";
    EXPECT_EQ(policy.stages[0].approvers->people, std::vector<std::string>{"lea"});
    EXPECT_EQ(policy.stages[0].approvers->groups, std::vector<std::string>{"office"});
}

TEST(Document, EventsAreReadStrictly) {
    const std::string digest(64, 'a');
    const std::string whole =
        R"("document_id":"d","document_name":"n","version":1,"requester":"r","digest":")" + digest + "\"";
    const std::pair<std::string, std::string> cases[] = {
        {whole, "kind: expected contract, policy, design or budget, found nothing."},
        {whole + R"(,"kind":"letter")", "found 'letter'."},
        {whole + R"(,"kind":"budget")", "amount: expected text such as"},
        {whole + R"(,"kind":"design","amount":"1.00")", "amount: only a budget has one."},
        {whole + R"(,"kind":"design","link":"ftp://x")", "link: expected an http or https address"},
        {whole + R"(,"kind":"design","approvers":[])", "found 'approvers'."},
        {R"("document_id":"d","document_name":"n","kind":"design","requester":"r","version":0,"digest":")" + digest +
             "\"",
         "version: expected a whole number from 1"},
        {R"("document_id":"d","document_name":"n","kind":"design","requester":"r","version":1,"digest":"ABC")",
         "digest: expected a SHA-256 digest: 64 hexadecimal digits in lower case, found 'ABC'."},
        {R"("document_id":"d","document_name":"n","kind":"design","requester":"r","version":1,"digest":")" +
             std::string(64, 'A') + "\"",
         "digest: expected a SHA-256 digest"},
    };
    for (const auto& [members, problem] : cases) {
        const auto document = read_document(durable::Json::parse("{" + members + "}"), "EUR", 60);
        ASSERT_FALSE(document) << members;
        EXPECT_EQ(document.error().name, "InvalidEvent");
        EXPECT_THAT(document.error().message, HasSubstr(problem));
    }
    EXPECT_TRUE(read_document(durable::Json::parse("{" + whole + R"(,"kind":"design"})"), "EUR", 60));
}

}  // namespace
}  // namespace holdpoint::approvals
