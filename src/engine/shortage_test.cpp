// A machine that has no room for another process: what a function has to do waits until there is some.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_few_files.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;

class ShortageTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!holdpoint::test::kCanBeginWithFewFiles) GTEST_SKIP() << "the sanitizer itself has to open files";
    }
    void invoke(std::optional<Milliseconds> start_by = {}) {
        Work work;
        work.function.name = "f";
        work.function.version = "1";
        work.function.executable = "f";
        work.function.code_sha256 = "script";
        work.function.log_group = "/aws/lambda/f";
        work.function.timeout_seconds = 3;
        work.start_by = start_by;
        work.begin = [](const std::string&, const auto& proceed) { proceed("payload"); };
        work.done = [this](InvocationResult result) { done_.put(std::move(result)); };
        (void)folder_.script("script", "exit 3");
        const holdpoint::test::FewFiles none(0);
        invoker_.invoke(std::move(work));
        ASSERT_TRUE(failed_starts_.take());
    }

    TestFolder folder_;
    SharedClock clock_;
    SystemRandom random_;
    MemoryLogs logs_;
    Box<std::string> failed_starts_;
    Box<InvocationResult> done_;
    Invoker invoker_{clock_,
                     random_,
                     logs_,
                     options_in(folder_),
                     [](const functions::Function&) { return ProcessCredentials{}; },
                     [this](const std::string& key) { failed_starts_.put(key); }};
};

// Nine such failures within three minutes ended executions that had waited for weeks.
TEST_F(ShortageTest, WorkWaitsUntilAProcessCanBeStarted) {
    invoke();
    clock_.advance(1s);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_THAT(*result->error->message, ::testing::HasSubstr("exit status 3"));
}

TEST_F(ShortageTest, WhoWaitsTooLongIsRefused) {
    invoke(Milliseconds{500});
    clock_.advance(501ms);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(*result->error->type, "TooManyRequestsException");
}

}  // namespace
}  // namespace holdpoint::engine
