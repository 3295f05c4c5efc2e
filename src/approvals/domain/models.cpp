#include "approvals/domain/models.hpp"

namespace holdpoint::approvals {

std::string to_string(ApprovalStatus status) {
    return boost::describe::enum_to_string(status, "");
}

std::string to_string(Decision decision) {
    return boost::describe::enum_to_string(decision, "");
}

durable::Json public_view(const ApprovalRequest& approval) {
    ApprovalRequest shown = approval;
    shown.callback_token.reset();
    const durable::Json whole = durable::to_json(shown);
    durable::Json::Object visible;
    for (const auto& [name, value] : *whole.get_if<durable::Json::Object>()) {
        if (name != "execution_arn" && name != "ttl") visible.emplace_back(name, value);
    }
    return durable::Json(durable::Json::Data(std::move(visible)));
}

}  // namespace holdpoint::approvals
