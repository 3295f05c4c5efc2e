// Schedules: what is due when, also after a long pause.
#include "approvals/domain/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const TimePoint kStart = from_epoch_ms(0);
const TimePoint kDeadline = kStart + 100s;

Action remind(TimePoint at) {
    return {.kind = ActionKind::remind, .at = at, .expires_at = {}, .outcome = ApprovalStatus::pending};
}
Action escalate(TimePoint at, TimePoint expires_at) {
    return {.kind = ActionKind::escalate, .at = at, .expires_at = expires_at, .outcome = ApprovalStatus::pending};
}
Action expire(TimePoint at, ApprovalStatus outcome = ApprovalStatus::timeout) {
    return {.kind = ActionKind::expire, .at = at, .expires_at = {}, .outcome = outcome};
}

Policy policy_of(std::vector<std::int64_t> reminders) {
    Policy policy = default_policy().policy;
    policy.reminders_before_seconds = std::move(reminders);
    return policy;
}

Policy escalating(std::optional<std::int64_t> after, std::int64_t extend, TimeoutRule on_timeout) {
    Policy policy = policy_of({10});
    policy.escalation =
        Escalation{.after_seconds = after, .to = {.people = {"boss@x"}, .groups = {}}, .extend_seconds = extend};
    policy.on_timeout = on_timeout;
    return policy;
}

Due due(const Policy& policy, const Done& done, TimePoint now, TimePoint deadline = kDeadline) {
    return next_due(policy, kStart, deadline, done, now);
}

TEST(Schedule, WithoutRemindersThereIsTheDeadline) {
    EXPECT_THAT(plan(policy_of({}), kStart, kDeadline, {}), ElementsAre(expire(kDeadline)));
    EXPECT_EQ(due(policy_of({}), {}, kDeadline - 1ms), (Due{.action = {}, .next = kDeadline}));
    EXPECT_EQ(due(policy_of({}), {}, kDeadline), (Due{.action = expire(kDeadline), .next = {}}));
    Policy reject = policy_of({});
    reject.on_timeout = TimeoutRule::reject;
    EXPECT_EQ(due(reject, {}, kDeadline).action, expire(kDeadline, ApprovalStatus::rejected));
}

TEST(Schedule, RemindersCountBackFromTheDeadline) {
    const Policy policy = policy_of({10, 60, 100, 500});  // the last two would be before anybody knew of it
    EXPECT_THAT(plan(policy, kStart, kDeadline, {}),
                ElementsAre(remind(kStart + 40s), remind(kStart + 90s), expire(kDeadline)));
    EXPECT_EQ(due(policy, {}, kStart + 41s).action, remind(kStart + 40s));
    EXPECT_EQ(due(policy, {.reminded_at = kStart + 41s}, kStart + 41s), (Due{.action = {}, .next = kStart + 90s}));
}

TEST(Schedule, AfterAPauseOneReminderIsSentForAll) {
    const Policy policy = policy_of({10, 20, 30, 40, 50});
    const TimePoint now = kStart + 95s;
    EXPECT_EQ(due(policy, {}, now).action, remind(kStart + 90s));
    EXPECT_EQ(due(policy, {.reminded_at = now}, now), (Due{.action = {}, .next = kDeadline}));
    EXPECT_EQ(due(policy, {}, kDeadline).action, expire(kDeadline)) << "none after the deadline";
}

TEST(Schedule, WhatEscalatesRemindsNobodyOfTheTimeBefore) {
    Policy policy = escalating(50, 30, TimeoutRule::timeout);
    policy.reminders_before_seconds = {80, 79, 120};  // of the new deadline
    EXPECT_THAT(plan(policy, kStart, kDeadline, {}),
                ElementsAre(remind(kStart + 20s), remind(kStart + 21s), escalate(kStart + 50s, kStart + 130s),
                            remind(kStart + 51s), expire(kStart + 130s)));
}

TEST(Schedule, EscalationMovesTheDeadlineAndItsReminders) {
    const Policy policy = escalating(50, 20, TimeoutRule::timeout);
    EXPECT_THAT(plan(policy, kStart, kDeadline, {}),
                ElementsAre(escalate(kStart + 50s, kStart + 120s), remind(kStart + 110s), expire(kStart + 120s)));
    EXPECT_EQ(due(policy, {}, kStart + 50s).action, escalate(kStart + 50s, kStart + 120s));
    const Done done{.reminded_at = kStart + 50s, .escalated = true};
    EXPECT_EQ(due(policy, done, kStart + 50s, kStart + 120s), (Due{.action = {}, .next = kStart + 110s}));
}

TEST(Schedule, EscalationAtTheDeadlineExtendsOnce) {
    const Policy policy = escalating(std::nullopt, 30, TimeoutRule::escalate);
    EXPECT_EQ(due(policy, {}, kDeadline).action, escalate(kDeadline, kDeadline + 30s));
    const Done done{.reminded_at = kDeadline, .escalated = true};
    EXPECT_EQ(due(policy, done, kDeadline, kDeadline + 30s).next, kDeadline + 20s);
    EXPECT_EQ(due(policy, done, kDeadline + 30s, kDeadline + 30s).action, expire(kDeadline + 30s));
}

TEST(Schedule, WhoIsAskedLateGetsAllOfTheTime) {
    const Policy policy = escalating(50, 20, TimeoutRule::timeout);
    const TimePoint late = kStart + 500s;
    EXPECT_EQ(due(policy, {}, late).action, escalate(kStart + 50s, late + 20s));
}

/// Does what is due at each of these times; what was done, in order.
std::vector<ActionKind> live(const Policy& policy, const std::vector<int>& visits) {
    std::vector<ActionKind> did;
    Done done;
    TimePoint deadline = kDeadline;
    TimePoint now = kStart;
    for (const int pause : visits) {
        now += std::chrono::seconds(pause);
        while (const auto action = next_due(policy, kStart, deadline, done, now).action) {
            did.push_back(action->kind);
            if (action->kind == ActionKind::expire) return did;
            done.reminded_at = now;
            if (action->kind != ActionKind::escalate) continue;
            done.escalated = true;
            RC_ASSERT(*action->expires_at >= deadline);
            deadline = *action->expires_at;
        }
    }
    return did;
}

TEST(Schedule, EndsOnceEscalatesAtMostOnceAndNeverRemindsTwiceAtATime) {
    EXPECT_TRUE(rc::check([] {
        Policy policy =
            policy_of(*rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 130)));
        if (*rc::gen::arbitrary<bool>()) {
            const auto reminders = policy.reminders_before_seconds;
            policy = escalating(*rc::gen::inRange<std::int64_t>(1, 150), *rc::gen::inRange<std::int64_t>(1, 50),
                                *rc::gen::element(TimeoutRule::timeout, TimeoutRule::reject, TimeoutRule::escalate));
            policy.reminders_before_seconds = reminders;
        }
        auto visits = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 80));
        const auto reminders = [&](const std::vector<ActionKind>& did) {
            return static_cast<std::size_t>(std::count(did.begin(), did.end(), ActionKind::remind));
        };
        const auto so_far = live(policy, visits);
        RC_ASSERT(reminders(so_far) <= visits.size());
        RC_ASSERT(std::count(so_far.begin(), so_far.end(), ActionKind::escalate) <= 1);
        visits.insert(visits.end(), {10'000, 10'000});
        const auto did = live(policy, visits);
        RC_ASSERT(did.back() == ActionKind::expire);
        RC_ASSERT(std::count(did.begin(), did.end(), ActionKind::expire) == 1);
        RC_ASSERT(std::count(did.begin(), did.end(), ActionKind::escalate) ==
                  (policy.on_timeout == TimeoutRule::escalate
                       ? 1
                       : std::count(did.begin(), did.end(), ActionKind::escalate)));
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
