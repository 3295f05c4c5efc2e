// AWS::DynamoDB::Table: the table, and whether its items expire.
#include <fmt/format.h>

#include "api/deploy/parts.hpp"
#include "tables/operations.hpp"
#include "topics/model.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

class NoRows final : public RowReader {
public:
    [[nodiscard]] std::optional<std::string> get(Space, std::string_view) const override { return std::nullopt; }
    [[nodiscard]] std::vector<Row> scan(Space, std::string_view, std::string_view, std::size_t, bool) const override {
        return {};
    }
};

json::object request(const stacks::Resource& wanted) {
    json::object body{{"BillingMode", "PAY_PER_REQUEST"}};
    for (const auto& member : wanted.properties) {
        if (member.key() != "TimeToLiveSpecification") body[member.key()] = member.value();
    }
    return body;
}

/// The error, told with the resource's name.
std::unexpected<Error> named(const stacks::Resource& wanted, Error error) {
    error.message = fmt::format("{}: {}", wanted.logical_id, error.message);
    return std::unexpected(std::move(error));
}

Result<tables::Change> decide(const RowReader& rows, const Site& site, const stacks::Resource& wanted) {
    auto change = tables::create_table(rows, request(wanted), {.region = site.region, .account = site.account},
                                       site.now, topics::derived_id(site.nonce, "table/" + wanted.logical_id));
    if (!change) return named(wanted, change.error());
    return change;
}

/// Sets expiry to what the template says; true when it changed.
Result<bool> set_time_to_live(Site& site, const stacks::Resource& wanted) {
    std::optional<std::string> attribute;
    if (const json::value* member = wanted.properties.if_contains("TimeToLiveSpecification")) {
        const json::object& specification = member->as_object();
        if (specification.at("Enabled").as_bool())
            attribute = std::string(specification.at("AttributeName").as_string());
    }
    const auto table = tables::load_table(site.rows, wanted.name);
    if (!table) return named(wanted, table.error());
    if (table->ttl_attribute == attribute) return false;
    const auto change = [&](const std::string& name, bool enabled) -> Result<void> {
        auto decided = tables::update_time_to_live(
            site.rows, {{"TableName", wanted.name},
                        {"TimeToLiveSpecification", json::object{{"AttributeName", name}, {"Enabled", enabled}}}});
        if (!decided) return named(wanted, decided.error());
        site.rows.apply(std::move(decided->writes));
        return {};
    };
    if (table->ttl_attribute) {
        if (auto done = change(*table->ttl_attribute, false); !done) return std::unexpected(done.error());
    }
    if (attribute) {
        if (auto done = change(*attribute, true); !done) return std::unexpected(done.error());
    }
    return true;
}

/// What the template wants, as a table that is not there yet.
Result<tables::Table> wanted_table(const Site& site, const stacks::Resource& wanted) {
    auto change = decide(NoRows(), site, wanted);
    if (!change) return std::unexpected(change.error());
    OverlayRows rows{site.rows};
    rows.apply(std::move(change->writes));
    return tables::load_table(rows, wanted.name);
}

Result<void> check_same_keys(const Site& site, const stacks::Resource& wanted, const tables::Table& table) {
    const auto other = wanted_table(site, wanted);
    if (!other) return std::unexpected(other.error());
    if (other->key != table.key) {
        return fail(
            "ValidationError", 400,
            fmt::format("{}: the table {} exists with other keys ({}); the keys of a table cannot be changed: give "
                        "it another TableName, or delete it first",
                        wanted.logical_id, table.name, json::serialize(tables::key_schema_json(table.key))));
    }
    if (other->indexes != table.indexes) {
        return fail(
            "ValidationError", 400,
            fmt::format("{}: the table {} exists with other indexes; adding, changing and removing indexes of a "
                        "table that exists is not supported: delete it first",
                        wanted.logical_id, table.name));
    }
    return {};
}

/// Everything but keys and indexes, which are the same.
Result<bool> change_settings(Site& site, const stacks::Resource& wanted, tables::Table table) {
    const json::value* member = wanted.properties.if_contains("DeletionProtectionEnabled");
    const bool protect = member != nullptr && member->as_bool();
    const bool changed = table.deletion_protection != protect;
    table.deletion_protection = protect;
    if (changed) site.rows.apply({tables::save_table(table)});
    const auto expiry = set_time_to_live(site, wanted);
    if (!expiry) return std::unexpected(expiry.error());
    return changed || *expiry;
}

}  // namespace

Result<ChangeKind> create_table(Site& site, const stacks::Resource& wanted) {
    if (const auto table = tables::load_table(site.rows, wanted.name)) {
        if (!wanted.retain_on_delete || stacks::owner_of(site.rows, wanted.type, wanted.name))
            return already_exists(site, wanted);
        if (auto same = check_same_keys(site, wanted, *table); !same) return std::unexpected(same.error());
        if (const auto done = change_settings(site, wanted, *table); !done) return std::unexpected(done.error());
        site.warnings.push_back(
            fmt::format("{}: the table {} was kept from an earlier stack, and is used again with what "
                        "is in it",
                        wanted.logical_id, wanted.name));
        return ChangeKind::adopted;
    }
    auto change = decide(site.rows, site, wanted);
    if (!change) return std::unexpected(change.error());
    site.rows.apply(std::move(change->writes));
    if (const auto done = set_time_to_live(site, wanted); !done) return std::unexpected(done.error());
    return ChangeKind::created;
}

Result<ChangeKind> update_table(Site& site, const stacks::Resource& wanted) {
    const auto table = tables::load_table(site.rows, wanted.name);
    // Somebody deleted it: what the template says is made again.
    if (!table) return create_table(site, wanted);
    if (auto same = check_same_keys(site, wanted, *table); !same) return std::unexpected(same.error());
    const auto changed = change_settings(site, wanted, *table);
    if (!changed) return std::unexpected(changed.error());
    return *changed ? ChangeKind::updated : ChangeKind::unchanged;
}

Result<void> delete_table(Site& site, const stacks::Resource& current) {
    if (!tables::load_table(site.rows, current.name)) return {};
    auto change = tables::delete_table(site.rows, {{"TableName", current.name}});
    if (!change) return named(current, change.error());
    site.rows.apply(std::move(change->writes));
    return {};
}

}  // namespace holdpoint::api
