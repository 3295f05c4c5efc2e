// Loggers and plugins: docs/sdk/logging.md and docs/sdk/plugins.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [logging]
std::string talk(durable::Context& ctx, const std::string& user) {
    ctx.logger().info("it begins", {{"user", user}});  // once, however often the handler runs again
    const auto text = ctx.step("work", [](durable::StepContext& step) {
        step.logger().warn("slow today");  // carries the operation's name and the attempt
        return std::string("done");
    });
    ctx.wait("pause", 1h);
    ctx.logger().on_replay_too().debug("the handler runs");  // each time
    return text;
}
// [/logging]

TEST(Logging, Talk) {
    ::testing::internal::CaptureStdout();
    Runner runner(talk);
    setenv("LOG_LEVEL", "INFO", 1);
    runner.run(std::string("ada"));
    const std::string lines = ::testing::internal::GetCapturedStdout();
    EXPECT_EQ(runner.status(), ExecutionStatus::succeeded);
    if (!lines.empty()) {
        EXPECT_EQ(lines.find("it begins"), lines.rfind("it begins")) << "once, although the handler ran twice";
    }
}

// [plugin]
/// Counts attempts, and adds the team's name to every line that is logged.
class Attempts final : public durable::Plugin {
public:
    void attempt_start(const durable::AttemptInfo& attempt) override {
        if (attempt.operation.type == "STEP") ++count;
    }
    void operation_end(const durable::OperationInfo& operation) override {
        ended.push_back(operation.name + " " + operation.status);
    }
    void enrich_log(durable::Logger::Fields& fields) override { fields.emplace_back("team", "payments"); }

    int count = 0;
    std::vector<std::string> ended;
};
// [/plugin]

TEST(Plugin, IsTold) {
    const auto attempts = std::make_shared<Attempts>();
    Runner runner(
        [](durable::Context& ctx, const durable::Json&) {
            ctx.step("twice", [](durable::StepContext& step) {
                if (step.attempt() == 1) throw durable::Error("Again", "once more");
            });
            ctx.wait("pause", 1h);
        },
        {.run = {.plugins = {attempts}}});
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(attempts->count, 2);
    EXPECT_EQ(attempts->ended, (std::vector<std::string>{"twice SUCCEEDED", "pause SUCCEEDED"}));
}

}  // namespace
