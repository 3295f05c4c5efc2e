// Requests' records held against chains that come in another order, and what waits in files meanwhile.
#include "approvals/domain/trail_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "approvals/domain/testing_trails.hpp"

namespace holdpoint::approvals {
namespace {

/// What was written to it stays when it is closed.
class KeptScratch final : public std::stringstream {
public:
    explicit KeptScratch(std::string& all) : all_(all) {}
    ~KeptScratch() override { all_ += str(); }

private:
    std::string& all_;
};

ApprovalRequest request_of(const std::string& approval_id) {
    ApprovalRequest request;
    request.approval_id = approval_id;
    request.requester = "ann@example.com";
    request.callback_token = "a secret";
    request.revision = 1;
    return request;
}

std::vector<AuditRecord> chain_of(const std::string& approval_id) {
    SeededRandom random(1);
    const ApprovalRequest request = request_of(approval_id);
    AuditEvent created{.event = "created", .at = to_iso8601(testing::kNow)};
    created.shown_digest = shown_digest(request);
    return {next_record(approval_id, nullptr, created, random)};
}

TEST(TrailCheck, NamesRequestsWhoseRecordSaysSomethingElse) {
    TrailCheck check(testing::memory, 1);
    for (const std::string id : {"d", "c", "e", "b", "f"}) check.add(chain_of(id));
    check.add("z", request_of("z"));
    ApprovalRequest forged = request_of("c");
    forged.requester = "bob@example.com";
    check.add("c", forged);
    check.add("b", request_of("b"));
    check.add("e", request_of("e"));
    check.add("d", std::nullopt);
    check.add("a", request_of("a"));
    EXPECT_THAT(check.compare(), ::testing::ElementsAre("a", "c", "d", "z"));
    EXPECT_EQ(check.found().approvals, 5);
    EXPECT_THAT(check.found().problems, ::testing::IsEmpty());
}

TEST(TrailCheck, ASecretWaitsInNoFile) {
    std::string written;
    {
        TrailCheck check([&] { return std::make_unique<KeptScratch>(written); }, 1);
        check.add(chain_of("a"));
        check.add("a", request_of("a"));
        EXPECT_THAT(check.compare(), ::testing::IsEmpty());
    }
    EXPECT_THAT(written, ::testing::HasSubstr("ann@example.com"));
    EXPECT_THAT(written, ::testing::Not(::testing::HasSubstr("a secret")));
}

TEST(TrailCheck, HoldsEachChainOfAStatementAgainstItselfAlone) {
    TrailCheck check(testing::memory);
    const std::vector<ChainHead> ends = {{.approval_id = "a", .seq = 1, .hash = "h"},
                                         {.approval_id = "b", .seq = 1, .hash = "h"}};
    const auto statement = testing::make_head(ends, nullptr, testing::kNow, testing::keys());
    const auto each = [&](const TakeEnd& take) -> Result<void> {
        testing::each_of(ends)(take);
        return {};
    };
    ASSERT_TRUE(check.add(statement, each));
    EXPECT_THAT(check.compare(), ::testing::IsEmpty());
    EXPECT_THAT(check.verify_statements(testing::keys()),
                ::testing::ElementsAre("a: its whole chain of 1 records is gone (" + name_of(statement) + ")",
                                       "b: its whole chain of 1 records is gone (" + name_of(statement) + ")"));
}

TEST(TrailCheck, WhatAStatementRepeatsOfAnEarlierOneIsToldOnce) {
    TrailCheck check(testing::memory);
    std::vector<testing::WholeStatement> statements;
    for (const std::int64_t seq : {1, 2, 1}) {
        const HeadStatement* previous = statements.empty() ? nullptr : &statements.back();
        const TimePoint at = testing::kNow + std::chrono::hours(std::ssize(statements));
        statements.push_back(
            testing::make_head({{.approval_id = "a", .seq = seq, .hash = "h"}}, previous, at, testing::keys()));
        const auto each = [&](const TakeEnd& take) -> Result<void> {
            testing::each_of(statements.back().chains)(take);
            return {};
        };
        ASSERT_TRUE(check.add(statements.back(), each));
    }
    EXPECT_THAT(check.compare(), ::testing::IsEmpty());
    EXPECT_THAT(check.verify_statements(testing::keys()),
                ::testing::ElementsAre("a: its whole chain of 1 records is gone (" + name_of(statements[0]) + ")",
                                       "a: its whole chain of 2 records is gone (" + name_of(statements[1]) + ")"));
    EXPECT_EQ(check.sealed(testing::keys()).last_at, statements[2].at);
}

TEST(TrailCheck, AStatementThatCannotBeReadIsToldAsThat) {
    TrailCheck check(testing::memory);
    EXPECT_FALSE(check.add(HeadStatement(), [](const TakeEnd&) -> Result<void> { return fail("Lost", 503, "lost"); }));
}

}  // namespace
}  // namespace holdpoint::approvals
