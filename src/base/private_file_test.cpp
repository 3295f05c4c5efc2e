#include "base/private_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/test_small_disk.hpp"

namespace holdpoint {
namespace {

TEST(PrivateFile, WhereThereIsRoomForAPartItSaysWhyThereIsNoneForTheRest) {
    const auto path = std::filesystem::temp_directory_path() / ("holdpoint-private-" + std::to_string(::getpid()));
    std::string problem;
    {
        const test::SmallDisk disk(1000);
        errno = 0;
        try {
            write_private_file(path.string(), std::string(1001, 'x'));
        } catch (const std::runtime_error& error) {
            problem = error.what();
        }
    }
    EXPECT_THAT(problem, ::testing::EndsWith(": File too large"));
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_FALSE(std::filesystem::exists(path.string() + ".new")) << "a part of a secret stays nowhere";
}

TEST(PrivateFile, AFileThatCannotBeReachedIsNotTakenForNone) {
    const auto loop = std::filesystem::temp_directory_path() / ("holdpoint-loop-" + std::to_string(::getpid()));
    std::filesystem::create_symlink(loop, loop);
    EXPECT_THROW((void)read_private_file((loop / "secret").string()), std::runtime_error);
    std::filesystem::remove(loop);
    EXPECT_EQ(read_private_file((loop / "secret").string()), std::nullopt);
}

}  // namespace
}  // namespace holdpoint
