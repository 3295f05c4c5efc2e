#include "approvals/repository/agreements.hpp"

#include <fmt/format.h>

#include "approvals/domain/agreement.hpp"

namespace holdpoint::approvals {

namespace {

/// A request changes a few times in all, so not again and again within a few reads.
constexpr int kAttempts = 5;

}  // namespace

Result<std::vector<std::string>> check_agreement(Repository& repository, const std::string& approval_id) {
    std::vector<std::string> problems;
    try {
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            const auto record = repository.find(approval_id);
            if (!record) return std::unexpected(record.error());
            if (!*record) return std::vector<std::string>{};
            const auto chain = repository.trail(approval_id);
            if (!chain) return std::unexpected(chain.error());
            problems = disagreements(**record, *chain);
            if (problems.empty()) return problems;
        }
    } catch (const durable::SerdesError& error) {
        problems = {fmt::format("{}: its record or its chain cannot be read ({})", approval_id, error.what())};
    }
    return problems;
}

}  // namespace holdpoint::approvals
