// Actions on tables.
#include "api/dynamodb/actions.hpp"

namespace holdpoint::api::dynamodb {
namespace {

std::string text(const json::object& holder, std::string_view name) {
    const auto* found = holder.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// On what ResourceArn names, whatever that is.
Accesses on_resource(std::string action) {
    return [action = "dynamodb:" + std::move(action)](const json::object& request, const tables::Location&) {
        return std::vector<Access>{{.action = action, .resource = text(request, "ResourceArn")}};
    };
}

Action tagging(std::string name, Result<tables::Change> (*operation)(const RowReader&, const json::object&)) {
    return {.accesses = on_resource(std::move(name)),
            .read = {},
            .write = [operation](const RowReader& rows, const json::object& request, const Situation&) {
                return operation(rows, request);
            }};
}

}  // namespace

std::string resource_of(const json::object& holder, const tables::Location& location) {
    return tables::table_arn(location, tables::table_name_of(text(holder, "TableName")));
}

Accesses on_table(std::string action) {
    return [action = "dynamodb:" + std::move(action)](const json::object& request, const tables::Location& location) {
        return std::vector<Access>{{.action = action, .resource = resource_of(request, location), .items = &request}};
    };
}

Accesses on_table_or_index(std::string action) {
    return [action = "dynamodb:" + std::move(action)](const json::object& request, const tables::Location& location) {
        auto resource = resource_of(request, location);
        if (const auto index = text(request, "IndexName"); !index.empty()) resource += "/index/" + index;
        return std::vector<Access>{{.action = action, .resource = std::move(resource), .items = &request}};
    };
}

void add_table_actions(Actions& actions) {
    actions["TagResource"] = tagging("TagResource", tables::tag_resource);
    actions["UntagResource"] = tagging("UntagResource", tables::untag_resource);
    actions["ListTagsOfResource"] = {
        .accesses = on_resource("ListTagsOfResource"), .read = tables::list_tags_of_resource, .write = {}};
    actions["DescribeLimits"] = {
        .accesses =
            [](const json::object&, const tables::Location&) {
                return std::vector<Access>{{.action = "dynamodb:DescribeLimits", .resource = "*"}};
            },
        .read = tables::describe_limits,
        .write = {}};
    actions["CreateTable"] = {.accesses = on_table("CreateTable"),
                              .read = {},
                              .write = [](const RowReader& rows, const json::object& request, const Situation& in) {
                                  return tables::create_table(rows, request, in.location, in.now, in.table_id);
                              }};
    actions["DeleteTable"] = {.accesses = on_table("DeleteTable"),
                              .read = {},
                              .write = [](const RowReader& rows, const json::object& request, const Situation&) {
                                  return tables::delete_table(rows, request);
                              }};
    actions["UpdateTable"] = {.accesses = on_table("UpdateTable"),
                              .read = {},
                              .write = [](const RowReader& rows, const json::object& request, const Situation&) {
                                  return tables::update_table(rows, request);
                              }};
    actions["DescribeTable"] = {.accesses = on_table("DescribeTable"), .read = tables::describe_table, .write = {}};
    actions["ListTables"] = {.accesses =
                                 [](const json::object&, const tables::Location& location) {
                                     return std::vector<Access>{{.action = "dynamodb:ListTables",
                                                                 .resource = tables::table_arn(location, "*")}};
                                 },
                             .read = tables::list_tables,
                             .write = {}};
    actions["UpdateTimeToLive"] = {.accesses = on_table("UpdateTimeToLive"),
                                   .read = {},
                                   .write = [](const RowReader& rows, const json::object& request, const Situation&) {
                                       return tables::update_time_to_live(rows, request);
                                   }};
    actions["DescribeTimeToLive"] = {
        .accesses = on_table("DescribeTimeToLive"), .read = tables::describe_time_to_live, .write = {}};
}

}  // namespace holdpoint::api::dynamodb
