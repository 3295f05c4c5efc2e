// Actions: what each DynamoDB action may touch, and which operation of the tables room does it.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tables/operations.hpp"

namespace holdpoint::api::dynamodb {

namespace json = boost::json;

/// A permission that the caller needs.
struct Access {
    std::string action;    // dynamodb:PutItem
    std::string resource;  // ARN
    /// The part of the request that says which items: a request or a part of one with Key, Item or
    /// KeyConditionExpression, or a table's member of RequestItems. Lives as long as the request.
    std::variant<std::monostate, const json::object*, const json::value*> items = {};
};

/// dynamodb:LeadingKeys: the partition keys of the items that `access` is about; none for what names no item (Scan). An
/// empty text, which is no key, for one that cannot be found.
[[nodiscard]] std::vector<std::string> leading_keys(const RowReader& rows, const Access& access);

/// What a deciding action needs besides the rows and the request.
struct Situation {
    tables::Location location;
    TimePoint now;
    std::string table_id;  // a UUID for a table that is created
};

using Accesses = std::function<std::vector<Access>(const json::object& request, const tables::Location& location)>;
using Read = std::function<Result<json::object>(const RowReader& rows, const json::object& request)>;
using Write = std::function<Result<tables::Change>(const RowReader& rows, const json::object& request,
                                                   const Situation& situation)>;

struct Action {
    Accesses accesses;
    Read read;  // one of the two
    Write write;
};
using Actions = std::map<std::string, Action, std::less<>>;

// One function for each file.
void add_table_actions(Actions& actions);
void add_item_actions(Actions& actions);
void add_batch_actions(Actions& actions);

/// `action` on the table that TableName tells, wherever the table is claimed to be: this server has no other.
[[nodiscard]] Accesses on_table(std::string action);
/// The same, or on its index in IndexName: what Query and Scan read. No other action looks at IndexName.
[[nodiscard]] Accesses on_table_or_index(std::string action);
/// The ARN of the table in `holder`'s TableName.
[[nodiscard]] std::string resource_of(const json::object& holder, const tables::Location& location);

}  // namespace holdpoint::api::dynamodb
