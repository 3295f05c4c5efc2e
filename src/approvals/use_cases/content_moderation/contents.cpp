#include "approvals/use_cases/content_moderation/contents.hpp"

namespace holdpoint::approvals {

using durable::Json;

Result<bool> Contents::hold(const ContentRecord& record) {
    const auto put = table_.put(durable::to_json(record),
                                {.expression = "attribute_not_exists(content_id) OR review_started_at < :started",
                                 .values = {{":started", Json(record.review_started_at)}}});
    if (!put || *put) return put;
    const auto known = find(record.content_id);
    if (!known) return std::unexpected(known.error());
    return *known && (*known)->approval_id == record.approval_id;
}

Result<bool> Contents::settle(const ContentRecord& record) {
    const auto put =
        table_.put(durable::to_json(record),
                   {.expression = "approval_id = :review AND #state = :held",
                    .values = {{":review", Json(record.approval_id)}, {":held", durable::to_json(ContentState::held)}},
                    .names = {{"#state", Json(std::string("state"))}}});
    if (!put || *put) return put;
    const auto known = find(record.content_id);
    if (!known) return std::unexpected(known.error());
    return *known == record;
}

Result<std::optional<ContentRecord>> Contents::find(const std::string& content_id) {
    return table_.find_as<ContentRecord>(Json(Json::Object{{"content_id", Json(content_id)}}));
}

}  // namespace holdpoint::approvals
