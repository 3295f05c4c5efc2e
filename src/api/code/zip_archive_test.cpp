// Archives of functions: what may be in them, and what is refused before it can do harm.
#include "api/code/zip_archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <minizip/zip.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "api/code/code_store.hpp"
#include "engine/test_kit.hpp"
#include "functions/registry.hpp"
#include "store/store.hpp"

namespace holdpoint::api {
namespace {

using engine::test::TestFolder;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct Entry {
    std::string name;
    std::string content;
    unsigned mode = S_IFREG | 0644;
};

const Entry kBootstrap{.name = "bootstrap", .content = "#!/bin/sh\n", .mode = S_IFREG | 0755};

class ZipArchive : public ::testing::Test {
protected:
    std::string make(const std::vector<Entry>& entries) {
        const std::string path = folder_.file("a.zip");
        void* archive = ::zipOpen64(path.c_str(), APPEND_STATUS_CREATE);
        for (const Entry& entry : entries) {
            zip_fileinfo info{};
            info.external_fa = static_cast<uLong>(entry.mode) << 16;
            EXPECT_EQ(::zipOpenNewFileInZip4_64(archive, entry.name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr,
                                                Z_DEFLATED, Z_BEST_SPEED, 0, -MAX_WBITS, DEF_MEM_LEVEL,
                                                Z_DEFAULT_STRATEGY, nullptr, 0, 3 << 8, 0, 0),
                      ZIP_OK);
            ::zipWriteInFileInZip(archive, entry.content.data(), static_cast<unsigned>(entry.content.size()));
            ::zipCloseFileInZip(archive);
        }
        ::zipClose(archive, nullptr);
        return path;
    }

    Result<void> unpack(const std::vector<Entry>& entries) {
        fs::remove_all(folder_.file("out"));
        fs::create_directory(folder_.file("out"));
        return unpack_zip(make(entries), folder_.file("out"));
    }

    std::string refusal(const std::vector<Entry>& entries) {
        const auto ok = unpack(entries);
        return ok ? "" : ok.error().message;
    }

    TestFolder folder_;
};

TEST_F(ZipArchive, KeepsContentModesAndLinksInside) {
    ASSERT_TRUE(unpack({kBootstrap,
                        {.name = "lib/data.txt", .content = "text"},
                        {.name = "lib/link", .content = "../bootstrap", .mode = S_IFLNK | 0777}}));
    EXPECT_EQ(folder_.read("out/lib/data.txt"), "text");
    EXPECT_EQ(fs::read_symlink(folder_.file("out/lib/link")), "../bootstrap");
    EXPECT_EQ(fs::status(folder_.file("out/bootstrap")).permissions(), fs::perms{0555});
    EXPECT_EQ(fs::status(folder_.file("out/lib/data.txt")).permissions(), fs::perms{0444});
}

TEST_F(ZipArchive, NothingLeadsOutside) {
    EXPECT_THAT(refusal({kBootstrap, {.name = "../evil", .content = "x"}}), HasSubstr("'../evil' leads outside"));
    EXPECT_THAT(refusal({kBootstrap, {.name = "a/../../evil", .content = "x"}}), HasSubstr("leads outside"));
    EXPECT_THAT(refusal({kBootstrap, {.name = "/tmp/evil", .content = "x"}}), HasSubstr("leads outside"));
    EXPECT_THAT(refusal({kBootstrap, {.name = "..\\evil", .content = "x"}}), HasSubstr("leads outside"));
    const auto link = [](std::string name, std::string target) {
        return Entry{.name = std::move(name), .content = std::move(target), .mode = S_IFLNK | 0777};
    };
    EXPECT_THAT(refusal({kBootstrap, link("l", "/etc/passwd")}), HasSubstr("symbolic link 'l' leads outside"));
    EXPECT_THAT(refusal({kBootstrap, link("l", "../x")}), HasSubstr("leads outside"));
    EXPECT_THAT(refusal({kBootstrap, link("d/a", "."), link("d/b", "a/../.."), link("c", "d/b/..")}),
                HasSubstr("may lead outside"));
    // Each alone stays inside, and the one that leads out is there before the one that it leads through.
    EXPECT_THAT(refusal({kBootstrap, link("d/b", "a/../.."), link("d/a", ".")}), HasSubstr("'d/b' may lead outside"));
    EXPECT_THAT(refusal({kBootstrap, link("d/b", "a/../../later"), link("d/a", ".")}), HasSubstr("'..' behind a name"));
    EXPECT_NE(refusal({kBootstrap, link("l", "."), {.name = "l/x", .content = "x"}}), "") << "written through a link";
    EXPECT_FALSE(fs::exists(folder_.file("evil")));
}

TEST_F(ZipArchive, LinksMayLeadToLinksAndToWhatIsNotThere) {
    const auto link = [](std::string name, std::string target) {
        return Entry{.name = std::move(name), .content = std::move(target), .mode = S_IFLNK | 0777};
    };
    EXPECT_EQ(refusal({kBootstrap,
                       {.name = "lib/v1/data", .content = "text"},
                       link("lib/current", "v1"),
                       link("bin/data", "../lib/current/data"),
                       link("bin/later", "../tmp/later")}),
              "");
    EXPECT_EQ(folder_.read("out/bin/data"), "text");
}

TEST_F(ZipArchive, WhatIsUnpackedHasLimits) {
    const auto under = [&](const UnpackLimits& limits, const std::vector<Entry>& entries) {
        fs::remove_all(folder_.file("out"));
        fs::create_directory(folder_.file("out"));
        const auto ok = unpack_zip(make(entries), folder_.file("out"), limits);
        return ok ? "" : ok.error().message;
    };
    const std::vector<Entry> large{kBootstrap, {.name = "zeros", .content = std::string(100'000, '\0')}};
    EXPECT_EQ(under({.bytes = 100'010}, large), "");
    EXPECT_EQ(under({.bytes = 100'009}, large), "Unzipped size must be smaller than 100009 bytes");
    // A folder takes its place on the disk as a file does, also one that only a path names.
    const std::vector<Entry> nested{kBootstrap, {.name = "a/b/c/", .content = ""}, {.name = "a/b/d/e", .content = ""}};
    EXPECT_EQ(under({.places = 6}, nested), "");
    EXPECT_EQ(under({.places = 5}, nested), "The zip has more than 5 files and folders.");
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "d/";
    EXPECT_EQ(refusal({kBootstrap, {.name = deep, .content = ""}}), "");
    EXPECT_THAT(refusal({kBootstrap, {.name = deep + "d/", .content = ""}}), HasSubstr("more than 100 folders deep"));
}

// Entries that share their compressed bytes, which a zip's own size says nothing about.
TEST_F(ZipArchive, EntriesThatOverlapAreRefused) {
    std::ifstream whole(make({kBootstrap, {.name = "data", .content = std::string(100'000, 'x')}}), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(whole), {}};
    const auto directory = bytes.find("PK\x01\x02");
    const auto second = bytes.find("PK\x01\x02", directory + 1);
    const auto end = bytes.find("PK\x05\x06");
    constexpr std::size_t kName = 46;
    constexpr int kMore = 9;
    std::string doubled;
    for (int i = 0; i < kMore; ++i) {
        std::string entry = bytes.substr(second, end - second);
        entry[kName + 3] = static_cast<char>('0' + i);
        doubled += entry;
    }
    bytes.insert(end, doubled);
    const auto tail = end + doubled.size();
    for (const std::size_t at : {8U, 10U}) bytes[tail + at] = static_cast<char>(bytes[tail + at] + kMore);
    const std::uint32_t size = static_cast<std::uint32_t>(tail - directory);
    std::memcpy(bytes.data() + tail + 12, &size, sizeof size);
    folder_.write("overlap.zip", bytes);
    fs::create_directory(folder_.file("overlap"));
    const auto ok = unpack_zip(folder_.file("overlap.zip"), folder_.file("overlap"));
    ASSERT_FALSE(ok);
    EXPECT_THAT(ok.error().message, HasSubstr("overlap"));
}

TEST_F(ZipArchive, AFullDiskIsNotTheArchivesFault) {
    const std::string path = make({kBootstrap, {.name = "zeros", .content = std::string(100'000, '\0')}});
    fs::create_directory(folder_.file("out"));
    rlimit usual{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = 1000, .rlim_max = usual.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto ok = unpack_zip(path, folder_.file("out"));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(ok);
    EXPECT_EQ(ok.error().name, "ServiceException");
    EXPECT_THAT(ok.error().message, HasSubstr("'zeros' cannot be unpacked: File too large"));
    EXPECT_EQ(unpack({kBootstrap, {.name = "bootstrap/x", .content = ""}}).error().name,
              "InvalidParameterValueException");
}

TEST_F(ZipArchive, SaysWhatIsWrongWithTheBootstrap) {
    EXPECT_THAT(refusal({{.name = "function/bootstrap", .content = "#!/bin/sh", .mode = S_IFREG | 0755}}),
                HasSubstr("no file `bootstrap` at its root"));
    EXPECT_THAT(refusal({{.name = "bootstrap", .content = "#!/bin/sh"}}), HasSubstr("chmod +x bootstrap"));
    EXPECT_THAT(refusal({{.name = "bootstrap", .content = "text", .mode = S_IFREG | 0755}}),
                HasSubstr("neither an ELF executable nor a script"));
}

TEST_F(ZipArchive, RefusesWhatIsDamagedOrDoubled) {
    EXPECT_THAT(refusal({}), HasSubstr("Could not unzip"));
    EXPECT_THAT(refusal({kBootstrap, kBootstrap}), HasSubstr("'bootstrap' twice"));
    EXPECT_THAT(refusal({kBootstrap, {.name = "pipe", .content = "", .mode = S_IFIFO | 0644}}),
                HasSubstr("neither a file"));
    folder_.write("text", "not a zip");
    EXPECT_THAT(unpack_zip(folder_.file("text"), folder_.path()).error().message, HasSubstr("Could not unzip"));
    const std::string path = make({{.name = "bootstrap", .content = std::string(5000, 'x'), .mode = S_IFREG | 0755}});
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(45);
    file.write("\xff\xff\xff", 3);
    file.close();
    fs::create_directory(folder_.file("broken"));
    EXPECT_THAT(unpack_zip(path, folder_.file("broken")).error().message, HasSubstr("bootstrap is damaged"));
}

TEST_F(ZipArchive, AFolderIsTheSameArchiveWheneverItIsPacked) {
    fs::create_directories(folder_.file("code"));
    (void)folder_.script("code/bootstrap", "true");
    folder_.write("code/data", "text");
    fs::create_directories(folder_.file("store"));
    SystemRandom random;
    CodeStore store(folder_.file("store"), random);
    const auto first = store.add_package(folder_.file("code"));
    ASSERT_TRUE(first) << first.error().message;
    fs::last_write_time(folder_.file("code/data"), fs::file_time_type::clock::now() - std::chrono::hours(48));
    EXPECT_EQ(store.add_package(folder_.file("code"))->sha256, first->sha256);
    EXPECT_EQ(folder_.read("store/" + first->sha256 + "/data"), "text");
    EXPECT_THAT(store.add_package(folder_.file("store")).error().message, HasSubstr("sam build"));
    folder_.write("code/data", "other");
    EXPECT_NE(store.add_package(folder_.file("code"))->sha256, first->sha256);
}

TEST_F(ZipArchive, UnusedCodeIsRemovedAndUsedCodeIsKept) {
    SystemRandom random;
    CodeStore store(folder_.path(), random);
    fs::create_directories(folder_.file("used/lib"));
    fs::create_directories(folder_.file("unused/lib"));
    folder_.write("unused.new", "left by a crash");
    const auto rows = store::make_memory_store();
    functions::Function function;
    function.name = "f";
    function.code_sha256 = "used";
    auto transaction = rows->begin();
    transaction->apply(functions::create_function(*transaction, function, {}, "r")->writes);
    transaction->commit();
    transaction.reset();
    store.remove_unused(*rows->snapshot());
    EXPECT_TRUE(fs::exists(folder_.file("used/lib")));
    EXPECT_FALSE(fs::exists(folder_.file("unused")));
    EXPECT_FALSE(fs::exists(folder_.file("unused.new")));
}

}  // namespace
}  // namespace holdpoint::api
