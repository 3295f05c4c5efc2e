// The auditor's side of the tables: all chains, statements of where they end, erased fields.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "all_trails.hpp"
#include "approvals/domain/erasures.hpp"
#include "approvals/domain/testing_statements.hpp"
#include "approvals/repository/audit_store.hpp"
#include "approvals/repository/items.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class AuditStoreTest : public ::testing::Test {
protected:
    void put(const boost::json::object& item) {
        ASSERT_TRUE(client_.json("dynamodb", "DynamoDB_20120810.PutItem", {{"TableName", "audit"}, {"Item", item}}));
    }

    AuditRecord add_record(const std::string& approval_id, const std::string& comments) {
        AuditEvent event{.event = "created", .at = to_iso8601(clock_.now())};
        event.personal = {{"comments", comments}};
        const AuditRecord record = next_record(approval_id, nullptr, event, random_);
        put(to_item(record));
        return record;
    }

    WholeStatement make_statement(const HeadStatement* previous) {
        return make_head(heads_of(all_trails(store_).trails), previous, clock_.now(), keys_);
    }

    Result<bool> add(const WholeStatement& statement) { return store_.add(statement, each_of(statement.chains)); }
    HeadStatement add_statement(const HeadStatement* previous) {
        const WholeStatement statement = make_statement(previous);
        EXPECT_TRUE(add(statement).value());
        return statement;
    }
    /// The same as it is kept.
    WholeStatement kept(const HeadStatement& statement) {
        WholeStatement whole{statement, {}};
        EXPECT_TRUE(store_.each_chain_of(statement, [&](const ChainHead& chain) { whole.chains.push_back(chain); }));
        return whole;
    }

    ManualClock clock_{from_epoch_ms(1'764'000'000'000)};
    SeededRandom random_{1};
    Tables tables_{clock_};
    aws::Client client_{configuration_of_tests(), tables_, clock_, random_, [](std::chrono::milliseconds) {}};
    AuditStore store_{client_, "audit", "settings"};
    KeyRing keys_ = KeyRing::make({{"k1", std::string(32, 's')}}).value();
};

TEST_F(AuditStoreTest, ReadsAndSealsMoreThanOnePageOrItemHolds) {
    constexpr std::size_t kMany = 1001;  // with 1.2 MB, so more than one page of a scan; three parts of a statement
    for (std::size_t i = 0; i < kMany; ++i) add_record(fmt::format("approval-{:04}", i), std::string(1200, 'x'));
    const AllTrails all = all_trails(store_);
    EXPECT_THAT(all.trails, SizeIs(kMany));
    EXPECT_THAT(verify_trails(all.trails), IsEmpty());
    const WholeStatement statement = make_statement(nullptr);
    ASSERT_TRUE(add(statement).value());
    const auto statements = store_.statements().value();
    ASSERT_THAT(statements, SizeIs(1));
    EXPECT_EQ(kept(statements[0]), statement);
    EXPECT_THAT(verify_head(kept(statements[0]), nullptr, keys_), IsEmpty());

    const boost::json::object forged{{"name", {{"S", fmt::format("audit-head-chains/{}/1", statement.hash)}}},
                                     {"chains", {{"L", {{{"S", "no chain"}}}}}}};
    ASSERT_TRUE(client_.json("dynamodb", "DynamoDB_20120810.PutItem", {{"TableName", "settings"}, {"Item", forged}}));
    EXPECT_THAT(verify_head(kept(statements[0]), nullptr, keys_),
                ElementsAre(HasSubstr("was changed after it was written")));
}

TEST_F(AuditStoreTest, NamesAnItemThatHasMoreThanARecord) {
    boost::json::object item = to_item(add_record("a", "fine"));
    item["note"] = {{"S", "see above"}};
    item["approved_by"] = {{"S", "the board"}};
    put(item);
    item = to_item(add_record("b", "fine"));
    item["personal"].at("M").at("comments").at("M").as_object()["seen"] = {{"BOOL", true}};
    put(item);
    std::vector<std::string> whole;
    const auto problems =
        store_.each_chain([&](const auto& chain) { whole.push_back(chain.front().approval_id); }).value();
    EXPECT_THAT(problems,
                UnorderedElementsAre("a record 1 (created): its item has more than a record (approved_by, note), for "
                                     "which nothing vouches",
                                     "b record 1 (created): its item has more than a record (personal), for which "
                                     "nothing vouches"));
    EXPECT_THAT(whole, UnorderedElementsAre("a", "b"));
}

TEST_F(AuditStoreTest, KeepsOneStatementOfANumber) {
    EXPECT_THAT(store_.statements().value(), IsEmpty());
    const HeadStatement first = add_statement(nullptr);
    add_record("a", "fine");
    EXPECT_FALSE(add(make_statement(nullptr)).value());
    EXPECT_THAT(store_.statements().value(), ElementsAre(first)) << "the loser changed nothing";
    // By number, not as text is ordered.
    std::vector<HeadStatement> all = {first};
    for (int i = 0; i < 10; ++i) all.push_back(add_statement(&all.back()));
    EXPECT_EQ(store_.statements().value(), all);
}

TEST_F(AuditStoreTest, WhereAPartIsLostThereIsNoStatement) {
    std::vector<ChainHead> chains(1501, ChainHead{.approval_id = "a", .seq = 1, .hash = "h"});
    int puts = 0;
    tables_.before_call = [&](const std::string& action) { return action != "PutItem" || ++puts < 2; };
    const WholeStatement statement = make_head(chains, nullptr, clock_.now(), keys_);
    EXPECT_FALSE(add(statement));
    EXPECT_EQ(puts, 1 + configuration_of_tests().attempts_max) << "what comes after it is not written";
    EXPECT_FALSE(add(make_statement(nullptr))) << "nor is one without chains";
    tables_.before_call = {};
    EXPECT_THAT(store_.statements().value(), IsEmpty());
}

TEST_F(AuditStoreTest, NamesWhatIsNoRecord) {
    add_record("a", "fine");
    put({{"approval_id", {{"S", "b"}}}, {"seq", {{"N", "7"}}}});
    const AllTrails all = all_trails(store_);
    EXPECT_THAT(all.trails, SizeIs(1));
    EXPECT_THAT(all.problems, ElementsAre(HasSubstr("b record 7: expected an audit record")));
}

TEST_F(AuditStoreTest, ErasesFieldsOfARecordThatIsAsItWasRead) {
    const AuditRecord record = add_record("a", "private");
    ASSERT_TRUE(store_.erase(record, {"comments"}));
    const Trails trails = all_trails(store_).trails;
    EXPECT_THAT(verify_trails(trails), ElementsAre(HasSubstr("its field comments is empty")))
        << "nothing tells of it yet";
    AuditEvent erased{.event = "erased", .at = to_iso8601(clock_.now())};
    erased.details = {{"fields", "record 1: comments"}};
    put(to_item(next_record("a", &record, erased, random_)));
    const Trails told = all_trails(store_).trails;
    EXPECT_THAT(verify_trails(told), IsEmpty());
    EXPECT_THAT(erasures(told.at("a")), ElementsAre("a record 1 (created): comments erased"));
    EXPECT_EQ(trails.at("a")[0].personal.at("actor").value, "holdpoint");
    AuditRecord other = record;
    other.hash = std::string(64, '0');
    const auto refused = store_.erase(other, {"actor"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().name, "ConditionalCheckFailedException");
    AuditRecord none = record;
    none.seq = 2;
    EXPECT_FALSE(store_.erase(none, {"actor"}));
    EXPECT_THAT(all_trails(store_).trails.at("a"), SizeIs(2));
    EXPECT_TRUE(store_.erase(none, {})) << "nothing is to be done";
}

}  // namespace
}  // namespace holdpoint::approvals::testing
