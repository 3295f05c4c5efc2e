#include "tables/jobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tables/changes.hpp"
#include "tables/index_changes.hpp"
#include "tables/keys.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kItems = 1300;

/// Orders 0 to kItems-1 of ann, each with a status, a city and a time to live. Nothing is kept between two slices but
/// rows, so whatever holds here holds when the process ends after any of them.
class JobsTest : public ::testing::Test {
protected:
    void SetUp() override {
        db_.ok("CreateTable", kOrders);
        for (int i = 0; i < kItems; ++i) put(i, "Oslo");
    }

    static std::string number(int of) { return R"({"N":")" + std::to_string(of) + R"("})"; }
    void put(int placed, const std::string& city) {
        db_.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":)" + number(placed) +
                              R"(,"status":{"S":"open"},"due":)" + number(1'900'000'000 + placed) +
                              R"(,"city":{"S":")" + city + R"("}}})");
    }
    void erase(int placed) {
        db_.ok("DeleteItem",
               R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":)" + number(placed) + "}}");
    }

    /// A slice, when there is one.
    bool go_on() {
        const auto writes = continue_jobs(db_.rows());
        EXPECT_LE(writes.size(), 2 * kSliceRowsMax) << "the writer does nothing else meanwhile";
        db_.apply(writes);
        return !writes.empty();
    }
    /// All slices; `between` is told how many were done.
    void finish(const std::function<void(int)>& between = [](int) {}) {
        int slices = 0;
        for (; slices < 100 && go_on(); ++slices) between(slices);
        EXPECT_GT(slices, 1) << "it was done at once";
        EXPECT_FALSE(has_jobs(db_.rows(), "orders"));
    }
    /// Changes items before and behind the place that the job has reached.
    void change_items(int slice) {
        for (const int at : {0, 250, 600, 900, 1250}) {
            put(at + 4 * slice, "Bergen");
            erase(at + 4 * slice + 1);
            put(kItems + at + slice, "Oslo");
        }
    }

    /// The entries that the items make are all that there are.
    void expect_whole_indexes() {
        const Table table = load_table(db_.rows(), "orders").value();
        std::set<std::string> wanted;
        for (const Row& row : all(Space::items)) {
            for (const Index& index : table.indexes)
                wanted.insert(*index_entry_key(table, index, decode_item(row.value)));
        }
        std::set<std::string> found;
        for (const Row& row : all(Space::index_items)) found.insert(row.key);
        EXPECT_EQ(found, wanted);
        EXPECT_GT(wanted.size(), 0U);
    }
    std::vector<Row> all(Space space) { return db_.rows().scan(space, "", "", SIZE_MAX, false); }
    json::object described() { return db_.ok("DescribeTable", kNamed).at("Table").as_object(); }
    std::string ttl_status() {
        return std::string(
            db_.ok("DescribeTimeToLive", kNamed).at("TimeToLiveDescription").at("TimeToLiveStatus").as_string());
    }

    static constexpr const char* kNamed = R"({"TableName":"orders"})";
    static constexpr const char* kByCity = R"({"TableName":"orders","AttributeDefinitions":[{"AttributeName":"city",
        "AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-city","Projection":
        {"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"city","KeyType":"HASH"}]}}]})";
    static constexpr const char* kExpiring = R"({"TableName":"orders","TimeToLiveSpecification":{"AttributeName":"due",
        "Enabled":true}})";
    Database db_;
};

// Hundreds of thousands of rows went in one transaction: for seconds nobody else was served.
TEST_F(JobsTest, ALargeTableGoesSliceBySlice) {
    EXPECT_EQ(db_.ok("DeleteTable", kNamed).at("TableDescription").at("TableStatus").as_string(), "DELETING");
    EXPECT_EQ(described().at("TableStatus").as_string(), "DELETING");
    EXPECT_EQ(db_.error("Scan", kNamed), "ResourceNotFoundException: Requested resource not found");
    EXPECT_EQ(db_.error("DeleteTable", kNamed),
              "ResourceInUseException: Attempt to change a resource which is still in use: Table is being deleted: "
              "orders");
    EXPECT_THAT(db_.error("UpdateTable", R"({"TableName":"orders","DeletionProtectionEnabled":true})"),
                StartsWith("ResourceInUseException"));
    EXPECT_THAT(db_.error("UpdateTimeToLive", kExpiring), StartsWith("ResourceInUseException"));
    EXPECT_THAT(db_.error("CreateTable", kOrders), StartsWith("ResourceInUseException"));
    finish();
    EXPECT_TRUE(db_.is_empty());
    db_.ok("CreateTable", kOrders);
    EXPECT_EQ(db_.ok("Scan", kNamed).at("Count"), 0);
}

TEST_F(JobsTest, AnIndexIsFilledWhileItemsChange) {
    const auto answer = db_.ok("UpdateTable", kByCity).at("TableDescription");
    EXPECT_EQ(answer.at("ItemCount").as_int64(), std::int64_t{kSliceRowsMax}) << "the writer counts no more than that";
    const auto table = described();
    EXPECT_EQ(table.at("TableStatus").as_string(), "UPDATING");
    EXPECT_EQ(table.at("GlobalSecondaryIndexes").at(1).at("IndexStatus").as_string(), "CREATING");
    EXPECT_TRUE(table.at("GlobalSecondaryIndexes").at(1).at("Backfilling").as_bool());
    EXPECT_EQ(table.at("GlobalSecondaryIndexes").at(0).at("IndexStatus").as_string(), "ACTIVE");
    EXPECT_EQ(db_.error("Scan", R"({"TableName":"orders","IndexName":"by-city"})"),
              "ValidationException: Cannot read from backfilling global secondary index: by-city");
    EXPECT_THAT(db_.error("UpdateTable", R"({"TableName":"orders","DeletionProtectionEnabled":true})"),
                HasSubstr("Table is being updated: orders"));
    EXPECT_EQ(db_.error("DeleteTable", kNamed),
              "ResourceInUseException: Attempt to change a resource which is still in use: Table is being updated: "
              "orders");
    finish([this](int slice) { change_items(slice); });
    EXPECT_EQ(described().at("TableStatus").as_string(), "ACTIVE");
    EXPECT_EQ(described().at("GlobalSecondaryIndexes").at(1).at("IndexStatus").as_string(), "ACTIVE");
    expect_whole_indexes();
}

TEST_F(JobsTest, AnIndexThatWentIsErasedBehindTheAnswer) {
    db_.ok("UpdateTable",
           R"({"TableName":"orders","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-status"}}]})");
    EXPECT_EQ(described().at("GlobalSecondaryIndexes").at(0).at("IndexStatus").as_string(), "DELETING");
    EXPECT_THAT(db_.error("Scan", R"({"TableName":"orders","IndexName":"by-status"})"), HasSubstr("specified index"));
    finish([this](int slice) { change_items(slice); });
    EXPECT_FALSE(described().contains("GlobalSecondaryIndexes"));
    EXPECT_EQ(all(Space::index_items).size(), 0U);
}

// A stack's template may give an index of the same name another key.
TEST_F(JobsTest, AnIndexWithAnotherKeyHasNothingOfTheFirst) {
    const Table before = load_table(db_.rows(), "orders").value();
    Index changed = before.indexes.at(0);
    changed.key.partition.name = "city";
    db_.apply(save_with_jobs(db_.rows(), change_indexes(before, {changed}).value()));
    finish([&](int slice) {
        change_items(slice);
        if (slice != 1) return;
        // And back, before that was done.
        const Table now = load_table(db_.rows(), "orders").value();
        db_.apply(save_with_jobs(db_.rows(), change_indexes(now, before.indexes).value()));
    });
    expect_whole_indexes();
    EXPECT_EQ(load_table(db_.rows(), "orders").value(), before);
}

TEST_F(JobsTest, TimeToLiveIsFoundForEveryItem) {
    db_.ok("UpdateTimeToLive", kExpiring);
    EXPECT_EQ(ttl_status(), "ENABLING");
    EXPECT_EQ(described().at("TableStatus").as_string(), "ACTIVE");
    db_.ok("UpdateTable", kByCity);  // waits for the other job, and does not take its place for its own
    finish([this](int slice) { change_items(slice); });
    EXPECT_EQ(ttl_status(), "ENABLED");
    expect_whole_indexes();
    const Table table = load_table(db_.rows(), "orders").value();
    std::set<std::string> entries;
    for (const Row& row : all(Space::item_expiry)) entries.insert(row.key);
    for (const Row& row : all(Space::items))
        EXPECT_TRUE(entries.contains(expiry_key(*expiry_of(table, decode_item(row.value)), row.key)));
}

TEST_F(JobsTest, WhatIsNoLongerWantedIsNotDone) {
    db_.ok("UpdateTimeToLive", kExpiring);
    db_.ok("UpdateTimeToLive", R"({"TableName":"orders","TimeToLiveSpecification":{"AttributeName":"due",
        "Enabled":false}})");
    EXPECT_EQ(ttl_status(), "DISABLED");
    EXPECT_FALSE(go_on());
    db_.ok("UpdateTable", kByCity);
    db_.apply(delete_table_of_stack(db_.rows(), "orders").value());
    EXPECT_TRUE(delete_table_of_stack(db_.rows(), "orders")->empty()) << "it goes already";
    finish();
    EXPECT_TRUE(db_.is_empty());
}

// Five hundred items of 400 KB are 200 MB.
TEST_F(JobsTest, ASliceOfLargeItemsIsShort) {
    const std::string large(100'000, 'x');
    for (int i = 0; i < 120; ++i) put(i, large);
    db_.ok("UpdateTimeToLive", kExpiring);
    EXPECT_EQ(all(Space::item_expiry).size(), 50U);
}

}  // namespace
}  // namespace holdpoint::tables
