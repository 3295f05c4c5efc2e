#include "approvals/domain/models.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace holdpoint::approvals {

std::string approval_id_of(std::string_view execution_arn) {
    std::string bytes = sha256(execution_arn).substr(0, 16);
    const auto mark = [&](std::size_t at, unsigned kept, unsigned set) {
        bytes[at] = static_cast<char>((static_cast<unsigned char>(bytes[at]) & kept) | set);
    };
    mark(6, 0x0FU, 0x80U);  // version 8
    mark(8, 0x3FU, 0x80U);  // RFC 9562's variant
    const std::string hex = to_hex(bytes);
    const std::string_view text = hex;
    return fmt::format("{}-{}-{}-{}-{}", text.substr(0, 8), text.substr(8, 4), text.substr(12, 4), text.substr(16, 4),
                       text.substr(20));
}

ShownDocument document_of(const ApprovalRequest& approval) {
    return {.name = approval.document_name,
            .link = approval.link,
            .fields = approval.fields.value_or(std::vector<DocumentField>{})};
}

std::string kind_of(const ApprovalRequest& approval) {
    return approval.kind.value_or("document");
}

const Policy& policy_of(const ApprovalRequest& approval) {
    return approval.policy ? approval.policy->policy : default_policy().policy;
}

bool is_amendable(const ApprovalRequest& approval) {
    return approval.amendable.value_or(true);
}

std::int64_t version_of(const ApprovalRequest& approval) {
    return approval.earlier_versions ? std::ssize(*approval.earlier_versions) + 1 : 1;
}

std::string to_string(ApprovalStatus status) {
    return boost::describe::enum_to_string(status, "");
}

std::string to_string(VoteDecision decision) {
    return boost::describe::enum_to_string(decision, "");
}

std::string to_string(Decision decision) {
    return boost::describe::enum_to_string(decision, "");
}

durable::Json public_view(const ApprovalRequest& approval) {
    ApprovalRequest shown = approval;
    shown.callback_token.reset();
    shown.policy.reset();
    shown.votes.reset();
    shown.revision.reset();
    shown.earlier_versions.reset();
    shown.told_stages.reset();
    shown.told_votes.reset();
    const durable::Json whole = durable::to_json(shown);
    durable::Json::Object visible;
    for (const auto& [name, value] : *whole.get_if<durable::Json::Object>()) {
        if (name != "execution_arn" && name != "ttl") visible.emplace_back(name, value);
    }
    return durable::Json(durable::Json::Data(std::move(visible)));
}

}  // namespace holdpoint::approvals
