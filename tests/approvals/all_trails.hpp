// All trails: what the audit table has, at once, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "approvals/repository/audit_store.hpp"

namespace holdpoint::approvals::testing {

struct AllTrails {
    Trails trails;
    std::vector<std::string> problems;  // of items
};

inline AllTrails all_trails(AuditStore& store) {
    AllTrails all;
    all.problems = store
                       .each_chain([&](std::vector<AuditRecord> chain) {
                           std::string approval_id = chain.front().approval_id;
                           all.trails.emplace(std::move(approval_id), std::move(chain));
                       })
                       .value();
    return all;
}

}  // namespace holdpoint::approvals::testing
