#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/clock.hpp"
#include "base/test_few_files.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

namespace holdpoint::store {
namespace {

std::filesystem::path fresh_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "holdpoint-store-XXXXXX").string();
    return mkdtemp(pattern.data());
}

class StoreTest : public testing::TestWithParam<std::string> {
protected:
    StoreTest() : folder_(fresh_folder()) { open(); }
    ~StoreTest() override {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() { store_ = GetParam() == "memory" ? make_memory_store() : open_sqlite_store(folder_ / "holdpoint.db"); }
    void write(const std::vector<RowWrite>& writes) {
        const auto transaction = store_->begin();
        transaction->apply(writes);
        transaction->commit();
    }

    std::filesystem::path folder_;
    std::unique_ptr<Store> store_;
};

TEST_P(StoreTest, CommittedRowsAreReadBackInKeyOrder) {
    write({{Space::items, "b", "2"},
           {Space::items, std::string("a\0x", 3), "1"},
           {Space::items, "\xff", "3"},
           {Space::meta, "a", "other"}});
    const auto rows = store_->snapshot()->scan(Space::items, "", "", 10);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0], (Row{std::string("a\0x", 3), "1"}));
    EXPECT_EQ(rows[2], (Row{"\xff", "3"}));
    EXPECT_EQ(store_->snapshot()->get(Space::items, "b"), "2");
    EXPECT_EQ(store_->snapshot()->get(Space::items, "c"), std::nullopt);
}

// Clients that took all the descriptors ended the server.
TEST_P(StoreTest, IsReadByManyWhenNoMoreFilesCanBeOpened) {
    write({{Space::items, "a", "1"}});
    std::atomic<int> found = 0;
    std::vector<std::jthread> readers;
    const auto read_beside = [&](int rounds) {
        readers.emplace_back([&, rounds] {
            for (int round = 0; round < rounds; ++round) {
                if (store_->snapshot()->get(Space::items, "a") == "1") ++found;
            }
        });
    };
    // Once before: at the first call of each type with virtual functions, UBSan opens files to look at it.
    read_beside(1);
    readers.clear();
    ASSERT_TRUE(SqliteError(SQLITE_CANTOPEN, "", EMFILE).is_lack_of_files());
    ASSERT_FALSE(SqliteError(SQLITE_CANTOPEN, "", ENOENT).is_lack_of_files());
    for (const int left : {0, 1, 2}) {  // a connection opens the database, its log and the log's index
        const holdpoint::test::FewFiles few(left);
        found = 0;
        for (int reader = 0; reader < 4; ++reader) read_beside(100);
        readers.clear();
        EXPECT_EQ(found, 400) << left;
    }
}

TEST_P(StoreTest, ScansRespectBoundsLimitAndDirection) {
    write({{Space::items, "a", "1"}, {Space::items, "b", "2"}, {Space::items, "c", "3"}, {Space::items, "d", "4"}});
    const auto reader = store_->snapshot();
    const auto middle = reader->scan(Space::items, "b", "d", 10);
    ASSERT_EQ(middle.size(), 2U);
    EXPECT_EQ(middle[0].key, "b");
    const auto last = reader->scan(Space::items, "", "", 1, true);
    ASSERT_EQ(last.size(), 1U);
    EXPECT_EQ(last[0].key, "d");
}

TEST_P(StoreTest, RowsAreCountedUpToALimit) {
    write({{Space::items, "a", "1"}, {Space::items, "b", "2"}, {Space::items, "c", "3"}, {Space::events, "d", "4"}});
    EXPECT_EQ(store_->count(Space::items, {}, {}, 10), 3U);
    EXPECT_EQ(store_->count(Space::items, {}, {}, 2), 2U);
    EXPECT_EQ(store_->count(Space::items, "b", {}, 10), 2U);
    EXPECT_EQ(store_->count(Space::items, "a", "c", 10), 2U);
    EXPECT_EQ(store_->count(Space::deliveries, {}, {}, 10), 0U);
    write({{Space::items, "a", std::nullopt}});
    EXPECT_EQ(store_->count(Space::items, {}, {}, 10), 2U);
}

TEST_P(StoreTest, ATransactionSeesItsOwnWritesAndLeavesNothingWhenDropped) {
    write({{Space::items, "kept", "old"}});
    {
        const auto transaction = store_->begin();
        transaction->apply({{Space::items, "kept", "new"}, {Space::items, "added", "x"}});
        EXPECT_EQ(transaction->get(Space::items, "kept"), "new");
        transaction->apply({{Space::items, "kept", std::nullopt}});
        EXPECT_EQ(transaction->get(Space::items, "kept"), std::nullopt);
    }
    EXPECT_EQ(store_->snapshot()->get(Space::items, "kept"), "old");
    EXPECT_EQ(store_->snapshot()->get(Space::items, "added"), std::nullopt);
}

// What is kept in memory of a space is made anew only when this number is another one.
TEST_P(StoreTest, ChangesGrowWithEveryCommitInTheirSpaceAlone) {
    const auto items = store_->changes(Space::items);
    const auto roles = store_->changes(Space::roles);
    {
        const auto transaction = store_->begin();
        transaction->apply({{Space::items, "dropped", "1"}});
    }
    EXPECT_EQ(store_->changes(Space::items), items) << "nothing happened";
    write({{Space::items, "a", "1"}});
    const auto after_put = store_->changes(Space::items);
    EXPECT_GT(after_put, items);
    write({{Space::items, "a", std::nullopt}});
    EXPECT_GT(store_->changes(Space::items), after_put) << "an erased row is a change, too";
    EXPECT_EQ(store_->changes(Space::roles), roles);
}

INSTANTIATE_TEST_SUITE_P(Backends, StoreTest, testing::Values("memory", "sqlite"),
                         [](const auto& backend) { return backend.param; });

TEST(SqliteStoreTest, RowsSurviveReopening) {
    const auto folder = fresh_folder();
    {
        const auto store = open_sqlite_store(folder / "holdpoint.db");
        const auto transaction = store->begin();
        transaction->apply({{Space::meta, "key", "value"}});
        transaction->commit();
    }
    EXPECT_EQ(open_sqlite_store(folder / "holdpoint.db")->snapshot()->get(Space::meta, "key"), "value");
    EXPECT_EQ(std::filesystem::status(folder / "holdpoint.db").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::remove_all(folder);
}

TEST(SqliteStoreTest, ASnapshotStaysWhatItWasWhileOthersCommit) {
    const auto folder = fresh_folder();
    {
        const auto store = open_sqlite_store(folder / "holdpoint.db");
        const auto write = [&](const std::string& value) {
            const auto transaction = store->begin();
            transaction->apply({{Space::items, "first", value}, {Space::roles, "second", value}});
            transaction->commit();
        };
        write("old");
        const auto snapshot = store->snapshot();
        EXPECT_EQ(snapshot->get(Space::items, "first"), "old");
        write("new");
        EXPECT_EQ(snapshot->get(Space::roles, "second"), "old") << "half of one commit must not be seen";
        EXPECT_EQ(store->snapshot()->get(Space::roles, "second"), "new");
    }
    std::filesystem::remove_all(folder);
}

TEST(SqliteStoreTest, SpaceOfErasedRowsIsUsedAgain) {
    const auto folder = fresh_folder();
    const auto size_after = [&](int rounds) {
        {
            const auto store = open_sqlite_store(folder / "holdpoint.db");
            const auto write = [&](const std::string& prefix, const std::optional<std::string>& value) {
                const auto transaction = store->begin();
                for (int i = 0; i < 1000; ++i)
                    transaction->apply({{Space::journal, prefix + std::to_string(i), value}});
                transaction->commit();
            };
            for (int round = 0; round < rounds; ++round) {
                write(std::to_string(round), std::string(1000, 'x'));
                write(std::to_string(round), std::nullopt);
            }
        }
        return std::filesystem::file_size(folder / "holdpoint.db");
    };
    const auto once = size_after(1);
    EXPECT_GT(once, 1'000'000U);
    EXPECT_LT(size_after(10), once + once / 10) << "ten more fillings took no more room";
    std::filesystem::remove_all(folder);
}

TEST(SqliteStoreTest, RefusesWhatIsNotItsOwnAndSaysWhatToDo) {
    const auto folder = fresh_folder();
    std::ofstream(folder / "text.db") << std::string(8192, 'x');
    try {
        (void)open_sqlite_store(folder / "text.db");
        FAIL() << "opened a text file";
    } catch (const UnusableDatabase& error) {
        EXPECT_NE(std::string(error.what()).find("Restore the last backup"), std::string::npos) << error.what();
    }
    EXPECT_EQ(std::filesystem::file_size(folder / "text.db"), 8192U);
    std::filesystem::remove_all(folder);
}

TEST(SqliteStoreTest, RefusesADatabaseWithADamagedPageAndSaysWhatToDo) {
    const auto folder = fresh_folder();
    const auto path = folder / "holdpoint.db";
    {
        const auto store = open_sqlite_store(path);
        const auto transaction = store->begin();
        for (int i = 0; i < 500; ++i) transaction->apply({{Space::items, std::to_string(i), std::string(200, 'x')}});
        transaction->commit();
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    constexpr std::streamoff kPage = 4096;
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path)) / kPage / 2 * kPage);
    file << std::string(kPage, '\xa5');
    file.close();
    try {
        (void)open_sqlite_store(path);
        FAIL() << "opened a damaged database";
    } catch (const UnusableDatabase& error) {
        EXPECT_NE(std::string(error.what()).find("Restore the last backup"), std::string::npos) << error.what();
    }
    std::filesystem::remove_all(folder);
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Whoever reads waits for a connection when there are no descriptors; not for a damaged file to heal.
TEST(SqliteStoreTest, DamageIsReportedAtOnceAndSaysWhatToDo) {
    const auto folder = fresh_folder();
    const std::string path = folder / "holdpoint.db";
    const auto store = open_sqlite_store(path);
    const auto only_connection = store->snapshot();
    std::fstream(path, std::ios::binary | std::ios::in | std::ios::out) << std::string(100, '\xff');
    const SystemClock clock;
    const Milliseconds began = clock.monotonic();
    try {
        (void)store->snapshot();
        ADD_FAILURE() << "it was read";
    } catch (const UnusableDatabase& problem) {
        EXPECT_NE(std::string(problem.what()).find(path), std::string::npos) << problem.what();
        EXPECT_NE(std::string(problem.what()).find("Restore the last backup"), std::string::npos) << problem.what();
    }
    EXPECT_LT(clock.monotonic() - began, std::chrono::seconds(4));
    std::filesystem::remove_all(folder);
}

TEST(SqliteStoreTest, AnotherProgramsDatabaseIsRefusedAndLeftAsItIs) {
    const auto folder = fresh_folder();
    const auto path = folder / "holdpoint.db";
    Connection(path, Connection::Mode::read_write).execute("CREATE TABLE notes (text TEXT)");
    const std::string before = bytes_of(path);
    try {
        (void)open_sqlite_store(path);
        FAIL() << "opened another program's database";
    } catch (const UnusableDatabase& error) {
        EXPECT_NE(std::string(error.what()).find("another program's database"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(bytes_of(path) == before);
    std::filesystem::remove_all(folder);
}

TEST(SqliteStoreTest, WhatAnyEarlierSchemaHasIsReadAndItsNewSpacesAreMade) {
    for (int version = 1; version < kSchemaVersion; ++version) {
        const auto folder = fresh_folder();
        const auto path = folder / "holdpoint.db";
        const auto write = [&](Space space) {
            const auto store = open_sqlite_store(path);
            const auto transaction = store->begin();
            transaction->apply({{space, "key", "value"}});
            transaction->commit();
        };
        const auto read = [&](Space space) { return open_sqlite_store(path)->snapshot()->get(space, "key"); };
        const std::vector<std::pair<int, Space>> added = {
            {2, Space::plain_invokes}, {3, Space::http_apis}, {5, Space::schedules}};
        write(Space::journal);
        {
            Connection earlier(path, Connection::Mode::read_write);
            for (const auto& [since, space] : added) {
                if (since > version) earlier.execute("DROP TABLE " + std::string(space_name(space)));
            }
            earlier.execute("PRAGMA user_version = " + std::to_string(version));
        }
        EXPECT_EQ(read(Space::journal), "value") << version;
        for (const auto& [since, space] : added) {
            write(space);
            EXPECT_EQ(read(space), "value") << version;
        }
        EXPECT_EQ(Connection(path, Connection::Mode::read_only).number("PRAGMA user_version"), kSchemaVersion);
        EXPECT_EQ(Connection(path, Connection::Mode::read_only).text("PRAGMA journal_mode"), "wal");
        std::filesystem::remove_all(folder);
    }
}

// A million approvals made a restart wait two seconds: one of their tables was read to its end first.
TEST(Sqlite, AnEndedTimeInterruptsTheCheckOfALargeTable) {
    Connection connection(":memory:", Connection::Mode::read_write);
    connection.execute("CREATE TABLE t (key INTEGER PRIMARY KEY, value TEXT)");
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
        "INSERT INTO t SELECT i, hex(zeroblob(300)) FROM n");
    bool is_interrupted = false;
    // On a busy machine the time may be over before the check begins, or the check before its time is.
    for (int i = 0; i < 100 && !is_interrupted; ++i) {
        const TimeLimit limit(connection, std::chrono::milliseconds(1));
        try {
            (void)connection.text("PRAGMA quick_check(1)");
        } catch (const SqliteError&) {
            is_interrupted = true;
        }
    }
    EXPECT_TRUE(is_interrupted);
    EXPECT_EQ(connection.text("PRAGMA quick_check(1)"), "ok") << "what comes later is not interrupted";
}

}  // namespace
}  // namespace holdpoint::store
