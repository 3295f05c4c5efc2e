// Batches and transactions: several items, each table or item with a permission of its own.
#include "api/dynamodb/actions.hpp"

namespace holdpoint::api::dynamodb {
namespace {

/// `action` on every table of RequestItems.
Accesses on_request_items(std::string action) {
    return [action = "dynamodb:" + std::move(action)](const json::object& request, const tables::Location& location) {
        std::vector<Access> accesses;
        const auto* items = request.if_contains("RequestItems");
        if (items == nullptr || !items->is_object()) return accesses;
        for (const auto& member : items->get_object()) {
            accesses.push_back({.action = action,
                                .resource = tables::table_arn(location, tables::table_name_of(member.key())),
                                .items = &member.value()});
        }
        return accesses;
    };
}

/// A transaction needs what its items would need alone. What is malformed needs nothing: the operation refuses it
/// before it reads or writes.
std::vector<Access> of_transaction(const json::object& request, const tables::Location& location) {
    constexpr std::pair<const char*, const char*> kActions[] = {{"ConditionCheck", "dynamodb:ConditionCheckItem"},
                                                                {"Put", "dynamodb:PutItem"},
                                                                {"Update", "dynamodb:UpdateItem"},
                                                                {"Delete", "dynamodb:DeleteItem"},
                                                                {"Get", "dynamodb:GetItem"}};
    std::vector<Access> accesses;
    const auto* items = request.if_contains("TransactItems");
    if (items == nullptr || !items->is_array()) return accesses;
    for (const auto& item : items->get_array()) {
        if (!item.is_object()) continue;
        for (const auto& [member, action] : kActions) {
            const auto* found = item.get_object().if_contains(member);
            if (found != nullptr && found->is_object())
                accesses.push_back({.action = action,
                                    .resource = resource_of(found->get_object(), location),
                                    .items = &found->get_object()});
        }
    }
    return accesses;
}

}  // namespace

void add_batch_actions(Actions& actions) {
    actions["BatchGetItem"] = {
        .accesses = on_request_items("BatchGetItem"), .read = tables::batch_get_item, .write = {}};
    actions["BatchWriteItem"] = {.accesses = on_request_items("BatchWriteItem"),
                                 .read = {},
                                 .write = [](const RowReader& rows, const json::object& request, const Situation&) {
                                     return tables::batch_write_item(rows, request);
                                 }};
    actions["TransactGetItems"] = {.accesses = of_transaction, .read = tables::transact_get_items, .write = {}};
    actions["TransactWriteItems"] = {
        .accesses = of_transaction,
        .read = {},
        .write = [](const RowReader& rows, const json::object& request, const Situation& situation) {
            return tables::transact_write_items(rows, request, situation.now);
        }};
}

}  // namespace holdpoint::api::dynamodb
