// AWS::Serverless::Function: the function, and with AutoPublishAlias a version and the alias that points to it.
#include <fmt/format.h>

#include "api/deploy/parts.hpp"
#include "functions/registry.hpp"
#include "topics/model.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;
using functions::Function;

std::int64_t number(const json::object& properties, std::string_view name, std::int64_t otherwise) {
    const json::value* value = properties.if_contains(name);
    return value == nullptr ? otherwise : value->as_int64();
}

std::string text(const json::object& properties, std::string_view name) {
    const json::value* value = properties.if_contains(name);
    return value == nullptr ? std::string() : std::string(value->as_string());
}

Result<Function> read_function(const Site& site, const stacks::Resource& wanted) {
    const auto code = site.code.find(wanted.executable);
    if (code == site.code.end()) {
        return fail("ValidationError", 400,
                    fmt::format("{}: the executable {} was not given", wanted.logical_id, wanted.executable));
    }
    const json::object& properties = wanted.properties;
    Function function;
    function.name = wanted.name;
    function.role_arn = text(properties, "Role");
    function.description = text(properties, "Description");
    function.executable = wanted.executable;
    function.code_sha256 = code->second.sha256;
    function.code_size = code->second.size;
    function.timeout_seconds = number(properties, "Timeout", 3);
    function.memory_mb = number(properties, "MemorySize", 128);
    const json::value* environment = properties.if_contains("Environment");
    const json::value* variables = environment == nullptr ? nullptr : environment->as_object().if_contains("Variables");
    if (variables != nullptr) {
        for (const auto& [name, value] : variables->as_object())
            function.environment[std::string(name)] = std::string(value.as_string());
    }
    if (const json::value* durable = properties.if_contains("DurableConfig")) {
        function.durable = {.execution_timeout_seconds = number(durable->as_object(), "ExecutionTimeout", 0),
                            .retention_days = number(durable->as_object(), "RetentionPeriodInDays", 14)};
    }
    if (const json::value* logging = properties.if_contains("LoggingConfig"))
        function.log_group = text(logging->as_object(), "LogGroup");
    // A role's ARN names it after the last slash; stacks has checked its shape.
    const std::string role = function.role_arn.substr(function.role_arn.rfind('/') + 1);
    if (!site.rows.get(Space::roles, role)) {
        return fail("ValidationError", 400,
                    fmt::format("{}: the role {} does not exist", wanted.logical_id, function.role_arn));
    }
    return function;
}

/// Publishes `$LATEST` when it changed, and points the alias to the newest version.
Result<bool> publish(Site& site, const stacks::Resource& wanted) {
    const std::string alias_name = text(wanted.properties, "AutoPublishAlias");
    if (alias_name.empty()) return false;
    const auto id = [&](std::string_view label) {
        return topics::derived_id(site.nonce, fmt::format("{}/{}", label, wanted.logical_id));
    };
    auto version = functions::publish_version(site.rows, wanted.name, {}, site.now, id("version"));
    if (!version) return std::unexpected(version.error());
    site.rows.apply(std::move(version->writes));
    const auto known = functions::get_alias(site.rows, wanted.name, alias_name);
    if (known && known->version == version->answer.version) return false;
    const functions::Alias alias{
        .name = alias_name, .version = version->answer.version, .description = {}, .revision_id = id("alias")};
    auto pointed = known ? functions::update_alias(site.rows, wanted.name, alias)
                         : functions::create_alias(site.rows, wanted.name, alias);
    if (!pointed) return std::unexpected(pointed.error());
    site.rows.apply(std::move(pointed->writes));
    return true;
}

std::string revision(const Site& site, const stacks::Resource& wanted) {
    return topics::derived_id(site.nonce, "function/" + wanted.logical_id);
}

}  // namespace

Result<ChangeKind> create_function(Site& site, const stacks::Resource& wanted) {
    auto function = read_function(site, wanted);
    if (!function) return std::unexpected(function.error());
    auto created = functions::create_function(site.rows, std::move(*function), site.now, revision(site, wanted));
    if (!created && created.error().http_status == 409) return already_exists(site, wanted);
    if (!created) return std::unexpected(created.error());
    site.rows.apply(std::move(created->writes));
    if (const auto published = publish(site, wanted); !published) return std::unexpected(published.error());
    site.effects.functions_changed.push_back(wanted.name);
    return ChangeKind::created;
}

Result<ChangeKind> update_function(Site& site, const stacks::Resource& wanted) {
    auto function = read_function(site, wanted);
    if (!function) return std::unexpected(function.error());
    auto updated = functions::update_function(site.rows, *function, site.now, revision(site, wanted));
    // Somebody deleted it: what the template says is made again.
    if (!updated && updated.error().http_status == 404) return create_function(site, wanted);
    if (!updated) return std::unexpected(updated.error());
    bool changed = !updated->writes.empty();
    site.rows.apply(std::move(updated->writes));
    const auto published = publish(site, wanted);
    if (!published) return std::unexpected(published.error());
    changed = changed || *published;
    if (changed) site.effects.functions_changed.push_back(wanted.name);
    return changed ? ChangeKind::updated : ChangeKind::unchanged;
}

Result<void> delete_function(Site& site, const stacks::Resource& current) {
    const functions::Reference reference{.name = current.name, .qualifier = {}, .account = {}, .region = {}};
    auto writes = functions::delete_function(site.rows, reference);
    if (!writes && writes.error().http_status == 404) return {};
    if (!writes) return std::unexpected(writes.error());
    site.rows.apply(std::move(*writes));
    site.effects.functions_changed.push_back(current.name);
    return {};
}

}  // namespace holdpoint::api
