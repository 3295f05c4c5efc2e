#include "approvals/repository/agreements.hpp"

#include "approvals/domain/agreement.hpp"

namespace holdpoint::approvals {

namespace {

/// A request changes a few times in all, so not again and again within a few reads.
constexpr int kAttempts = 5;

/// What cannot be read agrees with nothing.
Result<std::vector<std::string>> problems_of(const Error& error) {
    if (error.name != kRecordUnreadable) return std::unexpected(error);
    return std::vector<std::string>{error.message};
}

}  // namespace

Result<std::vector<std::string>> check_agreement(Repository& repository, const std::string& approval_id) {
    std::vector<std::string> problems;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto record = repository.find(approval_id);
        if (!record) return problems_of(record.error());
        if (!*record) return std::vector<std::string>{};
        const auto chain = repository.trail(approval_id);
        if (!chain) return problems_of(chain.error());
        problems = disagreements(**record, *chain);
        if (problems.empty()) return problems;
    }
    return problems;
}

}  // namespace holdpoint::approvals
