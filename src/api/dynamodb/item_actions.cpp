// Actions on one item, Query and Scan.
#include "api/dynamodb/actions.hpp"

namespace holdpoint::api::dynamodb {
namespace {

using Operation = Result<tables::Change> (*)(const RowReader&, const json::object&);

Action writing(std::string name, Operation operation) {
    return {.accesses = on_table(std::move(name)),
            .read = {},
            .write = [operation](const RowReader& rows, const json::object& request, const Situation&) {
                return operation(rows, request);
            }};
}

}  // namespace

void add_item_actions(Actions& actions) {
    actions["PutItem"] = writing("PutItem", tables::put_item);
    actions["UpdateItem"] = writing("UpdateItem", tables::update_item);
    actions["DeleteItem"] = writing("DeleteItem", tables::delete_item);
    actions["GetItem"] = {.accesses = on_table("GetItem"), .read = tables::get_item, .write = {}};
    actions["Query"] = {.accesses = on_table_or_index("Query"), .read = tables::query, .write = {}};
    actions["Scan"] = {.accesses = on_table_or_index("Scan"), .read = tables::scan, .write = {}};
}

}  // namespace holdpoint::api::dynamodb
