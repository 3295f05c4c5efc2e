#include "functions/function_json.hpp"

#include <array>
#include <boost/json.hpp>

namespace holdpoint::functions {

namespace json = boost::json;

namespace {

/// Members that rows of earlier versions of this program do not have.
std::string read_optional(const json::object& object, std::string_view name) {
    const json::value* member = object.if_contains(name);
    return member == nullptr ? std::string() : std::string(member->as_string());
}

}  // namespace

std::string encode(const Function& function) {
    json::object environment;
    for (const auto& [name, value] : function.environment) environment[name] = value;
    json::object object{{"name", function.name},
                        {"version", function.version},
                        {"role_arn", function.role_arn},
                        {"description", function.description},
                        {"package_type", function.package_type},
                        {"executable", function.executable},
                        {"code_sha256", function.code_sha256},
                        {"code_size", function.code_size},
                        {"timeout_seconds", function.timeout_seconds},
                        {"memory_mb", function.memory_mb},
                        {"environment", std::move(environment)},
                        {"log_group", function.log_group},
                        {"last_modified", to_epoch_ms(function.last_modified)},
                        {"revision_id", function.revision_id}};
    if (!function.runtime.empty()) object["runtime"] = function.runtime;
    if (!function.handler.empty()) object["handler"] = function.handler;
    if (!function.dead_letter_arn.empty()) object["dead_letter_arn"] = function.dead_letter_arn;
    if (function.durable) {
        object["durable"] = {{"execution_timeout_seconds", function.durable->execution_timeout_seconds},
                             {"retention_days", function.durable->retention_days}};
    }
    if (function.tenant_isolation) object["tenant_isolation"] = true;
    return json::serialize(object);
}

Function decode_function(std::string_view text) {
    std::array<unsigned char, 4096> first;
    json::monotonic_resource memory(first.data(), first.size());
    const json::value value = json::parse(text, &memory);
    const json::object& object = value.as_object();
    const auto read = [&](std::string_view name) { return std::string(object.at(name).as_string()); };
    Function function;
    function.name = read("name");
    function.version = read("version");
    function.role_arn = read("role_arn");
    function.description = read("description");
    function.package_type = read("package_type");
    function.executable = read("executable");
    function.code_sha256 = read("code_sha256");
    function.code_size = object.at("code_size").as_int64();
    function.timeout_seconds = object.at("timeout_seconds").as_int64();
    function.memory_mb = object.at("memory_mb").as_int64();
    for (const auto& [name, variable] : object.at("environment").as_object()) {
        function.environment[std::string(name)] = std::string(variable.as_string());
    }
    function.log_group = read("log_group");
    function.last_modified = from_epoch_ms(object.at("last_modified").as_int64());
    function.revision_id = read("revision_id");
    function.runtime = read_optional(object, "runtime");
    function.handler = read_optional(object, "handler");
    function.dead_letter_arn = read_optional(object, "dead_letter_arn");
    if (const json::value* durable = object.if_contains("durable")) {
        function.durable =
            DurableConfig{.execution_timeout_seconds = durable->at("execution_timeout_seconds").as_int64(),
                          .retention_days = durable->at("retention_days").as_int64()};
    }
    function.tenant_isolation = object.contains("tenant_isolation");
    return function;
}

std::string encode(const Alias& alias) {
    json::object object{{"name", alias.name},
                        {"version", alias.version},
                        {"description", alias.description},
                        {"revision_id", alias.revision_id}};
    if (!alias.routed_version.empty()) {
        object["routed_version"] = alias.routed_version;
        object["routed_weight"] = alias.routed_weight;
    }
    return json::serialize(object);
}

Alias decode_alias(std::string_view text) {
    std::array<unsigned char, 4096> first;
    json::monotonic_resource memory(first.data(), first.size());
    const json::value value = json::parse(text, &memory);
    const auto read = [&](std::string_view name) { return std::string(value.at(name).as_string()); };
    const json::value* weight = value.as_object().if_contains("routed_weight");
    return {.name = read("name"),
            .version = read("version"),
            .description = read("description"),
            .revision_id = read("revision_id"),
            .routed_version = read_optional(value.as_object(), "routed_version"),
            .routed_weight = weight == nullptr ? 0 : weight->to_number<double>()};
}

}  // namespace holdpoint::functions
