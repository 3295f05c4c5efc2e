// Tags of tables: TagResource, UntagResource, ListTagsOfResource.
#include "tables/tags.hpp"

#include <fmt/format.h>

#include "tables/errors.hpp"
#include "tables/operations.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kKeyLengthMax = 128;
constexpr std::size_t kValueLengthMax = 256;

Result<void> check_key(std::string_view key) {
    if (key.empty() || key.size() > kKeyLengthMax)
        return constraint_error(key, "tags.member.key", "Member must have length between 1 and 128");
    if (key.starts_with("aws:")) return invalid_values(fmt::format("A tag's key must not begin with aws:: {}", key));
    return {};
}

Result<Table> tagged_table(const RowReader& rows, std::string_view arn) {
    if (!arn.starts_with("arn:"))
        return validation_error(fmt::format("Invalid TableArn: Invalid ResourceArn provided as input {}", arn));
    auto table = load_table(rows, arn);
    if (table) return table;
    return fail("ResourceNotFoundException", 400,
                fmt::format("Requested resource not found: ResourcArn: {} not found", arn));
}

}  // namespace

Result<Tags> read_tags(const json::array& list) {
    Tags tags;
    for (const auto& each : list) {
        if (!each.is_object()) return serialization_error("Tags: an element must be a map");
        Members members(each.get_object());
        const auto key = members.required_text("Key");
        const auto value = members.required_text("Value");
        if (members.problem()) return std::unexpected(*members.problem());
        if (auto checked = check_key(key); !checked) return std::unexpected(checked.error());
        if (value.size() > kValueLengthMax)
            return constraint_error(value, "tags.member.value", "Member must have length less than or equal to 256");
        if (!tags.emplace(key, value).second) return invalid_values(fmt::format("Duplicate tag key: {}", key));
    }
    if (tags.size() > kTagsMax) return invalid_values(fmt::format("A table has at most {} tags", kTagsMax));
    return tags;
}

Result<Change> tag_resource(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto arn = members.required_text("ResourceArn");
    const auto& list = members.required_array("Tags");
    if (members.problem()) return std::unexpected(*members.problem());
    const auto tags = read_tags(list);
    if (!tags) return std::unexpected(tags.error());
    auto table = tagged_table(rows, arn);
    if (!table) return std::unexpected(table.error());
    for (const auto& [key, value] : *tags) table->tags.insert_or_assign(key, value);
    if (table->tags.size() > kTagsMax) return invalid_values(fmt::format("A table has at most {} tags", kTagsMax));
    return Change{.answer = {}, .writes = {save_table(*table)}};
}

Result<Change> untag_resource(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto arn = members.required_text("ResourceArn");
    const auto& keys = members.required_array("TagKeys");
    if (members.problem()) return std::unexpected(*members.problem());
    auto table = tagged_table(rows, arn);
    if (!table) return std::unexpected(table.error());
    for (const auto& key : keys) {
        if (!key.is_string()) return serialization_error("TagKeys must be a list of strings");
        table->tags.erase(std::string(key.get_string()));
    }
    return Change{.answer = {}, .writes = {save_table(*table)}};
}

Result<json::object> list_tags_of_resource(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto arn = members.required_text("ResourceArn");
    if (members.text("NextToken"))
        return validation_error("NextToken: all of a table's tags are on one page, so no answer had one");
    if (members.problem()) return std::unexpected(*members.problem());
    const auto table = tagged_table(rows, arn);
    if (!table) return std::unexpected(table.error());
    json::array tags;
    for (const auto& [key, value] : table->tags) tags.push_back(json::object{{"Key", key}, {"Value", value}});
    return json::object{{"Tags", std::move(tags)}};
}

}  // namespace holdpoint::tables
