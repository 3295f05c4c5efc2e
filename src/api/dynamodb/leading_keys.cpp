// The condition key dynamodb:LeadingKeys: which partitions a request is about. (DynamoDB, Using IAM policy conditions)
#include <algorithm>

#include "api/dynamodb/actions.hpp"
#include "base/encoding.hpp"
#include "tables/expression/condition.hpp"
#include "tables/legacy.hpp"
#include "tables/table.hpp"

namespace holdpoint::api::dynamodb {
namespace {

/// As policies write it: texts as they are, numbers in their usual form, bytes in base64. Empty for what is no key.
std::string text_of(const tables::Value& value) {
    if (const auto* text = value.as<std::string>()) return *text;
    if (const auto* binary = value.as<tables::Binary>()) return base64_encode(binary->bytes);
    const json::value as_json = tables::to_json(value);
    const json::value* number = as_json.is_object() ? as_json.get_object().if_contains("N") : nullptr;
    return number != nullptr && number->is_string() ? std::string(number->get_string()) : "";
}

std::string key_in(const json::object& attributes, const std::string& partition) {
    const json::value* found = attributes.if_contains(partition);
    if (found == nullptr) return {};
    const auto value = tables::parse_value(*found);
    return value ? text_of(*value) : "";
}

/// The value that the partition key must equal, somewhere among what must all hold.
std::string key_in(const tables::expression::Condition& condition, const std::string& partition) {
    using tables::expression::ConditionKind;
    if (condition.kind == ConditionKind::all_of) {
        for (const auto& child : condition.children) {
            if (auto key = key_in(child, partition); !key.empty()) return key;
        }
        return {};
    }
    if (condition.kind != ConditionKind::compare || condition.comparator != tables::expression::Comparator::equal ||
        condition.operands.size() != 2) {
        return {};
    }
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
        const auto* path = condition.operands[side].as<tables::expression::Path>();
        const auto* value = condition.operands[1 - side].as<tables::Value>();
        if (path != nullptr && value != nullptr && path->steps.size() == 1 && path->attribute() == partition) {
            return text_of(*value);
        }
    }
    return {};
}

std::string queried_key(const json::object& request, const std::string& partition) {
    auto bindings = tables::expression::Bindings::read(request, {"FilterExpression", "KeyConditionExpression"},
                                                       {"ProjectionExpression"});
    const json::value* text = request.if_contains("KeyConditionExpression");
    if (text == nullptr || text->is_null()) {
        tables::Members members(request);
        const auto conditions = tables::legacy::read_key_conditions(members);
        return conditions && *conditions ? key_in(**conditions, partition) : "";
    }
    if (!bindings || !text->is_string()) return {};
    const auto condition = tables::expression::parse_condition("KeyConditionExpression", text->get_string(), *bindings);
    return condition ? key_in(*condition, partition) : "";
}

const json::object* object_in(const json::object& holder, std::string_view name) {
    const json::value* found = holder.if_contains(name);
    return found == nullptr ? nullptr : found->if_object();
}

/// The key among the attributes in a member that the action reads, and in no other: what a request says besides is
/// ignored by the action, so it must not speak for it here.
std::string key_at(const json::object& holder, std::string_view member, const std::string& partition) {
    const json::object* attributes = object_in(holder, member);
    return attributes == nullptr ? "" : key_in(*attributes, partition);
}

/// `{"PutRequest": {"Item": …}}` or `{"DeleteRequest": {"Key": …}}`.
std::vector<std::string> written_keys(const json::object& write, const std::string& partition) {
    std::vector<std::string> keys;
    if (const auto* put = object_in(write, "PutRequest")) keys.push_back(key_at(*put, "Item", partition));
    if (const auto* removal = object_in(write, "DeleteRequest")) keys.push_back(key_at(*removal, "Key", partition));
    return keys.empty() ? std::vector<std::string>{""} : keys;
}

/// The items of one table in RequestItems: `{"Keys": [key…]}`, or a list of writes.
std::vector<std::string> batched_keys(const json::value& batch, const std::string& partition) {
    std::vector<std::string> keys;
    const json::value* listed = batch.is_object() ? batch.get_object().if_contains("Keys") : &batch;
    if (listed == nullptr || !listed->is_array()) return {""};
    for (const json::value& entry : listed->get_array()) {
        const json::object* attributes = entry.if_object();
        if (attributes == nullptr) {
            keys.emplace_back();
        } else if (batch.is_array()) {
            for (auto& key : written_keys(*attributes, partition)) keys.push_back(std::move(key));
        } else {
            keys.push_back(key_in(*attributes, partition));
        }
    }
    return keys;
}

std::string table_name(std::string_view resource) {
    const std::string_view rest = resource.substr(std::min(resource.size(), resource.find("table/") + 6));
    return std::string(rest.substr(0, rest.find('/')));
}

std::string partition_of(const tables::Table& table, std::string_view resource) {
    const std::size_t index = resource.find("/index/");
    if (index == std::string_view::npos) return table.key.partition.name;
    const tables::Index* known = table.find_index(resource.substr(index + 7));
    return known == nullptr ? "" : known->key.partition.name;
}

}  // namespace

std::vector<std::string> leading_keys(const RowReader& rows, const Access& access) {
    const auto table = tables::load_table(rows, table_name(access.resource));
    if (!table) return {""};
    const std::string partition = partition_of(*table, access.resource);
    if (const auto* batch = std::get_if<const json::value*>(&access.items)) return batched_keys(**batch, partition);
    const auto* request = std::get_if<const json::object*>(&access.items);
    if (request == nullptr || access.action == "dynamodb:Scan") return {};
    if (access.action == "dynamodb:Query") return {queried_key(**request, partition)};
    if (access.action == "dynamodb:PutItem") return {key_at(**request, "Item", partition)};
    constexpr std::string_view kByKey[] = {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
                                           "dynamodb:ConditionCheckItem"};
    if (std::ranges::find(kByKey, access.action) != std::end(kByKey)) return {key_at(**request, "Key", partition)};
    return {};  // an action on the table itself
}

}  // namespace holdpoint::api::dynamodb
