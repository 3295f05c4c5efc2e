// Sealing: what opens, what does not, and what a person is told who has the wrong key.
#include "base/seal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/encoding.hpp"
#include "base/private_file.hpp"

namespace holdpoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Seal, OpensWhatItSealedAndNothingElse) {
    const SealKey key = SealKey::make();
    for (const std::string& plain :
         {std::string(), std::string("x"), std::string("a\0b", 3), std::string(100'000, 'z')}) {
        const std::string envelope = key.seal(plain, "here");
        EXPECT_TRUE(is_sealed(envelope));
        EXPECT_EQ(key.open(envelope, "here"), plain);
        EXPECT_EQ(key.open(envelope, "there"), std::nullopt) << "it was moved";
        EXPECT_EQ(SealKey::make().open(envelope, "here"), std::nullopt);
        EXPECT_NE(key.seal(plain, "here"), envelope) << "the same text twice must not show";
    }
    EXPECT_FALSE(is_sealed(R"({"json":true})"));
    EXPECT_EQ(key.open(R"({"json":true})", ""), std::nullopt);
}

TEST(Seal, EveryChangedByteIsNoticed) {
    const SealKey key = SealKey::make();
    const std::string envelope = key.seal("approved", "row");
    for (std::size_t i = 0; i < envelope.size(); ++i) {
        std::string changed = envelope;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(key.open(changed, "row"), std::nullopt) << i;
    }
    for (std::size_t size = 0; size < envelope.size(); ++size) {
        EXPECT_EQ(key.open(envelope.substr(0, size), "row"), std::nullopt) << size;
    }
}

TEST(Seal, KeysAreHexadecimalOrBase64) {
    const std::string bytes = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(SealKey::parse(to_hex(bytes) + "\n", "f").bytes(), bytes);
    EXPECT_EQ(SealKey::parse(base64_encode(bytes), "f").bytes(), bytes);
    for (const char* wrong : {"", "password", "zz", "AAAA"}) {
        try {
            (void)SealKey::parse(wrong, "the file");
            ADD_FAILURE() << wrong;
        } catch (const SealError& error) {
            EXPECT_THAT(error.what(), HasSubstr("the file holds no master key: expected 32 bytes"));
        }
    }
}

class KeyFileTest : public ::testing::Test {
protected:
    KeyFileTest() {
        char name[] = "/tmp/holdpoint_seal_XXXXXX";
        folder_ = ::mkdtemp(name);
        path_ = folder_ + "/credentials.json";
    }
    ~KeyFileTest() override { fs::remove_all(folder_); }
    KeyFileTest(const KeyFileTest&) = delete;
    KeyFileTest& operator=(const KeyFileTest&) = delete;

    [[nodiscard]] std::string on_disk() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    template <class Action>
    static std::string problem_of(const Action& action) {
        try {
            action();
        } catch (const std::exception& error) {
            return error.what();
        }
        return "none";
    }

    std::string folder_;
    std::string path_;
};

TEST_F(KeyFileTest, APlainFileIsSealedOnceThereIsAKey) {
    const SealKey key = SealKey::make();
    EXPECT_EQ(read_key_file(path_, &key), std::nullopt);
    write_key_file(path_, "the secret", nullptr);
    EXPECT_EQ(on_disk(), "the secret");
    EXPECT_EQ(read_key_file(path_, &key), "the secret");
    EXPECT_THAT(on_disk(), Not(HasSubstr("secret")));
    EXPECT_EQ(read_key_file(path_, &key), "the secret");
    const SealKey other = SealKey::make();
    EXPECT_THAT(problem_of([&] { (void)read_key_file(path_, &other); }), HasSubstr("is not the one that " + path_));
    EXPECT_THAT(problem_of([&] { (void)read_key_file(path_, nullptr); }), HasSubstr("HOLDPOINT_MASTER_KEY"));
    fs::rename(path_, folder_ + "/other");
    EXPECT_THAT(problem_of([&] { (void)read_key_file(folder_ + "/other", &key); }), HasSubstr("is not the one"))
        << "one file may not take another's place";
}

TEST_F(KeyFileTest, WhatOthersMayReadIsRefusedWithWhatToDo) {
    write_key_file(path_, "x", nullptr);
    check_private(folder_, {"credentials.json", "not-there"});
    ::chmod(path_.c_str(), 0640);
    EXPECT_THAT(problem_of([&] { (void)read_key_file(path_, nullptr); }), HasSubstr("chmod 600 " + path_));
    EXPECT_THAT(problem_of([&] { check_private(folder_, {"credentials.json"}); }), HasSubstr("chmod 600 " + path_));
    ::chmod(path_.c_str(), 0600);
    ::chmod(folder_.c_str(), 0755);
    EXPECT_THAT(problem_of([&] { check_private(folder_, {"credentials.json"}); }), HasSubstr("chmod 700 " + folder_));
    check_private(folder_, {"not-there"});
}

}  // namespace
}  // namespace holdpoint
