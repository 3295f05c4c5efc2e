// The data folder's keys: sealed under a master key, and under another one after a rotation.
#include "server/data_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/private_file.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::server {
namespace {

using ::testing::ElementsAre;

TEST(DataFolder, KeysAreSealedUnderTheMasterKeyAndRotatedWithoutLosingThem) {
    const engine::test::TestFolder place;
    const DataFolder folder(place.file("data"));
    const auto disk = store::make_memory_store();
    SystemRandom random;
    const SealKey first = SealKey::make();
    const SealKey second = SealKey::make();
    const auto credentials = load_or_make_credentials(folder.file("credentials.json"), random);
    EXPECT_EQ(load_or_make_data_key(folder, &first, false, *disk), std::nullopt);
    EXPECT_THROW((void)load_or_make_data_key(folder, nullptr, true, *disk), SealError) << "there is no master key";
    const auto data_key = load_or_make_data_key(folder, &first, true, *disk);
    ASSERT_TRUE(data_key);
    EXPECT_EQ(load_or_make_credentials(folder.file("credentials.json"), random, &first), credentials);
    EXPECT_TRUE(is_sealed(*read_private_file(folder.file("credentials.json"))));
    EXPECT_THROW((void)load_or_make_data_key(folder, nullptr, false, *disk), SealError);

    EXPECT_THROW((void)reseal(folder, &second, second), SealError);
    EXPECT_THAT(reseal(folder, &first, second), ElementsAre("credentials.json", "data.key"));
    EXPECT_THROW((void)load_or_make_data_key(folder, &first, false, *disk), SealError);
    EXPECT_EQ(load_or_make_data_key(folder, &second, false, *disk)->bytes(), data_key->bytes());
    EXPECT_EQ(load_or_make_credentials(folder.file("credentials.json"), random, &second), credentials);
}

TEST(DataFolder, ARotationThatWasBrokenOffIsCompleted) {
    const engine::test::TestFolder place;
    const DataFolder folder(place.file("data"));
    const auto disk = store::make_memory_store();
    SystemRandom random;
    const SealKey first = SealKey::make();
    const SealKey second = SealKey::make();
    (void)load_or_make_credentials(folder.file("credentials.json"), random, &first);
    (void)load_or_make_data_key(folder, &second, true, *disk);
    EXPECT_THAT(reseal(folder, &first, second), ElementsAre("credentials.json", "data.key"));
    EXPECT_NO_THROW((void)load_or_make_credentials(folder.file("credentials.json"), random, &second));
}

TEST(DataFolder, NoNewKeyTakesThePlaceOfOneThatIsMissed) {
    const engine::test::TestFolder place;
    const DataFolder folder(place.file("data"));
    const SealKey master = SealKey::make();
    const auto disk = store::make_memory_store();
    const auto write = [&](const std::string& value) {
        const auto rows = disk->begin();
        rows->apply({{.space = Space::functions, .key = "f", .value = value}});
        rows->commit();
    };
    write("{}");
    EXPECT_EQ(load_or_make_data_key(folder, &master, false, *disk), std::nullopt);
    write(SealKey::make().seal("{}", "f"));
    for (const bool wanted : {false, true}) {
        EXPECT_THROW((void)load_or_make_data_key(folder, &master, wanted, *disk), BadConfiguration);
    }
    EXPECT_FALSE(read_private_file(folder.file("data.key")));
    write_private_file(folder.file("data.key"), "");
    EXPECT_THROW((void)load_or_make_data_key(folder, &master, true, *disk), BadConfiguration);
}

TEST(DataFolder, DamagedKeysAreRefusedAndStayAsTheyAre) {
    const engine::test::TestFolder place;
    const DataFolder folder(place.file("data"));
    SystemRandom random;
    for (const std::string text : {"", "{}", "-----BEGIN PRIVATE KEY-----\n"}) {
        write_private_file(folder.file("credentials.json"), text);
        write_private_file(folder.file("sns-signing.pem"), text);
        EXPECT_THROW((void)load_or_make_credentials(folder.file("credentials.json"), random), BadConfiguration);
        EXPECT_THROW((void)signing_key_file(folder, nullptr), BadConfiguration);
        EXPECT_EQ(read_private_file(folder.file("sns-signing.pem")), text);
    }
}

TEST(DataFolder, KeysThatOthersMayReadAreNotTriedAgain) {
    const engine::test::TestFolder place;
    SystemRandom random;
    const std::string credentials = DataFolder(place.file("data")).file("credentials.json");
    (void)load_or_make_credentials(credentials, random);
    std::filesystem::permissions(credentials, std::filesystem::perms(0644));
    EXPECT_THROW(DataFolder(place.file("data")), BadConfiguration);
}

}  // namespace
}  // namespace holdpoint::server
