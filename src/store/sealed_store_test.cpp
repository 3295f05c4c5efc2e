// Sealed stores: nothing of a value is on disk, everything reads as it was written, and no row takes another's value.
#include "store/sealed_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace holdpoint::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class SealedStoreTest : public ::testing::Test {
protected:
    SealedStoreTest() {
        char name[] = "/tmp/holdpoint_sealed_XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~SealedStoreTest() override { fs::remove_all(folder_); }
    SealedStoreTest(const SealedStoreTest&) = delete;
    SealedStoreTest& operator=(const SealedStoreTest&) = delete;

    [[nodiscard]] std::unique_ptr<Store> open(const SealKey& key) const {
        return make_sealed_store(open_sqlite_store(folder_ + "/holdpoint.db"), key);
    }
    static void write(Store& store, const std::vector<RowWrite>& rows) {
        const auto transaction = store.begin();
        transaction->apply(rows);
        for (const auto& row : rows) EXPECT_EQ(transaction->get(row.space, row.key), row.value) << "in its transaction";
        transaction->commit();
    }
    /// Everything in the folder's files.
    [[nodiscard]] std::string on_disk() const {
        std::string all;
        for (const auto& entry : fs::directory_iterator(folder_)) {
            std::ifstream file(entry.path(), std::ios::binary);
            all.append(std::istreambuf_iterator<char>(file), {});
        }
        return all;
    }

    std::string folder_;
    const SealKey key_ = SealKey::make();
};

TEST_F(SealedStoreTest, ReadsWhatItWroteAndLeavesNothingReadable) {
    const auto store = open(key_);
    const std::string value = R"({"result":"MARKER"})";
    write(*store, {{Space::items, "k1", value}, {Space::items, "k2", value}, {Space::timers, "t", ""}});
    const auto snapshot = store->snapshot();
    EXPECT_EQ(snapshot->get(Space::items, "k1"), value);
    EXPECT_EQ(snapshot->get(Space::timers, "t"), "");
    const auto rows = snapshot->scan(Space::items, "k", "l", 10);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].value, value);
    EXPECT_THAT(on_disk(), Not(HasSubstr("MARKER")));
    EXPECT_THAT(on_disk(), HasSubstr("k1")) << "keys are what rows are found by";
}

TEST_F(SealedStoreTest, AnotherKeyOrAnotherRowsValueIsRefused) {
    {
        const auto store = open(key_);
        write(*store, {{Space::items, "k1", "approved"}});
    }
    const auto other = open(SealKey::make());
    EXPECT_THROW((void)other->snapshot()->get(Space::items, "k1"), SealError);
    const auto plain = open_sqlite_store(folder_ + "/holdpoint.db");
    const auto stolen = plain->snapshot()->get(Space::items, "k1");
    write(*plain, {{Space::items, "k2", stolen}, {Space::roles, "k1", stolen}});
    const auto store = open(key_);
    EXPECT_EQ(store->snapshot()->get(Space::items, "k1"), "approved");
    EXPECT_THROW((void)store->snapshot()->get(Space::items, "k2"), SealError);
    EXPECT_THROW((void)store->snapshot()->get(Space::roles, "k1"), SealError) << "the same key in another space";
}

TEST_F(SealedStoreTest, WhatWasThereInPlainIsReadAndSealedWhenItIsWrittenAgain) {
    write(*open_sqlite_store(folder_ + "/holdpoint.db"), {{Space::roles, "r", "{}"}});
    const auto store = open(key_);
    EXPECT_EQ(store->snapshot()->get(Space::roles, "r"), "{}");
    write(*store, {{Space::roles, "r", "{}"}});
    EXPECT_TRUE(is_sealed(*open_sqlite_store(folder_ + "/holdpoint.db")->snapshot()->get(Space::roles, "r")));
}

TEST_F(SealedStoreTest, LogLinesAreSealedToo) {
    const TimePoint now = from_epoch_ms(1'800'000'000'000);
    const auto line = [&](std::string message) {
        return std::vector<LogEvent>{
            {.id = 0, .stream = "s", .at = now, .ingested_at = now, .message = std::move(message)}};
    };
    {
        const auto plain = open_log_store(folder_ + "/logs.db");
        plain->create_group("g", now);
        plain->append("g", "s", line("from before"));
        plain->flush();
    }
    const auto logs = make_sealed_log_store(open_log_store(folder_ + "/logs.db"), key_);
    logs->append("g", "s", line("MARKER"));
    logs->flush();
    const auto events = logs->events({.group = "g"});
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].message, "from before");
    EXPECT_EQ(events[1].message, "MARKER");
    EXPECT_THAT(on_disk(), Not(HasSubstr("MARKER")));
}

}  // namespace
}  // namespace holdpoint::store
