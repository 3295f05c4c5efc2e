// The data folder's keys: sealed under a master key, and under another one after a rotation.
#include "server/data_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/private_file.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::server {
namespace {

using ::testing::ElementsAre;

TEST(DataFolder, KeysAreSealedUnderTheMasterKeyAndRotatedWithoutLosingThem) {
    const engine::test::TestFolder place;
    const DataFolder folder(place.file("data"));
    SystemRandom random;
    const SealKey first = SealKey::make();
    const SealKey second = SealKey::make();
    const auto credentials = load_or_make_credentials(folder.file("credentials.json"), random);
    EXPECT_EQ(load_or_make_data_key(folder, &first, false), std::nullopt);
    EXPECT_THROW((void)load_or_make_data_key(folder, nullptr, true), SealError) << "there is no master key";
    const auto data_key = load_or_make_data_key(folder, &first, true);
    ASSERT_TRUE(data_key);
    EXPECT_EQ(load_or_make_credentials(folder.file("credentials.json"), random, &first), credentials);
    EXPECT_TRUE(is_sealed(*read_private_file(folder.file("credentials.json"))));
    EXPECT_THROW((void)load_or_make_data_key(folder, nullptr, false), SealError);

    EXPECT_THROW((void)reseal(folder, &second, second), SealError);
    EXPECT_THAT(reseal(folder, &first, second), ElementsAre("credentials.json", "data.key"));
    EXPECT_THROW((void)load_or_make_data_key(folder, &first, false), SealError);
    EXPECT_EQ(load_or_make_data_key(folder, &second, false)->bytes(), data_key->bytes());
    EXPECT_EQ(load_or_make_credentials(folder.file("credentials.json"), random, &second), credentials);
}

TEST(DataFolder, ARotationThatWasBrokenOffIsCompleted) {
    const engine::test::TestFolder place;
    const DataFolder folder(place.file("data"));
    SystemRandom random;
    const SealKey first = SealKey::make();
    const SealKey second = SealKey::make();
    (void)load_or_make_credentials(folder.file("credentials.json"), random, &first);
    (void)load_or_make_data_key(folder, &second, true);
    EXPECT_THAT(reseal(folder, &first, second), ElementsAre("credentials.json", "data.key"));
    EXPECT_NO_THROW((void)load_or_make_credentials(folder.file("credentials.json"), random, &second));
}

}  // namespace
}  // namespace holdpoint::server
