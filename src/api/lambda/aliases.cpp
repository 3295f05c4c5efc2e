// Aliases: names for versions, with part of the invocations routed to a second version. (AWS API, Lambda)
#include <fmt/format.h>

#include "api/lambda/operation.hpp"
#include "api/lambda/parts.hpp"
#include "base/page_token.hpp"
#include "base/violations.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kPageDefault = 50;
constexpr std::size_t kPageMax = 10000;

json::object alias_json(const Operation& operation, const functions::Alias& alias) {
    json::object object{{"AliasArn", operation.arn(alias.name)},
                        {"Name", alias.name},
                        {"FunctionVersion", alias.version},
                        {"Description", alias.description},
                        {"RevisionId", alias.revision_id}};
    if (!alias.routed_version.empty()) {
        object["RoutingConfig"] = {
            {"AdditionalVersionWeights", json::object{{alias.routed_version, alias.routed_weight}}}};
    }
    return object;
}

Error missing_alias(const Operation& operation, Error error) {
    if (error.message.starts_with("Cannot find alias")) {
        error.message = "Cannot find alias arn: " + operation.arn(operation.item);
    }
    return operation.missing(std::move(error));
}

Result<void> read_routing(const json::value& routing, functions::Alias& alias) {
    alias.routed_version.clear();
    alias.routed_weight = 0;
    const json::object* object = routing.if_object();
    if (object == nullptr) return fail("SerializationException", 400, "RoutingConfig must be an object.");
    for (const auto& [name, value] : *object) {
        if (name == "AdditionalVersionWeights") continue;
        return invalid_parameter(
            fmt::format("RoutingConfig.{} is not supported by this server.", std::string_view(name)));
    }
    const json::value* weights = object->if_contains("AdditionalVersionWeights");
    if (weights == nullptr) return {};
    if (!weights->is_object()) {
        return fail("SerializationException", 400, "AdditionalVersionWeights must be an object.");
    }
    if (weights->get_object().size() > 1) {
        return invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
    }
    for (const auto& [version, weight] : weights->get_object()) {
        if (!weight.is_number()) {
            return fail("SerializationException", 400, "The weight of a version must be a number.");
        }
        alias.routed_version = std::string(version);
        alias.routed_weight = weight.to_number<double>();
    }
    return {};
}

/// The alias that the request wants; `before` holds what it does not say.
Result<functions::Alias> read_alias(const Operation& operation, std::string_view name, functions::Alias before) {
    constexpr std::string_view kMembers[] = {"Name", "FunctionVersion", "Description", "RoutingConfig", "RevisionId"};
    if (auto ok = operation.check_members(name, kMembers); !ok) return std::unexpected(ok.error());
    functions::Alias alias = std::move(before);
    if (operation.body.contains("FunctionVersion")) alias.version = operation.text("FunctionVersion");
    const auto description = operation.description();
    if (!description) return std::unexpected(description.error());
    if (operation.body.contains("Description")) alias.description = *description;
    alias.revision_id = operation.context.random.uuid();
    if (const json::value* routing = operation.body.if_contains("RoutingConfig")) {
        if (auto ok = read_routing(*routing, alias); !ok) return std::unexpected(ok.error());
    }
    return alias;
}

}  // namespace

Result<Answer> list_aliases(Operation& operation) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    const auto& request = operation.call.request;
    const auto size = query_max_items(request, kPageDefault, 1, kPageMax);
    if (!size) return std::unexpected(size.error());
    const auto rows = operation.context.store.snapshot();
    if (const auto function = operation.resolve(*rows); !function) return std::unexpected(function.error());
    const std::string name = "aliases/" + operation.reference.name;
    const auto after = query_marker(request, name);
    if (!after) return std::unexpected(after.error());
    const auto found = functions::list_aliases(*rows, operation.reference.name, *after, *size);
    const std::string version = query_value(request, "FunctionVersion");
    json::array list;
    for (const auto& alias : found) {
        const bool wanted = version.empty() || alias.version == version || alias.routed_version == version;
        if (wanted) list.emplace_back(alias_json(operation, alias));
    }
    json::object body{{"Aliases", std::move(list)}};
    if (found.size() == *size) body["NextMarker"] = make_page_token(name, found.back().name);
    return Answer{200, body};
}

Result<Answer> get_alias(Operation& operation) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    const auto alias =
        functions::get_alias(*operation.context.store.snapshot(), operation.reference.name, operation.item);
    if (!alias) return std::unexpected(missing_alias(operation, alias.error()));
    return Answer{200, alias_json(operation, *alias)};
}

Result<Answer> create_alias(Operation& operation, store::Transaction& rows, TimePoint) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    functions::Alias before;
    before.name = operation.text("Name");
    if (before.name.empty()) return missing_violation("name");
    if (operation.text("FunctionVersion").empty()) return missing_violation("functionVersion");
    const auto alias = read_alias(operation, "CreateAlias", std::move(before));
    if (!alias) return std::unexpected(alias.error());
    auto decided = functions::create_alias(rows, operation.reference.name, *alias);
    if (!decided) return std::unexpected(missing_alias(operation, decided.error()));
    rows.apply(decided->writes);
    return Answer{201, alias_json(operation, decided->answer)};
}

Result<Answer> update_alias(Operation& operation, store::Transaction& rows, TimePoint) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    const auto before = functions::get_alias(rows, operation.reference.name, operation.item);
    if (!before) return std::unexpected(missing_alias(operation, before.error()));
    if (auto ok = functions::check_revision(operation.text("RevisionId"), before->revision_id); !ok) {
        return std::unexpected(ok.error());
    }
    const auto alias = read_alias(operation, "UpdateAlias", *before);
    if (!alias) return std::unexpected(alias.error());
    auto decided = functions::update_alias(rows, operation.reference.name, *alias);
    if (!decided) return std::unexpected(missing_alias(operation, decided.error()));
    rows.apply(decided->writes);
    return Answer{200, alias_json(operation, decided->answer)};
}

Result<Answer> delete_alias(Operation& operation, store::Transaction& rows, TimePoint) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    auto writes = functions::delete_alias(rows, operation.reference.name, operation.item);
    if (!writes) return std::unexpected(writes.error());
    rows.apply(*writes);
    return Answer{204, {}};
}

}  // namespace holdpoint::api
