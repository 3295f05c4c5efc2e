// Deleting an execution that has ended, before its retention is over: when it may go, and that nothing of it stays.
#include "engine/execution_cache.hpp"

#include <gtest/gtest.h>

#include "core/callbacks.hpp"
#include "core/checkpoint.hpp"
#include "core/invokes.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"

namespace holdpoint::engine {
namespace {

const TimePoint kNow = from_epoch_ms(1'790'000'000'000);

class ExecutionCacheTest : public ::testing::Test {
protected:
    std::string start(std::uint64_t number, std::optional<core::ParentOperation> parent = {},
                      std::string input = "{}") {
        core::Head head;
        head.number = number;
        head.id = core::make_execution_id(number, "00000000-0000-4000-8000-000000000000");
        head.name = "e" + std::to_string(number);
        head.function = "f";
        head.version = "1";
        head.arn = core::execution_arn("us-east-1", "000000000000", head.function, head.version, head.name, head.id);
        head.started_at = kNow;
        head.timeout_seconds = 60;
        head.parent = std::move(parent);
        rows_->apply(core::start_writes(head));
        cache_.journal(*rows_, cache_.add(head), core::decide_start(head, std::move(input)));
        return head.arn;
    }
    CachedExecution& at(std::uint64_t number) { return *cache_.find(*rows_, number); }
    void stop(std::uint64_t number) {
        cache_.journal(*rows_, at(number), core::decide_stop(at(number).execution, {}, kNow));
    }
    std::string erase(const std::string& arn) {
        const auto erased = cache_.erase(*rows_, arn, kNow);
        return erased ? ""
                      : erased.error().name + ": " + erased.error().message.substr(error_at(erased.error().message));
    }
    static std::size_t error_at(const std::string& message) {
        const std::size_t colon = message.rfind(": ");
        return colon == std::string::npos ? 0 : colon + 2;
    }

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<store::Transaction> rows_ = store_->begin();
    ExecutionCache cache_;
};

TEST_F(ExecutionCacheTest, WhatHasEndedIsErasedWithoutATrace) {
    const std::string arn = start(1);
    EXPECT_EQ(erase(arn), "ResourceConflictException: it has not ended; stop it first.");
    (void)ExecutionCache::write_place(*rows_, at(1), true, {});
    stop(1);
    EXPECT_EQ(erase(arn), "ResourceConflictException: its last invocation is still under way; try again later.");
    (void)ExecutionCache::write_place(*rows_, at(1), false, retention_end(at(1).execution.head()));
    cache_.end_command();
    EXPECT_EQ(erase(arn), "");
    EXPECT_EQ(erase(arn), "ResourceNotFoundException: Durable Execution does not exist");
    for (const Space space : {Space::executions, Space::executions_by_function, Space::journal, Space::execution_names,
                              Space::timers, Space::running}) {
        EXPECT_TRUE(rows_->scan(space, {}, {}, 1).empty()) << "space " << static_cast<int>(space);
    }
}

// Its journal may have 100 MB, all of which was read, although nothing of it is needed.
TEST_F(ExecutionCacheTest, WhatIsOverIsForgottenWithoutBeingFolded) {
    (void)start(1);
    stop(1);
    const TimePoint end = retention_end(at(1).execution.head());
    (void)ExecutionCache::write_place(*rows_, at(1), true, {});
    cache_.end_command();
    EXPECT_FALSE(cache_.forget(*rows_, 1, end)) << "its last invocation is under way";
    (void)ExecutionCache::write_place(*rows_, at(1), false, end);
    cache_.end_command();
    EXPECT_FALSE(cache_.forget(*rows_, 1, end - Milliseconds(1)));
    rows_->apply({{Space::journal, core::journal_key(1, 0), "cannot be read"}});
    EXPECT_TRUE(cache_.forget(*rows_, 1, end));
    EXPECT_FALSE(cache_.forget(*rows_, 1, end)) << "it is gone";
    for (const Space space : {Space::executions, Space::journal, Space::timers}) {
        EXPECT_TRUE(rows_->scan(space, {}, {}, 1).empty()) << "space " << static_cast<int>(space);
    }
}

// One that waits for a year, and is sent one every ten seconds, would have three million rows.
TEST_F(ExecutionCacheTest, HeartbeatsTakeOneEntryHoweverManyComeInARow) {
    (void)start(1);
    ExecutionCache next_server;
    ExecutionCache* cache = &cache_;
    const auto checkpoint = [&](const std::vector<wire::OperationUpdate>& updates) {
        CachedExecution& entry = *cache->find(*rows_, 1);
        cache->journal(*rows_, entry, *core::decide_checkpoint(entry.execution, updates, kNow, "nonce", {}));
    };
    const auto beat = [&](const std::string& id, int second) {
        CachedExecution& entry = *cache->find(*rows_, 1);
        const std::string callback_id = *entry.execution.find(id)->operation.callback_id;
        const TimePoint now = kNow + std::chrono::seconds(second);
        cache->journal(*rows_, entry, *core::decide_callback_heartbeat(entry.execution, callback_id, now));
    };
    const auto expect_entries = [&](std::size_t entries, int a, int b) {
        EXPECT_EQ(rows_->scan(Space::journal, {}, {}, SIZE_MAX).size(), entries);
        const core::Execution folded = *core::load_execution(*rows_, 1);
        const core::Execution& kept = cache->find(*rows_, 1)->execution;
        for (const core::Execution* execution : {&folded, &kept}) {
            EXPECT_EQ(execution->journal_entries(), entries);
            EXPECT_EQ(execution->find("a")->heartbeat_at, kNow + std::chrono::seconds(a + 10));
            EXPECT_EQ(execution->find("b")->heartbeat_at, kNow + std::chrono::seconds(b + 10));
        }
    };
    wire::OperationUpdate a;
    a.id = "a";
    a.type = wire::OperationType::callback;
    a.action = wire::OperationAction::start;
    a.callback_heartbeat_seconds = 10;
    wire::OperationUpdate b = a;
    b.id = "b";
    checkpoint({a, b});
    for (int second = 1; second < 9; ++second) beat(second % 3 == 0 ? "b" : "a", second);
    expect_entries(3, 8, 6);
    const auto entry = rows_->scan(Space::journal, {}, {}, 1, true).front();
    EXPECT_EQ(core::decode_changes(entry.value).size(), 2U) << "the last one of each callback";
    cache = &next_server;
    beat("b", 9);
    expect_entries(3, 8, 9);
    wire::OperationUpdate step;
    step.id = "s";
    step.action = wire::OperationAction::start;
    checkpoint({step});
    beat("a", 10);
    expect_entries(5, 10, 9);
}

TEST_F(ExecutionCacheTest, WhatRestsIsKeptWhileThereIsRoom) {
    const std::string input(600, 'x');
    for (const std::uint64_t number : {1U, 2U, 3U}) (void)start(number, {}, input);
    at(3).queued = true;
    cache_.end_command();
    EXPECT_EQ(cache_.meters.in_memory, 3U);

    ExecutionCache small(1000);
    EXPECT_NE(small.find(*rows_, 1), nullptr);
    small.end_command();
    EXPECT_NE(small.find(*rows_, 2), nullptr);
    small.end_command();
    EXPECT_EQ(small.meters.in_memory, 1U) << "there is no room for a second one";
    small.find(*rows_, 3)->queued = true;
    small.end_command();
    EXPECT_EQ(small.meters.in_memory, 2U) << "what is in flight is kept all the same";
    small.find(*rows_, 3)->queued = false;
    small.find(*rows_, 3)->waiters.emplace_back([](const Outcome&) {});
    small.end_command();
    EXPECT_EQ(small.meters.in_memory, 2U) << "and what somebody waits for";
    small.find(*rows_, 3)->waiters.clear();
    small.end_command();
    EXPECT_NE(small.find(*rows_, 1), nullptr);
    small.end_command();
    EXPECT_EQ(small.meters.in_memory, 1U) << "the room of what was dropped is free";
}

TEST_F(ExecutionCacheTest, TheRoomOfWhatWasErasedIsFree) {
    ExecutionCache small(1000);
    const std::string arn = start(1, {}, std::string(600, 'x'));
    (void)start(2, {}, std::string(600, 'x'));
    CachedExecution& ended = *small.find(*rows_, 1);
    ended.waiters.emplace_back([](const Outcome&) {});
    small.journal(*rows_, ended, core::decide_stop(ended.execution, {}, kNow));
    small.end_command();
    ASSERT_EQ(small.meters.in_memory, 1U);
    EXPECT_TRUE(small.erase(*rows_, arn, kNow));
    small.end_command();
    ASSERT_NE(small.find(*rows_, 2), nullptr);
    small.end_command();
    EXPECT_EQ(small.meters.in_memory, 1U);
}

// Its caller is told within a second while it has a process; a server that is killed before finds the outcome in the
// row.
TEST_F(ExecutionCacheTest, WhatItsCallerWasNotToldOfStays) {
    (void)start(1);
    wire::OperationUpdate invoke;
    invoke.id = "i";
    invoke.type = wire::OperationType::chained_invoke;
    invoke.action = wire::OperationAction::start;
    invoke.function_name = "f:1";
    cache_.journal(*rows_, at(1), *core::decide_checkpoint(at(1).execution, {invoke}, kNow, "nonce", {}));
    const std::string arn = start(2, core::ParentOperation{.execution = 1, .id = "i"});
    stop(2);
    EXPECT_EQ(erase(arn),
              "ResourceConflictException: the execution that invoked it was not told yet; try again later.");
    ExecutionCache::append(
        *rows_, at(1),
        core::decide_invoke_ended(at(1).execution, "i", core::outcome_of_child(at(2).execution), kNow, {}));
    EXPECT_EQ(erase(arn), "");
    const std::string other = start(3, core::ParentOperation{.execution = 1, .id = "j"});
    stop(3);
    EXPECT_EQ(erase(other), "") << "its caller knows of no such operation";
    invoke.id = "k";
    cache_.journal(*rows_, at(1), *core::decide_checkpoint(at(1).execution, {invoke}, kNow, "nonce", {}));
    const std::string last = start(4, core::ParentOperation{.execution = 1, .id = "k"});
    stop(4);
    stop(1);
    EXPECT_EQ(erase(last), "") << "its caller has ended, too";
}

}  // namespace
}  // namespace holdpoint::engine
