// The invoker over real processes. The test plays the runtime inside them: each script only says which address it was
// given, and stays.
#include "engine/invoker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/platform_lines.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::engine {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace test;

class InvokerTest : public ::testing::Test {
protected:
    InvokerTest() {
        logs_ = store::open_log_store(folder_.file("logs.db"));
        make(InvokerOptions{});
    }
    ~InvokerTest() override {
        invoker_.reset();
        logs_.reset();
    }

    void make(InvokerOptions options) {
        invoker_.reset();
        options.code_folder = folder_.path();
        options.working_folder = folder_.path();
        options.runtime_address = "127.0.0.1:1";
        options.endpoint_url = "http://127.0.0.1:1";
        options.region = "us-east-1";
        invoker_ = std::make_unique<Invoker>(
            clock_, random_, *logs_, options,
            [](const functions::Function&) {
                return ProcessCredentials{.access_key_id = "key", .secret_access_key = {}, .session_token = {}};
            },
            [this](const std::string& key) { ended_.put(key); });
    }

    /// A function whose executable is this shell script.
    functions::Function function(const std::string& script) const {
        functions::Function made;
        made.name = "f";
        made.version = "1";
        made.executable = "f";
        made.code_sha256 = "script";
        made.log_group = "/aws/lambda/f";
        made.timeout_seconds = 3;
        (void)folder_.script("script", script);
        return made;
    }

    Work work(const functions::Function& of, const std::string& payload) {
        Work made;
        made.function = of;
        made.begin = [payload](const std::string&, const auto& proceed) { proceed(payload); };
        made.done = [this](InvocationResult result) { done_.put(std::move(result)); };
        return made;
    }
    void invoke(const functions::Function& of, const std::string& payload) { invoker_->invoke(work(of, payload)); }

    /// Asks for work as a process does.
    bool ask(const std::string& process) {
        return invoker_->next(process, [this](const NextInvocation& next) { next_.put(next); });
    }

    /// The secret of the process that was started as this one, once its script has said it.
    std::string secret(std::size_t place = 0) const {
        std::vector<std::string> lines;
        (void)eventually([&] {
            std::istringstream text(folder_.read("address"));
            lines.clear();
            for (std::string line; std::getline(text, line);) {
                if (line.ends_with('.')) lines.push_back(line.substr(line.rfind('/') + 1));
            }
            return lines.size() > place;
        });
        if (lines.size() <= place) return {};
        lines[place].pop_back();
        return lines[place];
    }

    std::vector<std::string> log_lines() const {
        std::vector<std::string> lines;
        for (const auto& event : logs_->events({.group = "/aws/lambda/f"})) lines.push_back(event.message);
        return lines;
    }

    static constexpr const char* kStays = "echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; exec sleep 60";
    TestFolder folder_;
    SharedClock clock_;
    SystemRandom random_;
    std::unique_ptr<store::LogStore> logs_;
    Box<InvocationResult> done_;
    Box<std::string> ended_;
    Box<NextInvocation> next_;
    std::unique_ptr<Invoker> invoker_;
};

TEST_F(InvokerTest, AProcessIsStartedGetsItsWorkAndAnswers) {
    invoke(function(kStays), "payload");
    const std::string process = secret();
    ASSERT_FALSE(process.empty());
    ASSERT_TRUE(ask(process));
    const auto next = next_.take();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->payload, "payload");
    EXPECT_FALSE(invoker_->answer(process, "another-request", "x"));
    EXPECT_FALSE(invoker_->answer("another-process", next->request_id, "x"));
    ASSERT_TRUE(invoker_->answer(process, next->request_id, "result"));
    const auto result = done_.take();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->body, "result");
    EXPECT_FALSE(result->error);
    EXPECT_THAT(log_lines(), Contains(HasSubstr("REPORT RequestId: " + next->request_id)));
    EXPECT_FALSE(invoker_->answer(process, next->request_id, "again"));
}

// Both were 0 for whoever answered within a millisecond, or did not answer at all.
TEST_F(InvokerTest, ReportsSayWhatItTook) {
    functions::Function slow = function(kStays);
    slow.timeout_seconds = 900;
    invoke(slow, "first");
    const std::string process = secret();
    clock_.advance(250ms);
    ASSERT_TRUE(ask(process));
    const auto first = next_.take();
    ASSERT_TRUE(first);
    clock_.advance(20ms);
    ASSERT_TRUE(invoker_->answer(process, first->request_id, "result"));
    EXPECT_THAT(
        done_.take()->log_tail,
        ContainsRegex("\tDuration: 20.00 ms\tBilled Duration: 270 ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]"
                      "[0-9]* MB\tInit Duration: 250.00 ms\n"));
    invoke(slow, "second");
    ASSERT_TRUE(ask(process));
    ASSERT_TRUE(next_.take());
    clock_.advance(901s);
    EXPECT_THAT(done_.take()->log_tail,
                ContainsRegex("\tDuration: 901000.00 ms\tBilled Duration: 901000 ms\tMemory Size: 128 MB\tMax Memory "
                              "Used: [1-9][0-9]* MB\tStatus: timeout\n"));
}

TEST_F(InvokerTest, ACrashReportsTheMemoryThatWasSeen) {
    const auto dying =
        function("echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; until [ -e die ]; do sleep .1; done; exit 7");
    invoke(dying, "first");
    ASSERT_TRUE(ask(secret()));
    ASSERT_TRUE(invoker_->answer(secret(), next_.take()->request_id, "result"));
    ASSERT_TRUE(done_.take());  // by now it was looked at
    invoke(dying, "second");
    ASSERT_TRUE(ask(secret()) && next_.take());
    folder_.write("die", "\n");
    EXPECT_THAT(done_.take()->log_tail, ContainsRegex("Max Memory Used: [1-9][0-9]* MB\t.*Status: error\n"));
}

TEST(PlatformLines, WhatIsBilledIsRoundedUp) {
    const Report report{.request_id = "r", .took = Microseconds(1'234), .memory_mb = 256, .peak_kib = 1025};
    EXPECT_EQ(report_lines(report).back(),
              "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 256 MB\tMax Memory Used: 2 "
              "MB");
}

TEST_F(InvokerTest, WhatIsWrittenIsLogged) {
    invoke(function("echo one; echo two >&2; printf 'no newline'; exit 0"), "payload");
    ASSERT_TRUE(done_.take());
    const auto lines = log_lines();
    for (const char* line : {"one", "two", "no newline"}) EXPECT_THAT(lines, Contains(line));
}

TEST_F(InvokerTest, AnExecutableThatEndsAtOnceFailsTheWorkAndIsNotStartedForEver) {
    invoke(function("echo start >> starts; exit 3"), "payload");
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Runtime.ExitError");
    EXPECT_THAT(*result->error->message, HasSubstr("exit status 3"));
    EXPECT_TRUE(ended_.take()) << "its credentials end with it";
    EXPECT_EQ(folder_.read("starts"), "start\n");
}

TEST_F(InvokerTest, AnExecutableThatIsNotThereFailsTheWork) {
    functions::Function missing = function(kStays);
    missing.code_sha256 = "no-such-file";
    invoke(missing, "payload");
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Runtime.ExitError");
}

TEST_F(InvokerTest, AProcessKilledAtWorkFailsTheWork) {
    invoke(
        function("echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; while [ ! -e die ]; do sleep 0.01; done; kill -9 $$"),
        "payload");
    const std::string process = secret();
    ASSERT_TRUE(ask(process));
    ASSERT_TRUE(next_.take());
    folder_.write("die", "\n");
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_THAT(*result->error->message, HasSubstr("signal: "));
    EXPECT_FALSE(invoker_->next(process, [](const NextInvocation&) {})) << "a dead process has no secret any more";
}

TEST_F(InvokerTest, WorkThatOverrunsIsKilledAndSaysSo) {
    functions::Function slow = function(kStays);
    slow.timeout_seconds = 900;
    invoke(slow, "payload");
    ASSERT_TRUE(ask(secret()) && next_.take());
    clock_.advance(901s);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Sandbox.Timedout");
    EXPECT_THAT(*result->error->message, HasSubstr("Task timed out after 900.00 seconds"));
    EXPECT_THAT(result->log_tail, AllOf(HasSubstr("START RequestId"), HasSubstr("Task timed out"), HasSubstr("REPORT")))
        << "who asked for the log reads there what happened";
}

TEST_F(InvokerTest, AProcessThatNeverAsksForWorkFailsIt) {
    InvokerOptions options;
    options.init_limit = 1s;
    make(options);
    invoke(function("exec sleep 60"), "payload");
    clock_.advance(4s);  // the function's timeout is 3
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Sandbox.Timedout");
}

TEST_F(InvokerTest, AStartMayTakeAsLongAsAnInvocation) {
    functions::Function slow = function("exec sleep 60");
    slow.timeout_seconds = 30;
    Work impatient = work(slow, "payload");
    impatient.start_by = clock_.monotonic() + 10s;
    invoker_->invoke(std::move(impatient));
    clock_.advance(31s);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Sandbox.Timedout") << "whoever has a process that starts is not told of others";
    EXPECT_THAT(result->error->message.value_or(""), HasSubstr("within 30 seconds"));
}

TEST_F(InvokerTest, AnInitErrorIsWhatTheCallerHears) {
    invoke(function("echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; while [ ! -e die ]; do sleep 0.01; done; exit 1"),
           "p");
    ASSERT_TRUE(invoker_->fail_init(
        secret(), {.message = "no table", .type = "ConfigurationError", .data = {}, .stack_trace = {}}));
    folder_.write("die", "\n");
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "ConfigurationError");
    EXPECT_EQ(result->error->message, "no table");
}

TEST_F(InvokerTest, AnIdleProcessLeavesWhenItsFunctionIsRetired) {
    invoke(function(kStays), "payload");
    const std::string process = secret();
    ASSERT_TRUE(ask(process));
    const auto next = next_.take();
    ASSERT_TRUE(next);
    invoker_->retire("f");
    ASSERT_TRUE(invoker_->answer(process, next->request_id, "result")) << "what is under way is finished";
    ASSERT_TRUE(done_.take());
    (void)ask(process);
    EXPECT_TRUE(ended_.take());
    EXPECT_THAT(log_lines(), Not(Contains(HasSubstr("Error")))) << "it went because it was told to";
}

TEST_F(InvokerTest, WithTenantIsolationAProcessServesOneTenant) {
    functions::Function isolated = function(kStays);
    isolated.tenant_isolation = true;
    const auto serve = [&](const char* tenant_id, const std::string& process) {
        EXPECT_TRUE(ask(process));
        const auto next = next_.take();
        ASSERT_TRUE(next);
        EXPECT_EQ(next->tenant_id, tenant_id);
        EXPECT_TRUE(invoker_->answer(process, next->request_id, "x"));
        EXPECT_TRUE(done_.take());
    };
    const auto invoke_for = [&](const char* tenant_id) {
        Work made = work(isolated, "payload");
        made.tenant_id = tenant_id;
        invoker_->invoke(std::move(made));
    };
    invoke_for("blue");
    serve("blue", secret(0));
    ASSERT_TRUE(ask(secret(0)));
    invoke_for("green");
    EXPECT_EQ(next_.size(), 0U) << "blue's process rests";
    serve("green", secret(1));
    invoke_for("blue");
    const auto next = next_.take();
    ASSERT_TRUE(next) << "blue's process goes on";
    EXPECT_EQ(next->tenant_id, "blue");
}

TEST_F(InvokerTest, AnExecutableThatDoesNothingIsToldFromOneThatFails) {
    invoke(function("exit 0"), "payload");
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_THAT(*result->error->message, ContainsRegex("RequestId: [0-9a-f-]+ Error: Runtime exited without"));
    EXPECT_THAT(*result->error->message, HasSubstr("before it asked the Runtime API for work"));
    EXPECT_THAT(log_lines(), Contains(*result->error->message));
    EXPECT_EQ(result->log_tail, *result->error->message + "\n");
}

TEST_F(InvokerTest, WhatAProcessWroteBeforeItFailedIsInTheTail) {
    invoke(function("echo no such table; exit 1"), "payload");
    auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->log_tail, "no such table\n" + *result->error->message + "\n");
    folder_.write("die", "");
    invoke(function("echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; while [ ! -s die ]; do sleep 0.01; done; echo last "
                    "words; exit 7"),
           "payload");
    ASSERT_TRUE(ask(secret()) && next_.take());
    folder_.write("die", "\n");
    result = done_.take();
    ASSERT_TRUE(result);
    EXPECT_THAT(result->log_tail, ContainsRegex("START RequestId.*\nlast words\nRequestId.*\nEND"));
}

TEST_F(InvokerTest, AnIdleProcessLeavesAfterAWhile) {
    InvokerOptions options;
    options.idle_limit = 30s;
    make(options);
    invoke(function(kStays), "payload");
    const std::string process = secret();
    ASSERT_TRUE(ask(process));
    const auto next = next_.take();
    ASSERT_TRUE(next);
    ASSERT_TRUE(invoker_->answer(process, next->request_id, "result"));
    ASSERT_TRUE(done_.take());
    (void)ask(process);
    clock_.advance(31s);
    EXPECT_TRUE(ended_.take());
}

TEST_F(InvokerTest, AnInitErrorIsHeardAlsoWhenTheProcessStays) {
    invoke(function(kStays), "payload");
    const std::string process = secret();
    ASSERT_TRUE(invoker_->fail_init(
        process, {.message = "no table", .type = "ConfigurationError", .data = {}, .stack_trace = {}}));
    clock_.advance(11s);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "ConfigurationError");
}

TEST_F(InvokerTest, NoMoreProcessesThanAllowedAndWhoWaitsTooLongIsRefused) {
    InvokerOptions options;
    options.processes_max = 1;
    make(options);
    const functions::Function slow = function(kStays);
    Work impatient = work(slow, "impatient");
    impatient.start_by = clock_.monotonic() + 10s;
    invoke(slow, "first");
    invoker_->invoke(std::move(impatient));
    invoke(slow, "second");
    const std::string process = secret();
    ASSERT_TRUE(ask(process));
    const auto first = next_.take();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->payload, "first");
    clock_.advance(2s);
    ASSERT_TRUE(invoker_->answer(process, first->request_id, "x"));
    ASSERT_TRUE(done_.take());
    clock_.set_back(48h);  // nobody waits two days longer for that
    clock_.advance(9s);
    const auto refused = done_.take();
    ASSERT_TRUE(refused && refused->error);
    EXPECT_EQ(refused->error->type, "TooManyRequestsException");
    ASSERT_TRUE(ask(process));
    EXPECT_EQ(next_.take()->payload, "second");
    EXPECT_EQ(std::ranges::count(folder_.read("address"), '\n'), 1);
}

// The process that leaves keeps the pool there; those that are started meanwhile are wanted.
TEST_F(InvokerTest, RetiringConcernsOnlyTheProcessesThatThereAre) {
    const functions::Function stubborn =
        function("trap '' TERM; echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; while true; do sleep 1; done");
    invoke(stubborn, "old");
    ASSERT_TRUE(ask(secret()));
    const auto old = next_.take();
    ASSERT_TRUE(old);
    ASSERT_TRUE(invoker_->answer(secret(), old->request_id, "x"));
    ASSERT_TRUE(ask(secret()));
    invoker_->retire("f");
    EXPECT_FALSE(ask(secret()));
    invoke(stubborn, "new");
    ASSERT_TRUE(ask(secret(1)));
    for (int i = 0; i < 2; ++i) {
        if (i > 0) invoke(stubborn, "to the same");
        const auto next = next_.take();
        ASSERT_TRUE(next);
        ASSERT_TRUE(invoker_->answer(secret(1), next->request_id, "x"));
        ASSERT_TRUE(ask(secret(1)));
    }
}

// A client that lost its long poll asks again; before, it was told that it does not belong here, and ended.
TEST_F(InvokerTest, AProcessMayAskAgainWhileItsWorkIsPrepared) {
    Box<std::function<void(std::optional<std::string>)>> begun;
    Work slow = work(function(kStays), "");
    slow.begin = [&](const std::string&, const auto& proceed) { begun.put(proceed); };
    invoker_->invoke(std::move(slow));
    const std::string process = secret();
    ASSERT_TRUE(invoker_->next(process, [](const NextInvocation&) { ADD_FAILURE() << "nobody hears this any more"; }));
    const auto proceed = begun.take();
    ASSERT_TRUE(proceed);
    ASSERT_TRUE(ask(process));
    (*proceed)("payload");
    EXPECT_EQ(next_.take()->payload, "payload");
    EXPECT_FALSE(ask(process)) << "it has work";
}

TEST_F(InvokerTest, WorkThatIsNotNeededAnyMoreLeavesTheProcessToTheNext) {
    Work gone = work(function(kStays), "");
    gone.begin = [](const std::string&, const auto& proceed) { proceed(std::nullopt); };
    invoker_->invoke(std::move(gone));
    ASSERT_TRUE(ask(secret()));
    invoke(function(kStays), "next");
    EXPECT_EQ(next_.take()->payload, "next");
}

TEST_F(InvokerTest, AProcessThatEndsBeforeItsWorkIsPreparedFailsIt) {
    Box<std::function<void(std::optional<std::string>)>> begun;
    Work slow =
        work(function("echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; while [ ! -e die ]; do sleep 0.01; done"), "");
    slow.begin = [&](const std::string&, const auto& proceed) { begun.put(proceed); };
    invoker_->invoke(std::move(slow));
    ASSERT_TRUE(ask(secret()));
    const auto lost = begun.take();
    folder_.write("die", "\n");
    const auto again = begun.take();  // so that whoever keeps it knows under which id it failed
    ASSERT_TRUE(lost && again);
    (*lost)("payload");
    (*again)("payload");
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Runtime.ExitError");
    EXPECT_EQ(done_.size(), 0U);
}

TEST_F(InvokerTest, DrainingWaitsForWhatIsUnderWayAndStartsNothing) {
    invoke(function(kStays), "first");
    const std::string process = secret();
    ASSERT_TRUE(ask(process));
    const auto first = next_.take();
    ASSERT_TRUE(first);
    invoke(function(kStays), "queued");
    ASSERT_FALSE(secret(1).empty());
    Box<bool> drained;
    std::thread draining([&] { drained.put(invoker_->drain(std::chrono::seconds(30))); });
    EXPECT_TRUE(ended_.take()) << "the process that had no work yet ends";
    invoke(function(kStays), "late");
    EXPECT_EQ(drained.size(), 0U);
    EXPECT_TRUE(invoker_->answer(process, first->request_id, "result"));
    EXPECT_EQ(done_.take()->body, "result");
    EXPECT_TRUE(drained.take().value_or(false));
    draining.join();
    (void)ask(process);  // it leaves: there is no more
    EXPECT_TRUE(ended_.take());
    EXPECT_EQ(next_.size() + done_.size(), 0U);
    EXPECT_EQ(std::ranges::count(folder_.read("address"), '\n'), 2);
}

TEST_F(InvokerTest, DrainingGivesUpWhenItsTimeIsOver) {
    invoke(function(kStays), "long");
    ASSERT_TRUE(ask(secret()) && next_.take());
    EXPECT_FALSE(invoker_->drain(std::chrono::milliseconds(1)));
}

// The writer still works when the invoker has stopped.
TEST_F(InvokerTest, AfterItsEndNothingIsStartedAndNobodyIsKnown) {
    Box<std::function<void(std::optional<std::string>)>> begun;
    Work slow = work(function(kStays), "");
    slow.begin = [&](const std::string&, const auto& proceed) { begun.put(proceed); };
    invoker_->invoke(std::move(slow));
    const std::string process = secret();
    ASSERT_TRUE(ask(process));
    const auto proceed = begun.take();
    ASSERT_TRUE(proceed);
    invoke(function(kStays), "waits");
    invoker_->stop();
    (*proceed)(std::nullopt);
    invoke(function(kStays), "late");
    EXPECT_TRUE(invoker_->drain(std::chrono::seconds(30)));
    EXPECT_FALSE(ask(process));
    EXPECT_FALSE(invoker_->answer(process, "request", "x"));
    EXPECT_FALSE(invoker_->fail_init(process, {}));
}

}  // namespace
}  // namespace holdpoint::engine
