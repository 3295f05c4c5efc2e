#include "approvals/use_cases/document_approval/documents.hpp"

#include "approvals/domain/models.hpp"

namespace holdpoint::approvals {

using durable::Json;

Result<bool> Documents::mark(const DocumentRecord& record) {
    const auto put = table_.put(durable::to_json(record),
                                {.expression = "attribute_not_exists(document_id) OR decision <> :approved",
                                 .values = {{":approved", Json(to_string(Decision::approved))}}});
    if (!put || *put) return put;
    const auto marked = find(record.document_id, record.version);
    if (!marked) return std::unexpected(marked.error());
    return *marked == record;
}

Result<std::optional<DocumentRecord>> Documents::find(const std::string& document_id, std::int64_t version) {
    return table_.find_as<DocumentRecord>(
        Json(Json::Object{{"document_id", Json(document_id)}, {"version", Json(version)}}));
}

}  // namespace holdpoint::approvals
