// Use cases in the world of world.hpp: each with its own table beside those of the approvals.
#pragma once

#include "approvals/use_cases/content_moderation/content_moderation.hpp"
#include "approvals/use_cases/document_approval/document_approval.hpp"
#include "approvals/use_cases/expense_approval/expense_approval.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {

/// Everything that the use cases need besides a world, and their tables, which are made on the way.
class UseCases final {
public:
    UseCases(Tables& tables, const Clock& clock, Random& random);

    // Each takes the place of the world's own workflow.
    void expenses(World& world);
    void documents(World& world);
    void moderation(World& world);

    /// How many items a table has.
    [[nodiscard]] std::int64_t count(std::string_view table);

    ExpenseRules expense_rules;
    DocumentRules document_rules;
    ModerationRules moderation_rules;

private:
    aws::Client client_;

public:
    Ledger ledger;
    Documents document_table;
    Contents contents;
};

}  // namespace holdpoint::approvals::testing
