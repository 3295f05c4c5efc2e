// When hooks of plugins come: docs/sdk/plugins.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

class Diary final : public durable::Plugin {
public:
    void invocation_start(const durable::InvocationInfo&) override { lines.emplace_back("invocation"); }
    void invocation_end(const durable::InvocationEnd& end) override {
        lines.push_back("invocation " + std::string(to_string(end.status)));
    }
    void operation_start(const durable::OperationInfo& operation) override {
        lines.push_back((operation.is_replay ? "again " : "start ") + operation.name);
    }
    void operation_end(const durable::OperationInfo& operation) override { lines.push_back("end " + operation.name); }
    void operation_change(const durable::OperationChange& change) override {
        std::string line = "change";
        for (const durable::OperationInfo& operation : change.updated) {
            line.append(" ").append(operation.name).append(":").append(operation.status);
        }
        lines.push_back(line);
    }
    void attempt_start(const durable::AttemptInfo& attempt) override {
        lines.push_back("attempt " + attempt.operation.name);
    }
    void attempt_end(const durable::AttemptEnd& end) override {
        lines.push_back("attempt " + end.attempt.operation.name + " " + std::string(to_string(end.outcome)));
    }

    std::vector<std::string> lines;
};

TEST(Plugin, OrderOfHooks) {
    const auto diary = std::make_shared<Diary>();
    Runner runner(
        [](durable::Context& ctx, const durable::Json&) {
            ctx.run_in_child_context("child", [](durable::Context& child) { child.step("inner", [] {}); });
            ctx.step("next", [] {});
            ctx.wait("pause", 1h);
        },
        {.run = {.plugins = {diary}}});
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(diary->lines, (std::vector<std::string>{"invocation",
                                                      "start child",
                                                      "attempt child",
                                                      "start inner",
                                                      "attempt inner",
                                                      "attempt inner SUCCEEDED",
                                                      "change child:STARTED inner:SUCCEEDED",
                                                      "end inner",
                                                      "attempt child SUCCEEDED",
                                                      "start next",
                                                      "attempt next",
                                                      "attempt next SUCCEEDED",
                                                      "change child:SUCCEEDED next:SUCCEEDED",
                                                      "end child",
                                                      "end next",
                                                      "start pause",
                                                      "change pause:STARTED",
                                                      "invocation PENDING",
                                                      "invocation",
                                                      "end pause",
                                                      "invocation SUCCEEDED"}));
}

}  // namespace
