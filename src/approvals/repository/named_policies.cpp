#include "approvals/repository/named_policies.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

constexpr std::string_view kName = "policies";
/// An item holds 400 KB. (AWS API, DynamoDB)
constexpr std::size_t kFileMax = 380'000;

}  // namespace

Result<StoredPolicies> NamedPolicies::read() {
    if (table_.empty()) {
        return fail("NoSettingsTable", 400,
                    "This stack has no settings table, where policies have their names; deploy it again with today's "
                    "template.yaml.");
    }
    const auto answer =
        client_.json("dynamodb", "DynamoDB_20120810.GetItem",
                     {{"TableName", table_}, {"Key", {{"name", {{"S", kName}}}}}, {"ConsistentRead", true}});
    if (!answer) return std::unexpected(answer.error());
    StoredPolicies stored;
    const json::value* item = answer->if_contains("Item");
    if (item == nullptr) return stored;
    try {
        stored.revision = std::stoll(std::string(item->at("revision").at("N").as_string()));
        auto file = read_policy_file(durable::Json::parse(item->at("file").at("S").as_string()));
        if (!file) return std::unexpected(file.error());
        stored.file = std::move(*file);
    } catch (const std::exception& error) {
        return fail("InvalidPolicy", 500, fmt::format("The stored policies cannot be read: {}", error.what()));
    }
    return stored;
}

Result<bool> NamedPolicies::put(const PolicyFile& file, const StoredPolicies& read) {
    const std::string text = durable::to_json(file).dump();
    if (text.size() > kFileMax) {
        return fail(
            "InvalidPolicy", 400,
            fmt::format("Expected policies and groups of at most {} bytes in all, found {}.", kFileMax, text.size()));
    }
    const auto written =
        client_.json("dynamodb", "DynamoDB_20120810.PutItem",
                     {{"TableName", table_},
                      {"Item",
                       {{"name", {{"S", kName}}},
                        {"revision", {{"N", std::to_string(read.revision + 1)}}},
                        {"file", {{"S", text}}}}},
                      {"ConditionExpression", "attribute_not_exists(#name) OR revision = :read"},
                      {"ExpressionAttributeNames", {{"#name", "name"}}},
                      {"ExpressionAttributeValues", {{":read", {{"N", std::to_string(read.revision)}}}}}});
    if (written) return true;
    if (written.error().name == "ConditionalCheckFailedException") return false;
    return std::unexpected(written.error());
}

}  // namespace holdpoint::approvals
