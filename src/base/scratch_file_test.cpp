#include "base/scratch_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/test_small_disk.hpp"

namespace holdpoint {
namespace {

namespace fs = std::filesystem;

class ScratchFileTest : public ::testing::Test {
protected:
    ScratchFileTest() {
        if (const char* before = std::getenv("TMPDIR")) before_ = before;
        fs::create_directory(folder_);
        ::setenv("TMPDIR", folder_.c_str(), 1);
    }
    ~ScratchFileTest() override {
        if (before_) ::setenv("TMPDIR", before_->c_str(), 1);
        if (!before_) ::unsetenv("TMPDIR");
        fs::remove_all(folder_);
    }

    /// Who may do what with each file that is open in the folder.
    [[nodiscard]] std::vector<int> modes() const {
        std::vector<int> found;
        for (int file = 0; file < 256; ++file) {
            const std::string name = "/proc/self/fd/" + std::to_string(file);
            std::error_code closed;
            struct stat status{};
            if (!fs::read_symlink(name, closed).string().starts_with(folder_.string())) continue;
            if (::fstat(file, &status) == 0) found.push_back(static_cast<int>(status.st_mode & 0777));
        }
        return found;
    }

    std::optional<std::string> before_;
    fs::path folder_ = fs::temp_directory_path() / ("holdpoint-scratch-" + std::to_string(::getpid()));
};

TEST_F(ScratchFileTest, NobodyElseCanOpenItAndItIsGoneWhenItIsClosed) {
    with_scratch_files([&](const MakeFile& make) {
        const auto one = make();
        const auto other = make();
        EXPECT_TRUE(fs::is_empty(folder_)) << "not even by its name";
        EXPECT_THAT(modes(), ::testing::ElementsAre(0600, 0600));
        *one << "some text";
        *other << "other text";
        one->seekg(0);
        std::string word;
        *one >> word;
        EXPECT_EQ(word, "some");
    });
    EXPECT_THAT(modes(), ::testing::IsEmpty());
}

TEST_F(ScratchFileTest, WhereThereIsNoRoomItSaysWhereAndWhy) {
    const test::SmallDisk disk(1000);
    std::string problem;
    try {
        with_scratch_files([&](const MakeFile& make) {
            const auto file = make();
            *file << std::string(100'000, 'x');
            file->seekg(0);
        });
    } catch (const std::runtime_error& error) {
        problem = error.what();
    }
    EXPECT_EQ(problem, "cannot keep in " + folder_.string() + " what takes too much memory: File too large");
    EXPECT_TRUE(fs::is_empty(folder_));
    EXPECT_THAT(modes(), ::testing::IsEmpty());
}

TEST_F(ScratchFileTest, WhereItCannotBeMadeItSaysSo) {
    EXPECT_THROW((void)make_scratch_file(folder_ / "none"), std::runtime_error);
}

}  // namespace
}  // namespace holdpoint
