// Chains held against statements one after the other say what comes of comparing all of them at once.
#include "approvals/domain/trail_check.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <ranges>
#include <set>
#include <sstream>
#include <tuple>

#include "approvals/domain/chain_walk.hpp"
#include "approvals/domain/testing_trails.hpp"

namespace holdpoint::approvals {
namespace {

using testing::make_head;
using testing::WholeStatement;
using Problems = std::vector<std::string>;

/// What was written, statements of it, and what is there now.
struct History {
    Trails now;
    std::vector<WholeStatement> statements;
};

Trails any_tampering(Trails trails) {
    const auto id = *rc::gen::element<std::string>("a", "b", "c", "d");
    const auto chain = trails.find(id);
    if (chain == trails.end()) return trails;
    auto& records = chain->second;
    const auto at = *rc::gen::inRange<std::size_t>(0, records.size());
    switch (*rc::gen::inRange(0, 4)) {
        case 0:
            trails.erase(chain);
            break;
        case 1:
            records.pop_back();
            break;
        case 2:
            records[at].hash = std::string(64, 'f');
            break;
        default:
            records.erase(records.begin() + static_cast<std::ptrdiff_t>(at));
            break;
    }
    std::erase_if(trails, [](const auto& one) { return one.second.empty(); });
    return trails;
}

History any_history() {
    History history;
    const int steps = *rc::gen::inRange(1, 14);
    for (int i = 0; i < steps; ++i) {
        const auto id = *rc::gen::element<std::string>("a", "b", "c", "d");
        testing::add_record(history.now, id, "fine");
        if (*rc::gen::inRange(0, 4) == 0) history.now = any_tampering(std::move(history.now));
        if (*rc::gen::inRange(0, 3) != 0) continue;
        const HeadStatement* previous = history.statements.empty() ? nullptr : &history.statements.back();
        history.statements.push_back(
            make_head(testing::heads_of(history.now), previous, testing::kNow, testing::keys()));
    }
    if (!history.statements.empty() && *rc::gen::arbitrary<bool>()) {
        auto& statement =
            *(history.statements.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(history.statements)));
        if (*rc::gen::arbitrary<bool>()) statement.at = "2020-01-01T00:00:00.000Z";
        if (*rc::gen::arbitrary<bool>() && !statement.chains.empty()) statement.chains.pop_back();
        if (*rc::gen::arbitrary<bool>()) statement.key_id = "dropped";
    }
    return history;
}

/// All at once, and what a statement repeats of those before it not again.
Problems at_once(const History& history) {
    Problems problems;
    std::set<std::tuple<std::string, std::int64_t, std::string>> compared;
    const KeyRing keys = testing::keys();
    std::int64_t vouching = 0;
    for (const WholeStatement& statement : history.statements) {
        if (keys.has(statement.key_id)) vouching = statement.number;
    }
    const WholeStatement* previous = nullptr;
    for (const WholeStatement& statement : history.statements) {
        const auto more = [&](const Problems& found) { problems.insert(problems.end(), found.begin(), found.end()); };
        more(testing::verify_head(statement, previous, keys, statement.number < vouching));
        WholeStatement rest = statement;
        std::erase_if(rest.chains, [&](const ChainHead& chain) {
            return !compared.emplace(chain.approval_id, chain.seq, chain.hash).second;
        });
        more(testing::compare(rest, history.now));
        previous = &statement;
    }
    return problems;
}

RC_GTEST_PROP(TrailCheckProperty, SaysWhatComesOfComparingAllAtOnce, ()) {
    const History history = any_history();
    // Everything waits in files; or nothing.
    TrailCheck check(testing::memory, *rc::gen::element<std::size_t>(1, Sorter::kBufferBytes));
    for (const WholeStatement& statement : history.statements) {
        const auto each = [&](const TakeEnd& take) -> Result<void> {
            testing::each_of(statement.chains)(take);
            return {};
        };
        RC_ASSERT(check.add(statement, each).has_value());
    }
    for (const auto& [approval_id, chain] : std::views::reverse(history.now)) check.add(chain);
    RC_ASSERT(check.compare().empty());
    const KeyRing keys = testing::keys();
    RC_ASSERT(check.verify_statements(keys) == at_once(history));
    RC_ASSERT(check.sealed(keys).statements == std::ssize(history.statements));
    auto by_themselves = check.found().problems;
    auto expected = verify_trails(history.now);
    std::ranges::sort(by_themselves);
    std::ranges::sort(expected);
    RC_ASSERT(by_themselves == expected);
    RC_ASSERT(check.found().approvals == std::ssize(history.now));
}

RC_GTEST_PROP(TrailCheckProperty, AWalkSaysTheSameOfTheNewestStatement, ()) {
    const History history = any_history();
    ChainWalk walk(testing::memory, *rc::gen::element<std::size_t>(1, Sorter::kBufferBytes));
    Problems expected;
    for (const auto& [approval_id, chain] : std::views::reverse(history.now)) {
        const auto found = verify_trails({{approval_id, chain}});
        expected.insert(expected.end(), found.begin(), found.end());
    }
    if (!history.statements.empty()) {
        const WholeStatement& last = history.statements.back();
        walk.expect(last);
        for (const ChainHead& end : last.chains) walk.expect(end);
        const auto found = testing::compare(last, history.now);
        expected.insert(expected.end(), found.begin(), found.end());
    }
    for (const auto& [approval_id, chain] : std::views::reverse(history.now)) walk.take(chain);
    RC_ASSERT(walk.problems() == expected);
    for (int i = 0; i < 2; ++i) {
        std::vector<ChainHead> ends;
        walk.each_end([&](const ChainHead& end) { ends.push_back(end); });
        RC_ASSERT(ends == testing::heads_of(history.now));
    }
}

}  // namespace
}  // namespace holdpoint::approvals
