// The invoker over real processes. The test plays the runtime inside them: each script only says which address it was
// given, and stays.
#include "engine/invoker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

namespace holdpoint::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Passed from one thread to another; waits with a deadline.
template <class T>
class Box {
public:
    void put(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    std::optional<T> take() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, 20s, [this] { return !values_.empty(); })) return std::nullopt;
        T value = std::move(values_.front());
        values_.erase(values_.begin());
        return value;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> values_;
};

/// A clock that a test moves while other threads look at it.
class SharedClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return from_epoch_ms(1'800'000'000'000) + monotonic(); }
    [[nodiscard]] Milliseconds monotonic() const override { return Milliseconds(ms_.load()); }
    void advance(Milliseconds by) { ms_ += by.count(); }

private:
    std::atomic<Milliseconds::rep> ms_ = 0;
};

class InvokerTest : public ::testing::Test {
protected:
    InvokerTest() {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        logs_ = store::open_log_store(folder_ + "/logs.db");
        make(InvokerOptions{});
    }
    ~InvokerTest() override {
        invoker_.reset();
        logs_.reset();
        std::filesystem::remove_all(folder_);
    }

    void make(InvokerOptions options) {
        invoker_.reset();
        options.code_folder = folder_;
        options.working_folder = folder_;
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
        const std::string path = folder_ + "/script";
        std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
        ::chmod(path.c_str(), 0700);
        return made;
    }

    void invoke(const functions::Function& of, const std::string& payload) {
        Work work;
        work.function = of;
        work.begin = [payload](const std::string&, const auto& proceed) { proceed(payload); };
        work.done = [this](InvocationResult result) { done_.put(std::move(result)); };
        invoker_->invoke(std::move(work));
    }

    /// The secret of a process, once its script has said it.
    std::string secret() const {
        const std::string path = folder_ + "/address";
        const SystemClock clock;
        const auto deadline = clock.monotonic() + 20s;
        while (clock.monotonic() < deadline) {
            std::ifstream file(path);
            std::string address;
            if (std::getline(file, address) && address.ends_with('.')) {
                address.pop_back();
                return address.substr(address.rfind('/') + 1);
            }
            std::this_thread::yield();
        }
        return {};
    }

    std::vector<std::string> log_lines() const {
        std::vector<std::string> lines;
        for (const auto& event : logs_->events({.group = "/aws/lambda/f"})) lines.push_back(event.message);
        return lines;
    }

    static constexpr const char* kStays = "echo \"$AWS_LAMBDA_RUNTIME_API.\" > address; exec sleep 60";
    std::string folder_ = std::filesystem::temp_directory_path() / ("invoker-" + std::to_string(::getpid()));
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
    ASSERT_TRUE(invoker_->next(process, [this](const NextInvocation& next) { next_.put(next); }));
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
    std::ifstream starts(folder_ + "/starts");
    std::string all((std::istreambuf_iterator<char>(starts)), {});
    EXPECT_EQ(all, "start\n");
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
    invoke(function("echo \"$AWS_LAMBDA_RUNTIME_API.\" > address; while [ ! -e die ]; do sleep 0.01; done; kill -9 $$"),
           "payload");
    const std::string process = secret();
    ASSERT_TRUE(invoker_->next(process, [this](const NextInvocation& next) { next_.put(next); }));
    ASSERT_TRUE(next_.take());
    std::ofstream(folder_ + "/die").put('\n');
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_THAT(*result->error->message, HasSubstr("signal: "));
    EXPECT_FALSE(invoker_->next(process, [](const NextInvocation&) {})) << "a dead process has no secret any more";
}

TEST_F(InvokerTest, WorkThatOverrunsIsKilledAndSaysSo) {
    functions::Function slow = function(kStays);
    slow.timeout_seconds = 900;
    invoke(slow, "payload");
    ASSERT_TRUE(invoker_->next(secret(), [this](const NextInvocation& next) { next_.put(next); }));
    ASSERT_TRUE(next_.take());
    clock_.advance(901s);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Sandbox.Timedout");
    EXPECT_THAT(*result->error->message, HasSubstr("Task timed out after 900.00 seconds"));
}

TEST_F(InvokerTest, AProcessThatNeverAsksForWorkFailsIt) {
    InvokerOptions options;
    options.init_limit = 1s;
    make(options);
    invoke(function("exec sleep 60"), "payload");
    clock_.advance(2s);
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "Sandbox.Timedout");
}

TEST_F(InvokerTest, AnInitErrorIsWhatTheCallerHears) {
    invoke(function("echo \"$AWS_LAMBDA_RUNTIME_API.\" > address; while [ ! -e die ]; do sleep 0.01; done; exit 1"),
           "p");
    ASSERT_TRUE(invoker_->fail_init(
        secret(), {.message = "no table", .type = "ConfigurationError", .data = {}, .stack_trace = {}}));
    std::ofstream(folder_ + "/die").put('\n');
    const auto result = done_.take();
    ASSERT_TRUE(result && result->error);
    EXPECT_EQ(result->error->type, "ConfigurationError");
    EXPECT_EQ(result->error->message, "no table");
}

TEST_F(InvokerTest, AnIdleProcessLeavesWhenItsFunctionIsRetired) {
    invoke(function(kStays), "payload");
    const std::string process = secret();
    ASSERT_TRUE(invoker_->next(process, [this](const NextInvocation& next) { next_.put(next); }));
    const auto next = next_.take();
    ASSERT_TRUE(next);
    invoker_->retire("f");
    ASSERT_TRUE(invoker_->answer(process, next->request_id, "result")) << "what is under way is finished";
    ASSERT_TRUE(done_.take());
    (void)invoker_->next(process, [this](const NextInvocation& more) { next_.put(more); });
    EXPECT_TRUE(ended_.take());
}

TEST_F(InvokerTest, AnIdleProcessLeavesAfterAWhile) {
    InvokerOptions options;
    options.idle_limit = 30s;
    make(options);
    invoke(function(kStays), "payload");
    const std::string process = secret();
    ASSERT_TRUE(invoker_->next(process, [this](const NextInvocation& next) { next_.put(next); }));
    const auto next = next_.take();
    ASSERT_TRUE(next);
    ASSERT_TRUE(invoker_->answer(process, next->request_id, "result"));
    ASSERT_TRUE(done_.take());
    (void)invoker_->next(process, [this](const NextInvocation& more) { next_.put(more); });
    clock_.advance(31s);
    EXPECT_TRUE(ended_.take());
}

}  // namespace
}  // namespace holdpoint::engine
