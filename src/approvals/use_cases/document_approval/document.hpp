// Document: one version of a contract, policy, design or budget, and who has to approve it. Functions over values.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "approvals/use_cases/amount.hpp"
#include "approvals/use_cases/request.hpp"
#include "approvals/use_cases/settings.hpp"

namespace holdpoint::approvals {

enum class DocumentKind { contract, policy, design, budget };
BOOST_DESCRIBE_ENUM(DocumentKind, contract, policy, design, budget)

struct DocumentRules {
    std::string currency;           // of budgets
    std::int64_t budget_limit = 0;  // cents: above it a director has to approve, too
    Approvers legal;
    Approvers finance;
    Approvers designers;
    Approvers directors;
};

/// CURRENCY, BUDGET_LIMIT, LEGAL, FINANCE, DESIGNERS, DIRECTORS. ConfigurationError naming the variable.
[[nodiscard]] Result<DocumentRules> document_rules(Settings settings);

struct Document {
    std::string document_id;
    std::string document_name;
    DocumentKind kind = DocumentKind::contract;
    std::int64_t version = 1;
    std::string digest;  // of the bytes of this version: SHA-256, in hex
    std::string requester;
    std::optional<std::string> summary;
    std::optional<std::string> link;  // where it is: http or https
    std::optional<Money> money;       // of a budget, and of nothing else
    std::optional<std::int64_t> timeout_seconds;
};

/// The event of the function. InvalidEvent, with the member's path.
[[nodiscard]] Result<Document> read_document(const durable::Json& event, const std::string& currency,
                                             std::int64_t timeout_max);

[[nodiscard]] Policy document_policy(const Document& document, const DocumentRules& rules);
/// What approvers are asked.
[[nodiscard]] Request make_request(const Document& document, const DocumentRules& rules);

}  // namespace holdpoint::approvals
