// Limits: whoever has to approve an amount has to approve every larger one, too.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "approvals/use_cases/expense_approval/expense.hpp"

namespace holdpoint::approvals {
namespace {

std::int64_t cents_up_to(std::int64_t max) {
    return *rc::gen::inRange<std::int64_t>(0, max + 1);
}

TEST(ExpenseProperties, MoreMoneyNeverNeedsFewerPeople) {
    EXPECT_TRUE(rc::check([] {
        ExpenseRules rules;
        rules.finance_limit = cents_up_to(kCentsMax);
        rules.manager_limit = cents_up_to(rules.finance_limit);
        const std::int64_t more = cents_up_to(kCentsMax);
        const std::int64_t less = cents_up_to(more);
        const auto stages_of_less = expense_policy(less, rules).stages;
        const auto stages_of_more = expense_policy(more, rules).stages;
        RC_ASSERT(!stages_of_less.empty());
        RC_ASSERT(stages_of_less.size() <= stages_of_more.size());
        RC_ASSERT(std::equal(stages_of_less.begin(), stages_of_less.end(), stages_of_more.begin()));
        RC_ASSERT((stages_of_more.size() > 1) == (more > rules.manager_limit));
        RC_ASSERT((stages_of_more.size() > 2) == (more > rules.finance_limit));
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
