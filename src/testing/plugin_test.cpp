// Plugins: what they are told, in which order, and that they cannot do harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

/// Notes every call of its hooks. Hooks come one at a time, whatever thread they come from.
class Notes : public Plugin {
public:
    void invocation_start(const InvocationInfo& info) override {
        note(std::string("invocation ") + (info.is_first_invocation ? "first" : "again") + " updated " +
             std::to_string(info.updated.size()));
    }
    void invocation_end(const InvocationEnd& end) override {
        note("end " + std::string(to_string(end.status)) + (end.error ? " " + end.error->type : ""));
    }
    void operation_start(const OperationInfo& info) override {
        note(info.type + " " + info.name + " starts" + (info.is_replay ? " again" : ""));
    }
    void operation_end(const OperationInfo& info) override {
        note(info.type + " " + info.name + " " + info.status + (info.result ? " " + *info.result : "") +
             (info.error ? " " + info.error->message : ""));
    }
    void operation_change(const OperationChange& change) override {
        for (const auto& info : change.updated) {
            EXPECT_TRUE(change.operations.find(info.id).has_value());
        }
        EXPECT_LE(change.updated.size(), change.operations.size());
    }
    void attempt_start(const AttemptInfo& info) override {
        note(info.operation.name + " attempt " + std::to_string(info.attempt));
    }
    void attempt_end(const AttemptEnd& end) override {
        note(end.attempt.operation.name + " " + std::string(to_string(end.outcome)));
    }

    std::vector<std::string> take() { return std::exchange(notes_, {}); }

protected:
    virtual void note(std::string text) { notes_.push_back(std::move(text)); }

private:
    std::vector<std::string> notes_;
};

/// Throws in every hook, after it was noted.
class Faulty final : public Notes {
    void note(std::string text) override {
        Notes::note(std::move(text));
        if (++calls_ % 2 == 0) throw 42;
        throw std::runtime_error("this plugin always fails");
    }
    int calls_ = 0;
};

TEST(Plugins, SeeAStepFromItsStartToItsEnd) {
    const auto notes = std::make_shared<Notes>();
    LocalService runner([](Context& context, Json) { return context.step("s", [] { return 1; }); },
                        {.plugins = {notes}});
    runner.start();
    EXPECT_THAT(notes->take(), ElementsAre("invocation first updated 0", "STEP s starts", "s attempt 1", "s SUCCEEDED",
                                           "STEP s SUCCEEDED 1", "end SUCCEEDED"));
}

TEST(Plugins, SeeWhatIsOpenAgainAndWhatEndedMeanwhileOnce) {
    const auto notes = std::make_shared<Notes>();
    LocalService runner(
        [](Context& context, Json) {
            context.step("done", [] {});
            auto callback = context.create_callback<int>("asked");
            context.wait("pause", 1s);
            return callback.result();
        },
        {.plugins = {notes}});
    runner.start();
    EXPECT_THAT(notes->take(),
                ElementsAre("invocation first updated 0", "STEP done starts", "done attempt 1", "done SUCCEEDED",
                            "STEP done SUCCEEDED", "CALLBACK asked starts", "WAIT pause starts", "end PENDING"));
    runner.advance(1s);
    EXPECT_THAT(notes->take(), ElementsAre("invocation again updated 1", "WAIT pause SUCCEEDED",
                                           "CALLBACK asked starts again", "end PENDING"));
    runner.succeed_callback("asked", "7");
    EXPECT_THAT(notes->take(),
                ElementsAre("invocation again updated 1", "CALLBACK asked SUCCEEDED 7", "end SUCCEEDED"));
}

TEST(Plugins, AFailedAttemptThatIsTriedAgainIsNoEnd) {
    const auto notes = std::make_shared<Notes>();
    LocalService runner(
        [](Context& context, Json) {
            context.step("flaky",
                         [](StepContext& step) {
                             if (step.attempt() == 1) throw Error("NotYet", "no");
                         },
                         {.retry = retry::fixed({.pause = 5s})});
        },
        {.plugins = {notes}});
    runner.start();
    EXPECT_THAT(notes->take(), ElementsAre("invocation first updated 0", "STEP flaky starts", "flaky attempt 1",
                                           "flaky FAILED", "end PENDING"));
    runner.advance(5s);
    EXPECT_THAT(notes->take(), ElementsAre("invocation again updated 1", "STEP flaky starts again", "flaky attempt 2",
                                           "flaky SUCCEEDED", "STEP flaky SUCCEEDED", "end SUCCEEDED"));
}

TEST(Plugins, LearnWhyAnExecutionFailedAndThatAnInvocationIsTriedAgain) {
    const auto notes = std::make_shared<Notes>();
    LocalService runner([](Context& context,
                           Json) { context.step("s", [] { throw Error("Broken", "no"); }, {.retry = retry::none()}); },
                        {.plugins = {notes}});
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 1) return holdpoint::Error{"ServiceException", 500, "later", {}};
        return std::nullopt;
    };
    runner.start();
    EXPECT_THAT(notes->take().back(), "end RETRYING ServiceException");
    runner.advance(1min);
    EXPECT_THAT(notes->take(), AllOf(Contains("STEP s FAILED no"), Contains("end FAILED Broken")));
}

TEST(Plugins, SuspendedBodiesAreIncomplete) {
    const auto notes = std::make_shared<Notes>();
    LocalService runner(
        [](Context& context, Json) {
            context.run_in_child_context("child", [](Context& child) { child.wait("pause", 1s); });
        },
        {.plugins = {notes}});
    runner.start();
    EXPECT_THAT(notes->take(), ElementsAre("invocation first updated 0", "CONTEXT child starts", "child attempt 1",
                                           "WAIT pause starts", "child INCOMPLETE", "end PENDING"));
}

TEST(Plugins, WhatTheyThrowHarmsNobody) {
    const auto faulty = std::make_shared<Faulty>();
    const auto healthy = std::make_shared<Notes>();
    LocalService runner(
        [](Context& context, Json) {
            return context
                .map("m", std::vector<int>{1, 2, 3},
                     [](Context& item, int n) { return item.step("s", [&] { return n; }); })
                .results();
        },
        {.plugins = {faulty, healthy}});
    runner.start();
    EXPECT_EQ(runner.result(), "[1,2,3]");
    const auto seen = healthy->take();
    EXPECT_EQ(seen.size(), faulty->take().size());
    EXPECT_EQ(std::ranges::count(seen, "s SUCCEEDED"), 3);
}

TEST(Plugins, AddToLogLinesAndMayLogThemselves) {
    struct Tracing final : Plugin {
        void enrich_log(Logger::Fields& fields) override { fields.emplace_back("trace_id", "abc"); }
    };
    LocalService runner([](Context& context, Json) { context.logger().info("hello"); },
                        {.plugins = {std::make_shared<Tracing>()}});
    ::testing::internal::CaptureStdout();
    runner.start();
    EXPECT_EQ(boost::json::parse(::testing::internal::GetCapturedStdout()).at("trace_id").as_string(), "abc");
}

TEST(Logging, FieldsDoNotTakeThePlaceOfTheSdksOwn) {
    struct Bold final : Plugin {
        void enrich_log(Logger::Fields& fields) override { fields.emplace_back("requestId", "theirs"); }
    };
    LocalService runner(
        [](Context& context, Json) {
            context.logger().info("hello", {{"message", "mine"},
                                            {"executionArn", "mine"},
                                            {"level", "mine"},
                                            {"timestamp", "mine"},
                                            {"operationId", "mine"},
                                            {"user", "ada"}});
        },
        {.plugins = {std::make_shared<Bold>()}});
    ::testing::internal::CaptureStdout();
    runner.start();
    const auto line = boost::json::parse(::testing::internal::GetCapturedStdout()).as_object();
    EXPECT_EQ(line.at("message").as_string(), "hello");
    EXPECT_EQ(line.at("level").as_string(), "INFO");
    EXPECT_EQ(line.at("executionArn").as_string(), runner.execution().head().arn);
    EXPECT_NE(line.at("timestamp").as_string(), "mine");
    EXPECT_NE(line.at("requestId").as_string(), "theirs");
    EXPECT_FALSE(line.contains("operationId"));
    for (const char* name : {"message", "executionArn", "level", "timestamp", "operationId"}) {
        EXPECT_EQ(line.at(std::string("field.") + name).as_string(), "mine") << name;
    }
    EXPECT_EQ(line.at("field.requestId").as_string(), "theirs");
    EXPECT_EQ(line.at("user").as_string(), "ada");
}

TEST(Plugins, NothingIsToldOfWhatAClosedContextRepeats) {
    const auto notes = std::make_shared<Notes>();
    LocalService runner(
        [](Context& context, Json) {
            (void)context.run_in_child_context("large", [](Context& child) {
                child.step("s", [] {});
                return std::string(300 * 1024, 'x');
            });
            context.wait("pause", 1s);
        },
        {.plugins = {notes}});
    runner.start();
    (void)notes->take();
    runner.advance(1s);
    EXPECT_THAT(notes->take(), Each(Not(HasSubstr("STEP s"))));
}

}  // namespace
}  // namespace durable::testing
