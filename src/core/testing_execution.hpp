// An execution for tests of what a checkpoint may say: its first invocation is under way.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "core/history.hpp"
#include "core/lifecycle.hpp"

namespace holdpoint::core {

inline const TimePoint kNow = from_epoch_ms(1'800'000'000'000);

class InvokedExecution : public ::testing::Test {
protected:
    InvokedExecution() : execution_(head()) {
        apply(decide_start(execution_.head(), "{}"));
        (void)execution_.begin_invocation("request", kNow);
    }
    static Head head() {
        Head head;
        head.number = 1;
        head.id = "id";
        head.started_at = kNow;
        head.timeout_seconds = 600;
        return head;
    }
    /// What is journaled is all there is after a restart.
    void apply(const std::vector<Change>& changes) {
        journal_.push_back(changes);
        execution_.apply(decode_changes(encode_changes(changes)));
    }

    Execution execution_;
    std::vector<std::vector<Change>> journal_;
};

}  // namespace holdpoint::core
