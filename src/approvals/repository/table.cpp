#include "approvals/repository/table.hpp"

#include "approvals/repository/items.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

json::object Table::put_request(const durable::Json& item, const Condition& condition) const {
    json::object request{{"TableName", name_}, {"Item", item_of(item)}, {"ConditionExpression", condition.expression}};
    if (!condition.values.empty()) request["ExpressionAttributeValues"] = item_of(durable::Json(condition.values));
    json::object names;
    for (const auto& [name, attribute] : condition.names) names[name] = *attribute.get_if<std::string>();
    if (!names.empty()) request["ExpressionAttributeNames"] = std::move(names);
    return request;
}

Result<bool> Table::put(const durable::Json& item, const Condition& condition) {
    const auto written = client_.json("dynamodb", "DynamoDB_20120810.PutItem", put_request(item, condition));
    if (written) return true;
    if (written.error().name == "ConditionalCheckFailedException") return false;
    return std::unexpected(written.error());
}

Result<std::optional<durable::Json>> Table::find(const durable::Json& key) {
    const auto answer = client_.json("dynamodb", "DynamoDB_20120810.GetItem",
                                     {{"TableName", name_}, {"Key", item_of(key)}, {"ConsistentRead", true}});
    if (!answer) return std::unexpected(answer.error());
    const json::value* item = answer->if_contains("Item");
    if (item == nullptr) return std::nullopt;
    return document_of(item->as_object());
}

}  // namespace holdpoint::approvals
