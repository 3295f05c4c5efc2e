#include "approvals/repository/stack_check.hpp"

#include <algorithm>
#include <utility>

#include "approvals/domain/trail_check.hpp"
#include "approvals/repository/agreements.hpp"

namespace holdpoint::approvals {

namespace {

void add(std::vector<std::string>& all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

/// In this order: the statements and records must not be newer than what they are held against.
Result<void> read(const CheckedStack& stack, const std::vector<HeadStatement>& statements, TrailCheck& check) {
    for (const HeadStatement& statement : statements) {
        const auto taken =
            check.add(statement, [&](const TakeEnd& take) { return stack.store.each_chain_of(statement, take); });
        if (!taken) return taken;
    }
    const auto of_items = stack.store.each_chain([&](std::vector<AuditRecord> chain) { check.add(std::move(chain)); });
    if (!of_items) return std::unexpected(of_items.error());
    add(check.found().problems, *of_items);
    return stack.store.each_record(stack.approvals_table,
                                   [&](const std::string& approval_id, std::optional<ApprovalRequest> record) {
                                       check.add(approval_id, std::move(record));
                                   });
}

}  // namespace

Result<Verification> verify_stack(const CheckedStack& stack, const std::string& sealed, const Scratch& scratch,
                                  std::size_t buffer_bytes) {
    const auto statements = stack.store.statements();
    if (!statements) return std::unexpected(statements.error());
    TrailCheck check(scratch, buffer_bytes);
    const auto done = read(stack, *statements, check);
    if (!done) return std::unexpected(done.error());
    const std::vector<std::string> unlike = check.compare();
    Verification found = std::move(check.found());
    for (const std::string& approval_id : unlike) {
        const auto problems = check_agreement(stack.repository, approval_id);
        if (!problems) return std::unexpected(problems.error());
        add(found.problems, *problems);
    }
    const bool is_there = std::ranges::any_of(*statements, [&](const auto& each) { return each.hash == sealed; });
    if (!sealed.empty() && !is_there) found.problems.push_back("the statement with the hash " + sealed + " is gone");
    if (statements->empty()) return found;
    const auto keys = stack.keys.current();
    if (!keys) return std::unexpected(keys.error());
    add(found.problems, check.verify_statements(*keys));
    found.sealed = check.sealed(*keys);
    return found;
}

}  // namespace holdpoint::approvals
