// The function that seals periodically: when it makes a statement, what it finds, and how little it reads for that.
#include "approvals/sealing/sealing.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "all_trails.hpp"
#include "approvals/domain/testing_statements.hpp"
#include "approvals/repository/items.hpp"
#include "approvals/repository/stack_check.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<std::iostream> in_memory() {
    return std::make_unique<std::stringstream>();
}

class SealingTest : public ::testing::Test {
protected:
    void call(const std::string& action, const boost::json::object& request) {
        ASSERT_TRUE(client_.json("dynamodb", "DynamoDB_20120810." + action, request));
    }
    /// One more record of the approval's chain.
    void add_record(const std::string& approval_id) {
        AuditEvent event{.event = "created", .at = to_iso8601(clock_.now())};
        const auto before = last_.find(approval_id);
        last_[approval_id] =
            next_record(approval_id, before == last_.end() ? nullptr : &before->second, event, random_);
        call("PutItem", {{"TableName", "audit"}, {"Item", to_item(last_[approval_id])}});
    }
    void remove_record(const std::string& approval_id, int seq) {
        call("DeleteItem", {{"TableName", "audit"},
                            {"Key", {{"approval_id", {{"S", approval_id}}}, {"seq", {{"N", std::to_string(seq)}}}}}});
    }
    void remove_setting(const std::string& name) {
        call("DeleteItem", {{"TableName", "settings"}, {"Key", {{"name", {{"S", name}}}}}});
    }
    Sealing seal() {
        clock_.advance(std::chrono::hours(1));
        SigningKeys keys(client_, "settings", clock_, random_);  // as a process that has just begun
        auto sealing = approvals::seal(store_, keys, clock_, in_memory);
        EXPECT_TRUE(sealing) << (sealing ? "" : sealing.error().message);
        return sealing ? std::move(*sealing) : Sealing();
    }
    /// What `holdpoint audit verify --stack-name` does.
    Result<Verification> check(const std::string& sealed = {}) {
        SigningKeys keys(client_, "settings", clock_, random_);
        const auto repository = make_repository(client_, {.approvals = "approvals", .audit = "audit"}, clock_, random_);
        return verify_stack({.store = store_, .repository = *repository, .keys = keys, .approvals_table = "approvals"},
                            sealed, in_memory);
    }
    std::vector<std::string> verify() { return check().value().problems; }
    /// Loses one call after the other, however often it is tried. Answers how many it took until none was lost.
    template <class Work>
    int calls_that_it_needs(Work work) {
        int lost = 0;
        for (bool is_done = false; !is_done; ++lost) {
            int calls = 0;
            const int tries = configuration_of_tests().attempts_max;
            tables_.before_call = [&, tries](const std::string&) { return ++calls <= lost || calls > lost + tries; };
            is_done = work().has_value();
            EXPECT_EQ(is_done, calls <= lost) << "without call " << lost;
        }
        tables_.before_call = {};
        return lost;
    }
    /// The ends that the newest statement names.
    std::vector<ChainHead> newest_chains() {
        std::vector<ChainHead> chains;
        EXPECT_TRUE(store_.each_chain_of(**store_.newest(), [&](const ChainHead& chain) { chains.push_back(chain); }));
        return chains;
    }

    ManualClock clock_{from_epoch_ms(1'764'000'000'000)};
    SeededRandom random_{1};
    Tables tables_{clock_};
    aws::Client client_{configuration_of_tests(), tables_, clock_, random_, [](std::chrono::milliseconds) {}};
    AuditStore store_{client_, "audit", "settings"};
    std::map<std::string, AuditRecord> last_;
};

TEST_F(SealingTest, ThereIsNothingToSealBeforeTheFirstRecord) {
    const Sealing sealing = seal();
    EXPECT_FALSE(sealing.statement);
    EXPECT_THAT(sealing.problems, IsEmpty());
    EXPECT_THAT(store_.statements().value(), IsEmpty());
}

TEST_F(SealingTest, AStatementIsMadeWhenTheTrailHasGrown) {
    for (const auto* id : {"b", "a", "a", "c"}) add_record(id);
    const Sealing first = seal();
    EXPECT_TRUE(first.is_new);
    EXPECT_EQ(first.statement->number, 1);
    EXPECT_EQ(first.chains, 3);
    EXPECT_EQ(newest_chains(), heads_of(all_trails(store_).trails));
    const Sealing again = seal();
    EXPECT_FALSE(again.is_new);
    EXPECT_EQ(again.statement, first.statement);
    EXPECT_EQ(again.chains, 3);
    add_record("b");
    const Sealing second = seal();
    EXPECT_TRUE(second.is_new);
    EXPECT_EQ(second.statement->number, 2);
    EXPECT_THAT(second.problems, IsEmpty());
    EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(SealingTest, WhatIsGoneIsToldAndALaterStatementHidesNothing) {
    for (const auto* id : {"a", "a", "b", "c", "c"}) add_record(id);
    ASSERT_TRUE(seal().is_new);
    remove_record("a", 2);
    remove_record("b", 1);
    remove_record("c", 1);
    const Sealing found = seal();
    EXPECT_TRUE(found.is_new);
    EXPECT_THAT(found.problems, ::testing::UnorderedElementsAre(HasSubstr("a: its chain ends at record 1, but had 2"),
                                                                HasSubstr("c record 2"),
                                                                HasSubstr("b: its whole chain of 1 records is gone")));
    EXPECT_THAT(verify(), ::testing::Contains(HasSubstr("b: its whole chain")));
    EXPECT_THAT(seal().problems, ElementsAre(HasSubstr("c record 2"))) << "what a chain says by itself";
}

TEST_F(SealingTest, WhatIsNoRecordIsTold) {
    add_record("a");
    call("PutItem", {{"TableName", "audit"}, {"Item", {{"approval_id", {{"S", "b"}}}, {"seq", {{"N", "7"}}}}}});
    EXPECT_THAT(seal().problems, ElementsAre(HasSubstr("b record 7: expected an audit record")));
    EXPECT_THAT(verify(), ElementsAre(HasSubstr("b record 7: expected an audit record")));
}

TEST_F(SealingTest, FieldsThatWereEmptiedAreToldUnlessARecordTellsOfIt) {
    add_record("a");
    const auto empty = [&] {
        call("UpdateItem", {{"TableName", "audit"},
                            {"Key", {{"approval_id", {{"S", "a"}}}, {"seq", {{"N", "1"}}}}},
                            {"UpdateExpression", "SET personal = :none"},
                            {"ExpressionAttributeValues", {{":none", {{"M", boost::json::object()}}}}}});
    };
    empty();
    EXPECT_THAT(seal().problems, ElementsAre(HasSubstr("a record 1 (created): its field actor is empty")));
    AuditEvent erased{.event = "erased", .at = to_iso8601(clock_.now())};
    erased.details = {{"fields", "record 1: actor"}};
    call("PutItem", {{"TableName", "audit"}, {"Item", to_item(next_record("a", &last_["a"], erased, random_))}});
    EXPECT_THAT(seal().problems, IsEmpty());
}

TEST_F(SealingTest, AStatementThatWasChangedIsTold) {
    add_record("a");
    ASSERT_TRUE(seal().is_new);
    call("UpdateItem", {{"TableName", "settings"},
                        {"Key", {{"name", {{"S", "audit-head/1"}}}}},
                        {"UpdateExpression", "SET #at = :at"},
                        {"ExpressionAttributeNames", {{"#at", "at"}}},
                        {"ExpressionAttributeValues", {{":at", {{"S", "2020-01-01T00:00:00Z"}}}}}});
    EXPECT_THAT(seal().problems, ElementsAre(HasSubstr("was changed after it was written")));
}

TEST_F(SealingTest, WhenItsKeyIsDroppedANewStatementVouchesForTheLast) {
    add_record("a");
    ASSERT_TRUE(seal().is_new);
    SigningKeys keys(client_, "settings", clock_, random_);
    ASSERT_TRUE(keys.rotate(true));
    const Sealing sealing = seal();
    EXPECT_TRUE(sealing.is_new) << "although the trail has not grown";
    EXPECT_THAT(sealing.problems, IsEmpty());
    EXPECT_THAT(verify(), IsEmpty());
    EXPECT_FALSE(seal().is_new);
}

TEST_F(SealingTest, OfTwoAtOnceTheLoserSealsAfterTheWinner) {
    add_record("a");
    bool met = false;
    tables_.before_call = [&](const std::string& action) {
        if (action != "Scan" || met) return true;
        met = true;
        SigningKeys keys(client_, "settings", clock_, random_);
        EXPECT_TRUE(approvals::seal(store_, keys, clock_, in_memory)->is_new);
        add_record("b");
        return true;
    };
    const Sealing sealing = seal();
    EXPECT_TRUE(sealing.is_new);
    EXPECT_EQ(sealing.statement->number, 2);
    EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(SealingTest, TheNewestStatementIsFoundInFewReads) {
    for (int number = 1; number <= 40; ++number) {
        add_record("a");
        ASSERT_EQ(seal().statement->number, number);
        int reads = 0;
        tables_.before_call = [&](const std::string& action) { return reads += action == "GetItem" ? 1 : 0, true; };
        EXPECT_EQ(store_.newest().value()->number, number);
        EXPECT_LE(reads, 12) << number;
        tables_.before_call = {};
    }
}

TEST_F(SealingTest, AStatementThatIsGoneIsFoundByWhoeverVerifies) {
    for (int i = 0; i < 5; ++i) {
        add_record("a");
        ASSERT_TRUE(seal().is_new);
    }
    remove_setting("audit-head/4");
    add_record("a");
    (void)seal();
    EXPECT_THAT(verify(), ::testing::Not(IsEmpty())) << "whatever number the next one got";
}

TEST_F(SealingTest, WhatCannotBeReadIsNotTakenForWhole) {
    add_record("a");
    ASSERT_TRUE(seal().is_new);
    EXPECT_GT(calls_that_it_needs([&] { return check(); }), 5);
    add_record("b");
    EXPECT_GT(calls_that_it_needs([&] {
                  SigningKeys keys(client_, "settings", clock_, random_);
                  return approvals::seal(store_, keys, clock_, in_memory);
              }),
              5);
    EXPECT_EQ(newest_chains().size(), 2);
}

TEST_F(SealingTest, AStatementThatWasKeptElsewhereMustBeThere) {
    add_record("a");
    const std::string hash = seal().statement->hash;
    EXPECT_THAT(check(hash)->problems, IsEmpty());
    const std::string other(64, '0');
    EXPECT_THAT(check(other)->problems, ElementsAre("the statement with the hash " + other + " is gone"));
    const Sealed sealed = check()->sealed;
    EXPECT_EQ(sealed.statements, 1);
    EXPECT_EQ(sealed.signatures, 1);
    EXPECT_THAT(sealed.hashes, ElementsAre(hash));
}

TEST_F(SealingTest, ATrailThatIsGoneAltogetherIsSealedAsThat) {
    add_record("a");
    ASSERT_TRUE(seal().is_new);
    remove_record("a", 1);
    const Sealing sealing = seal();
    EXPECT_TRUE(sealing.is_new);
    EXPECT_EQ(sealing.chains, 0);
    EXPECT_THAT(sealing.problems, ElementsAre(HasSubstr("a: its whole chain of 1 records is gone")));
    EXPECT_THAT(newest_chains(), IsEmpty());
}

TEST_F(SealingTest, MoreThanOnePageOfChainsIsReadChainAfterChain) {
    for (int i = 0; i < 300; ++i) {
        for (int record = 0; record < 3; ++record) add_record(fmt::format("approval-{}", i));
    }
    AuditEvent large{.event = "created", .at = to_iso8601(clock_.now())};
    large.personal = {{"comments", std::string(200'000, 'x')}};
    for (int i = 0; i < 6; ++i) {
        call("PutItem",
             {{"TableName", "audit"}, {"Item", to_item(next_record(fmt::format("l-{}", i), nullptr, large, random_))}});
    }
    const Sealing sealing = seal();
    EXPECT_THAT(sealing.problems, IsEmpty());
    EXPECT_EQ(sealing.chains, 306);
    EXPECT_THAT(verify(), IsEmpty());
}

}  // namespace
}  // namespace holdpoint::approvals::testing
