#include "stacks/table_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

TablePlan start_table(const std::string& logical_id, const std::string& name) {
    TablePlan table;
    table.logical_id = logical_id;
    table.name = name;
    table.create_table["TableName"] = name;
    table.create_table["BillingMode"] = "PAY_PER_REQUEST";
    return table;
}

/// The indexes as CreateTable takes them for a table that is paid per request.
void read_indexes(const PropertyReader& properties, const std::string& kind, TablePlan& table,
                  std::vector<std::string>& aws_only) {
    if (!properties.has(kind)) return;
    constexpr std::string_view kAwsOnly[] = {"ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput",
                                             "ContributorInsightsSpecification"};
    json::array indexes;
    for (std::size_t i = 0; i < properties.list(kind).size(); ++i) {
        const PropertyReader index = properties.element(kind, i);
        json::object used;
        for (const auto& [key, value] : index.values()) {
            if (std::find(std::begin(kAwsOnly), std::end(kAwsOnly), key) == std::end(kAwsOnly)) {
                used[key] = value;
                continue;
            }
            std::string said = fmt::format("{}.{}.{}", table.logical_id, kind, std::string_view(key));
            if (std::ranges::find(aws_only, said) == aws_only.end()) aws_only.push_back(std::move(said));
        }
        PropertyReader(index, used).allow({"IndexName", "KeySchema", "Projection"});
        indexes.push_back(std::move(used));
    }
    table.create_table[kind] = std::move(indexes);
}

void read_expiry(const PropertyReader& properties, TablePlan& table) {
    constexpr std::string_view kName = "TimeToLiveSpecification";
    if (!properties.has(kName)) return;
    const PropertyReader expiry = properties.member(kName);
    expiry.allow({"AttributeName", "Enabled"});
    if (!expiry.has("Enabled")) return properties.problem(kName, "needs Enabled (true or false)");
    if (!expiry.flag("Enabled", false)) return;
    table.ttl_attribute = expiry.text("AttributeName");
    if (table.ttl_attribute.empty()) properties.problem(kName, "needs AttributeName, where it is enabled");
}

}  // namespace

TablePlan read_table(const PropertyReader& properties, const std::string& logical_id, const std::string& name,
                     std::vector<std::string>& aws_only) {
    TablePlan table = start_table(logical_id, name);
    for (const std::string_view part : {"KeySchema", "AttributeDefinitions"}) {
        if (const json::value* value = properties.find(part)) table.create_table[part] = *value;
    }
    for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"})
        read_indexes(properties, kind, table, aws_only);
    read_expiry(properties, table);
    constexpr std::string_view kProtection = "DeletionProtectionEnabled";
    if (properties.has(kProtection)) table.deletion_protection = properties.flag(kProtection, false);
    return table;
}

TablePlan read_simple_table(const PropertyReader& properties, const std::string& logical_id, const std::string& name) {
    TablePlan table = start_table(logical_id, name);
    const PropertyReader key = properties.member("PrimaryKey");
    key.allow({"Name", "Type"});
    if (properties.has("PrimaryKey") && !(key.has("Name") && key.has("Type")))
        properties.problem("PrimaryKey", "needs Name and Type");
    const std::string attribute = key.text("Name", "id");
    const std::string type = key.text("Type", "String");
    if (type != "String" && type != "Number" && type != "Binary")
        key.problem("Type", fmt::format("must be String, Number or Binary, not '{}'", type));
    table.create_table["KeySchema"] = {{{"AttributeName", attribute}, {"KeyType", "HASH"}}};
    table.create_table["AttributeDefinitions"] = {{{"AttributeName", attribute}, {"AttributeType", type.substr(0, 1)}}};
    return table;
}

}  // namespace holdpoint::stacks
