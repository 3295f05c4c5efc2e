#include "api/deploy/stack_rows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/http_api/routes.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"
#include "functions/schedules.hpp"
#include "identity/roles.hpp"
#include "tables/operations.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

Stack decode(std::string_view text) {
    const json::value value = json::parse(text);
    const json::object& object = value.as_object();
    const auto read = [](const json::value& from, std::string_view name) {
        return std::string(from.at(name).as_string());
    };
    Stack stack;
    stack.name = read(value, "name");
    stack.id = read(value, "id");
    stack.description = read(value, "description");
    stack.template_text = read(value, "template");
    for (const auto& [name, parameter] : object.at("parameters").as_object()) {
        stack.parameters[std::string(name)] = std::string(parameter.as_string());
    }
    if (const json::value* hidden = object.if_contains("hidden")) {  // rows of before have none
        for (const json::value& name : hidden->as_array()) stack.hidden.emplace(name.as_string());
    }
    for (const json::value& output : object.at("outputs").as_array()) {
        stack.outputs.push_back(
            {.key = read(output, "key"), .value = read(output, "value"), .description = read(output, "description")});
    }
    for (const json::value& resource : object.at("resources").as_array()) {
        stack.resources.push_back({.logical_id = read(resource, "logical_id"),
                                   .type = read(resource, "type"),
                                   .physical_id = read(resource, "physical_id"),
                                   .retain = resource.at("retain").as_bool()});
    }
    if (const json::value* subscriptions = object.if_contains("subscriptions")) {  // rows of before have none
        for (const json::value& each : subscriptions->as_array()) {
            stack.subscriptions.push_back({.topic_arn = read(each, "topic_arn"),
                                           .protocol = read(each, "protocol"),
                                           .endpoint = read(each, "endpoint")});
        }
    }
    stack.created_at = from_epoch_ms(object.at("created_at").as_int64());
    if (const json::value* updated = object.if_contains("updated_at")) {
        stack.updated_at = from_epoch_ms(updated->as_int64());
    }
    return stack;
}

}  // namespace

RowWrite put_stack(const Stack& stack) {
    json::object parameters;
    for (const auto& [name, value] : stack.parameters) parameters[name] = value;
    json::array hidden;
    for (const auto& name : stack.hidden) hidden.emplace_back(name);
    json::array outputs;
    for (const auto& output : stack.outputs) {
        outputs.push_back({{"key", output.key}, {"value", output.value}, {"description", output.description}});
    }
    json::array resources;
    for (const auto& resource : stack.resources) {
        resources.push_back({{"logical_id", resource.logical_id},
                             {"type", resource.type},
                             {"physical_id", resource.physical_id},
                             {"retain", resource.retain}});
    }
    json::array subscriptions;
    for (const auto& each : stack.subscriptions) {
        subscriptions.push_back(
            {{"topic_arn", each.topic_arn}, {"protocol", each.protocol}, {"endpoint", each.endpoint}});
    }
    json::object object{{"name", stack.name},
                        {"id", stack.id},
                        {"description", stack.description},
                        {"template", stack.template_text},
                        {"parameters", std::move(parameters)},
                        {"hidden", std::move(hidden)},
                        {"outputs", std::move(outputs)},
                        {"resources", std::move(resources)},
                        {"subscriptions", std::move(subscriptions)},
                        {"created_at", to_epoch_ms(stack.created_at)}};
    if (stack.updated_at) object["updated_at"] = to_epoch_ms(*stack.updated_at);
    return {Space::stacks, stack.name, json::serialize(object)};
}

std::optional<Stack> find_stack(const RowReader& rows, std::string_view name_or_id) {
    std::string_view name = name_or_id;
    if (constexpr std::string_view kMark = ":stack/"; name.find(kMark) != std::string_view::npos) {
        name.remove_prefix(name.find(kMark) + kMark.size());
        name = name.substr(0, name.find('/'));
    }
    const auto row = rows.get(Space::stacks, name);
    if (!row) return std::nullopt;
    Stack stack = decode(*row);
    if (name != name_or_id && stack.id != name_or_id) return std::nullopt;  // an earlier stack of that name
    return stack;
}

std::vector<Stack> list_stacks(const RowReader& rows) {
    std::vector<Stack> stacks;
    for (const Row& row : rows.scan(Space::stacks, {}, {}, SIZE_MAX)) stacks.push_back(decode(row.value));
    return stacks;
}

Result<void> remove_resource(OverlayRows& rows, const StackResource& resource, Removal& removal) {
    if (resource.type == "AWS::Serverless::Function") {
        functions::Reference reference;
        reference.name = resource.physical_id;
        // Deleted by hand before: nothing left to do.
        if (auto writes = functions::delete_function(rows, reference)) rows.write(*writes);
        removal.functions.push_back(resource.physical_id);
        removal.log_groups.push_back("/aws/lambda/" + resource.physical_id);
    } else if (resource.type == kAliasType) {
        const auto reference = functions::read_reference(resource.physical_id);
        if (!reference) return {};
        if (auto writes = functions::delete_alias(rows, reference->name, reference->qualifier)) rows.write(*writes);
        if (auto writes = functions::delete_event_invoke_config(rows, *reference)) rows.write(*writes);
    } else if (resource.type == stacks::kHttpApi) {
        rows.write({erase_http_api(resource.physical_id)});
    } else if (resource.type == kRuleType) {
        rows.write({functions::erase_schedule(resource.physical_id)});
    } else if (resource.type == "AWS::DynamoDB::Table") {
        const auto writes = tables::delete_table_of_stack(rows, resource.physical_id);
        if (!writes) {
            return fail("ValidationError", 400,
                        fmt::format("{}: {}. Nothing was deleted.", resource.logical_id, writes.error().message));
        }
        rows.write(*writes);
    } else if (resource.type == "AWS::SNS::Topic") {
        if (auto writes = topics::delete_topic(rows, resource.physical_id)) rows.write(*writes);
    } else if (resource.type == stacks::kSubscription) {
        if (auto writes = topics::unsubscribe(rows, resource.physical_id)) rows.write(*writes);
    } else if (resource.type == "AWS::IAM::Role") {
        rows.write({identity::erase_role(resource.physical_id)});
    } else if (resource.type == "AWS::Logs::LogGroup") {
        removal.log_groups.push_back(resource.physical_id);
    }
    return {};
}

Result<Removal> remove_stack(const RowReader& rows, const Stack& stack, bool with_retained) {
    Removal removal;
    OverlayRows left(rows);
    for (const StackResource& resource : stack.resources) {
        if (resource.retain && !with_retained) {
            removal.kept.push_back(resource.physical_id);
        } else if (auto ok = remove_resource(left, resource, removal); !ok) {
            return std::unexpected(ok.error());
        }
    }
    left.write({{Space::stacks, stack.name, std::nullopt}});
    removal.writes = left.writes();
    return removal;
}

}  // namespace holdpoint::api
