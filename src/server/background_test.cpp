// What takes long: one after the other, on another thread, and what has not begun at the end never does.
#include "server/background.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/test_kit.hpp"

namespace holdpoint::server {
namespace {

using ::testing::ElementsAre;

TEST(Background, RunsOneAfterTheOtherElsewhere) {
    engine::test::Box<std::thread::id> done;
    Background background;
    for (int i = 0; i < 2; ++i) background.run([&] { done.put(std::this_thread::get_id()); });
    const auto first = done.take();
    ASSERT_TRUE(first);
    EXPECT_NE(*first, std::this_thread::get_id());
    EXPECT_EQ(done.take(), first);
}

TEST(Background, EndsWhatItHasBegunAndBeginsNoMore) {
    std::vector<int> ran;
    engine::test::Box<bool> began;
    engine::test::Box<bool> goes_on;
    Background background;
    background.run([&] {
        began.put(true);
        EXPECT_TRUE(goes_on.take());
        ran.push_back(1);
    });
    ASSERT_TRUE(began.take());
    std::jthread ending([&] { background.stop(); });
    goes_on.put(true);
    ending.join();
    EXPECT_THAT(ran, ElementsAre(1));
    background.run([&] { ran.push_back(2); });
    background.stop();
    EXPECT_THAT(ran, ElementsAre(1));
}

}  // namespace
}  // namespace holdpoint::server
