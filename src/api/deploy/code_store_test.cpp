#include "api/deploy/code_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace holdpoint::api {
namespace {

namespace fs = std::filesystem;

class CodeStore : public testing::Test {
protected:
    void SetUp() override {
        std::string name = fs::temp_directory_path() / "holdpoint-code-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        fs::create_directory(folder_ / "code");
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text, fs::perms mode) {
        std::ofstream(folder_ / name) << text;
        fs::permissions(folder_ / name, mode);
        return folder_ / name;
    }
    Result<Code> store(const std::string& path) { return store_code(folder_ / "code", "f", path); }

    fs::path folder_;
};

TEST_F(CodeStore, KeepsExecutablesByTheirContent) {
    const auto path = write("f", "one", fs::perms::owner_all);
    const auto first = store(path);
    ASSERT_TRUE(first);
    EXPECT_EQ(store(path)->sha256, first->sha256);
    std::ofstream(path) << "two";
    EXPECT_NE(store(path)->sha256, first->sha256);
    EXPECT_EQ(fs::status(folder_ / "code" / first->sha256).permissions(), fs::perms::owner_all);
    EXPECT_EQ(first->size, 3);

    remove_unused_code(folder_ / "code", {first->sha256});
    EXPECT_TRUE(fs::exists(folder_ / "code" / first->sha256));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "code"), {}), 1);
}

TEST_F(CodeStore, RefusesWhatIsNoExecutableFile) {
    EXPECT_NE(store("relative").error().message.find("must be an absolute path"), std::string::npos);
    EXPECT_NE(store(folder_ / "nothing").error().message.find("No such file"), std::string::npos);
    EXPECT_NE(store(folder_).error().message.find("is no executable file"), std::string::npos);
    EXPECT_NE(store(write("text", "x", fs::perms::owner_read)).error().message.find("is no executable file"),
              std::string::npos);
    EXPECT_NE(store(write("empty", "", fs::perms::owner_all)).error().message.find("must have"), std::string::npos);
}

}  // namespace
}  // namespace holdpoint::api
