// Backup, restore and doctor: what is kept comes back whole, and what is wrong is named with what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/test_small_disk.hpp"
#include "engine/test_kit.hpp"
#include "server/backup.hpp"
#include "server/data_folder.hpp"
#include "server/doctor.hpp"
#include "store/log_store.hpp"
#include "store/maintenance.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

namespace holdpoint::server {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class CareTest : public ::testing::Test {
protected:
    CareTest() {
        fs::create_directories(data_ + "/code");
        fs::permissions(data_, fs::perms::owner_all);
        std::ofstream(data_ + "/code/abc") << "#!/bin/sh\n";
        fs::permissions(data_ + "/code/abc", fs::perms::owner_all);
        (void)load_or_make_credentials(data_ + "/credentials.json", random_);
        store_ = store::open_sqlite_store(data_ + "/holdpoint.db");
        put("before");
    }

    void put(const std::string& key) {
        const auto transaction = store_->begin();
        transaction->apply({{Space::meta, key, "x"}});
        transaction->commit();
    }
    static std::string failure(const std::function<void()>& action) {
        try {
            action();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "nothing was refused";
    }
    void restore() { (void)restore_backup(backup_, restored_); }

    engine::test::TestFolder folder_;
    std::string data_ = folder_.file("data");
    std::string backup_ = folder_.file("backup");
    std::string restored_ = folder_.file("new/restored");
    SystemRandom random_;
    ManualClock clock_{from_epoch_ms(1'790'000'000'000)};
    std::unique_ptr<store::Store> store_;
};

TEST_F(CareTest, WhatWasCommittedBeforeTheBackupIsThereAfterTheRestore) {
    const BackupSummary made = make_backup(data_, backup_, clock_);
    put("after");  // the store stays open and in use
    EXPECT_EQ(made.made_at, clock_.now());
    EXPECT_EQ(made.files, 3U);
    const BackupSummary restored = restore_backup(backup_, restored_);
    EXPECT_EQ(restored.bytes, made.bytes);
    EXPECT_EQ(restored.schema, store::newest_schema());
    const auto again = store::open_sqlite_store(restored_ + "/holdpoint.db");
    EXPECT_EQ(again->snapshot()->get(Space::meta, "before"), "x");
    EXPECT_EQ(again->snapshot()->get(Space::meta, "after"), std::nullopt);
    EXPECT_EQ(fs::status(restored_).permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(restored_ + "/code/abc").permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(restored_ + "/credentials.json").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_FALSE(fs::exists(restored_ + "/manifest.json"));
}

TEST_F(CareTest, TheFolderOfAZipComesBackWithItsLinks) {
    fs::create_directories(data_ + "/code/zip/lib");
    fs::create_directories(data_ + "/code/half.new");
    std::ofstream(data_ + "/code/zip/bootstrap") << "#!/bin/sh\n";
    fs::permissions(data_ + "/code/zip/bootstrap", fs::perms::owner_all);
    std::ofstream(data_ + "/code/zip/lib/a..b") << "x";
    fs::create_symlink("lib/a..b", data_ + "/code/zip/link");
    EXPECT_EQ(make_backup(data_, backup_, clock_).files, 6U);
    restore();
    EXPECT_EQ(fs::status(restored_ + "/code/zip/bootstrap").permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::read_symlink(restored_ + "/code/zip/link"), "lib/a..b");
    EXPECT_TRUE(fs::is_regular_file(restored_ + "/code/zip/lib/a..b"));
    EXPECT_FALSE(fs::exists(restored_ + "/code/half.new"));
    fs::remove(backup_ + "/code/zip/link");
    fs::create_symlink("../../credentials.json", backup_ + "/code/zip/link");
    EXPECT_THAT(failure([&] { (void)check_backup(backup_); }), HasSubstr("code/zip/link is damaged"));
}

TEST_F(CareTest, NothingIsOverwritten) {
    (void)make_backup(data_, backup_, clock_);
    EXPECT_THAT(failure([&] { (void)make_backup(data_, backup_, clock_); }), HasSubstr("is there already"));
    EXPECT_THAT(failure([&] { (void)restore_backup(backup_, data_); }), HasSubstr("is not empty"));
    EXPECT_THAT(failure([&] { (void)make_backup(folder_.file("none"), folder_.file("b2"), clock_); }),
                HasSubstr("name the server's data folder"));
    EXPECT_FALSE(fs::exists(backup_ + ".partial"));
}

TEST_F(CareTest, ADamagedBackupIsRefusedBeforeAnythingIsRestored) {
    (void)make_backup(data_, backup_, clock_);
    {
        std::fstream file(backup_ + "/holdpoint.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(5000);
        file.put('!');
    }
    EXPECT_THAT(failure([&] { restore(); }), HasSubstr("holdpoint.db is damaged"));
    EXPECT_FALSE(fs::exists(restored_));
    fs::remove(backup_ + "/code/abc");
    std::ofstream(backup_ + "/manifest.json") << R"({"format":1,"files":[{"path":"../x","bytes":1,"sha256":""}]})";
    EXPECT_THAT(failure([&] { restore(); }), HasSubstr("names a file outside"));
    std::ofstream(backup_ + "/manifest.json") << R"({"format":1})";
    EXPECT_THAT(failure([&] { restore(); }), HasSubstr("a member is missing"));
    std::ofstream(backup_ + "/manifest.json") << R"({"format":2})";
    EXPECT_THAT(failure([&] { restore(); }), HasSubstr("use the holdpoint that made it"));
    std::ofstream(backup_ + "/manifest.json") << "{";
    EXPECT_THAT(failure([&] { restore(); }), HasSubstr("is no backup"));
}

TEST_F(CareTest, ABackupWhoseManifestDoesNotFitOnTheDiskIsNone) {
    // Links take no room but in the manifest, which so becomes the largest file of all.
    fs::create_directories(data_ + "/code/zip");
    for (int i = 0; i < 2000; ++i)
        fs::create_symlink("target", data_ + "/code/zip/" + std::string(200, 'l') + std::to_string(i));
    const test::SmallDisk disk(300'000);
    EXPECT_THAT(failure([&] { (void)make_backup(data_, backup_, clock_); }), HasSubstr("manifest.json"));
    EXPECT_FALSE(fs::exists(backup_));
}

TEST_F(CareTest, WhyAFileCouldNotBeCopiedIsSaid) {
    std::ofstream(data_ + "/code/abc") << std::string(400'000, 'x');
    const test::SmallDisk disk(300'000);
    EXPECT_THAT(failure([&] { (void)make_backup(data_, backup_, clock_); }), HasSubstr("File too large"));
    EXPECT_FALSE(fs::exists(backup_));
}

TEST_F(CareTest, ADatabaseThatADiskHasNoRoomToReadIsNotCalledDamaged) {
    store_.reset();  // to read a database, SQLite makes a file beside it
    const test::SmallDisk disk(0);
    const auto findings = examine_databases(data_);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].verdict, Verdict::problem);
    EXPECT_THAT(findings[0].found, HasSubstr("cannot be read"));
    EXPECT_THAT(findings[0].advice, Not(HasSubstr("restore")));
}

TEST_F(CareTest, ANewerSchemaIsRefusedByServerBackupAndDoctor) {
    store_.reset();
    store::Connection(data_ + "/holdpoint.db", store::Connection::Mode::read_write)
        .execute("PRAGMA user_version = 1000");
    EXPECT_THAT(failure([&] { (void)store::open_sqlite_store(data_ + "/holdpoint.db"); }),
                HasSubstr("schema version 1000, newer than this program's"));
    EXPECT_THAT(failure([&] { (void)make_backup(data_, backup_, clock_); }), HasSubstr("use the newer holdpoint"));
    EXPECT_FALSE(fs::exists(backup_));
    const store::Inspection found = store::inspect_database(data_ + "/holdpoint.db");
    EXPECT_EQ(found.schema, 1000);
    EXPECT_TRUE(found.is_ours && found.problems.empty());
}

TEST_F(CareTest, DamageInsideADatabaseIsFound) {
    {
        const auto transaction = store_->begin();
        for (int i = 0; i < 2000; ++i) transaction->apply({{Space::meta, "key" + std::to_string(i), "x"}});
        transaction->commit();
    }
    store_.reset();
    EXPECT_TRUE(store::inspect_database(data_ + "/holdpoint.db").problems.empty());
    const auto size = static_cast<std::streamoff>(fs::file_size(data_ + "/holdpoint.db"));
    std::fstream file(data_ + "/holdpoint.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 5);
    for (std::streamoff at = 4096 * 5; at < size; ++at) file.put('\x5a');
    file.close();
    EXPECT_FALSE(store::inspect_database(data_ + "/holdpoint.db").problems.empty());
    EXPECT_FALSE(store::inspect_database(folder_.file("none.db")).unreadable.empty());
}

TEST_F(CareTest, TheDoctorNamesWhatIsWrongAndWhatToDo) {
    EXPECT_EQ(examine_mode("files", data_ + "/credentials.json").verdict, Verdict::ok);
    ::chmod((data_ + "/credentials.json").c_str(), 0644);
    const Finding open = examine_mode("files", data_ + "/credentials.json");
    EXPECT_EQ(open.verdict, Verdict::problem);
    EXPECT_THAT(open.found, HasSubstr("open to others (mode 644)"));
    EXPECT_THAT(open.advice, HasSubstr("chmod go="));
    EXPECT_EQ(examine_mode("files", folder_.file("none")).verdict, Verdict::problem);

    constexpr std::uint64_t kGigabyte = 1024UL * 1024 * 1024;
    EXPECT_EQ(examine_space(5 * kGigabyte, 10 * kGigabyte).verdict, Verdict::ok);
    EXPECT_EQ(examine_space(kGigabyte / 2, 10 * kGigabyte).verdict, Verdict::warning);
    EXPECT_EQ(examine_space(kGigabyte / 100, 10 * kGigabyte).verdict, Verdict::problem);
    EXPECT_EQ(examine_sync(std::chrono::milliseconds(1)).verdict, Verdict::ok);
    EXPECT_EQ(examine_sync(std::chrono::milliseconds(50)).verdict, Verdict::warning);

    const TimePoint now = clock_.now();
    EXPECT_EQ(examine_clock(now, now + Milliseconds(200), Milliseconds(200)).verdict, Verdict::ok);
    EXPECT_EQ(examine_clock(now, now + Milliseconds(5200), Milliseconds(200)).verdict, Verdict::warning);
    EXPECT_EQ(examine_clock(now, now - Milliseconds(5200), Milliseconds(200)).verdict, Verdict::warning);
    const TimePoint reset = from_epoch_ms(0);
    EXPECT_EQ(examine_clock(reset, reset + Milliseconds(200), Milliseconds(200)).verdict, Verdict::problem);
}

TEST(DoctorTest, AFolderThatWasWrittenToWhileTheClockWasAheadIsNamed) {
    const TimePoint now = from_epoch_ms(1'790'000'000'000);
    EXPECT_EQ(examine_last_write(now + std::chrono::seconds(59), now).verdict, Verdict::ok);
    const Finding found = examine_last_write(now + std::chrono::hours(48), now);
    EXPECT_EQ(found.verdict, Verdict::warning);
    EXPECT_THAT(found.found, HasSubstr("still to come"));
}

TEST_F(CareTest, TheDoctorFindsTheKeysThatUpRefuses) {
    const auto found = [&](const std::string& file) {
        auto findings = examine_key_files(data_, nullptr);
        std::ranges::move(examine_databases(data_), std::back_inserter(findings));
        return std::ranges::any_of(findings, [&](const Finding& finding) {
            return finding.check == "keys" && finding.found.contains(file) && finding.verdict == Verdict::problem;
        });
    };
    EXPECT_FALSE(found(""));
    for (const std::string file : {"credentials.json", "sns-signing.pem", "data.key"}) {
        std::ofstream(data_ + "/" + file).close();
        fs::permissions(data_ + "/" + file, fs::perms::owner_read | fs::perms::owner_write);
        EXPECT_TRUE(found(file)) << file;
    }
    fs::remove(data_ + "/data.key");
    EXPECT_FALSE(found("data.key"));
    const auto rows = store_->begin();
    rows->apply({{.space = Space::functions, .key = "f", .value = SealKey::make().seal("{}", "f")}});
    rows->commit();
    EXPECT_TRUE(found("data.key"));
}

}  // namespace
}  // namespace holdpoint::server
