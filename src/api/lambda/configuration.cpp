#include "api/lambda/configuration.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "base/violations.hpp"
#include "functions/event_invoke_config.hpp"
#include "identity/roles.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kDescriptionMax = 256;
constexpr std::size_t kHandlerMax = 128;
constexpr int kEphemeralStorageMb = 512;  // (Lambda quotas: /tmp, the least)

std::unexpected<Error> wrong(std::string_view name, std::string_view expected) {
    return fail("SerializationException", 400, fmt::format("{} must be {}.", name, expected));
}

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterValueException", 400, std::move(message));
}

Result<void> apply_environment(const json::value& value, functions::Function& function) {
    const json::object* environment = value.if_object();
    const json::value* variables = environment == nullptr ? nullptr : environment->if_contains("Variables");
    if (environment == nullptr || (variables != nullptr && !variables->is_object())) {
        return wrong("Environment", "an object with Variables");
    }
    function.environment.clear();
    if (variables == nullptr) return {};
    for (const auto& [key, text] : variables->get_object()) {
        if (!text.is_string()) return wrong(key, "text");
        function.environment[std::string(key)] = std::string(text.get_string());
    }
    return {};
}

Result<void> apply_durable(const json::value& value, functions::Function& function) {
    const json::object* config = value.if_object();
    if (config == nullptr) return wrong("DurableConfig", "an object");
    functions::DurableConfig durable;
    for (const auto& [key, number] : *config) {
        const bool timeout = key == "ExecutionTimeout";
        if (!timeout && key != "RetentionPeriodInDays") {
            return invalid(fmt::format("DurableConfig.{} is not supported by this server.", std::string_view(key)));
        }
        if (!number.is_int64()) return wrong(key, "a whole number");
        (timeout ? durable.execution_timeout_seconds : durable.retention_days) = number.get_int64();
    }
    if (!config->contains("ExecutionTimeout")) {
        return invalid("You cannot create a function with a durable configuration without an executionTimeout");
    }
    function.durable = durable;
    return {};
}

Result<void> apply_logging(const json::value& value, functions::Function& function) {
    const json::object* config = value.if_object();
    if (config == nullptr) return wrong("LoggingConfig", "an object");
    for (const auto& [key, text] : *config) {
        if (!text.is_string()) return wrong(key, "text");
        if (key == "LogGroup") {
            function.log_group = std::string(text.get_string());
        } else if (key != "LogFormat" || text != "Text") {
            return invalid(
                fmt::format("LoggingConfig.{} is not supported by this server; LogGroup is, and the "
                            "LogFormat Text.",
                            std::string_view(key)));
        }
    }
    return {};
}

Result<void> apply_tenancy(const json::value& value, functions::Function& function) {
    if (value != json::value(json::object{{"TenantIsolationMode", "PER_TENANT"}})) {
        return wrong("TenancyConfig", "an object with TenantIsolationMode, which is PER_TENANT");
    }
    function.tenant_isolation = true;
    return {};
}

Result<void> apply_dead_letters(const json::value& value, functions::Function& function) {
    const json::object* config = value.if_object();
    const json::value* target = config == nullptr ? nullptr : config->if_contains("TargetArn");
    if (config == nullptr || (target != nullptr && !target->is_string())) {
        return wrong("DeadLetterConfig", "an object with TargetArn");
    }
    const std::string arn = target == nullptr ? std::string() : std::string(target->get_string());
    if (auto ok = functions::check_destination("DeadLetterConfig.TargetArn", arn, false); !ok) return ok;
    function.dead_letter_arn = arn;
    return {};
}

Result<void> apply_runtime(std::string_view runtime, functions::Function& function) {
    if (runtime != "provided.al2023" && runtime != "provided.al2") {
        return invalid(
            fmt::format("The runtime {} is not supported by this server; provided.al2023 and provided.al2 "
                        "are, with an executable `bootstrap`, which may start any language's runtime "
                        "(docs/other-languages.md).",
                        runtime));
    }
    function.runtime = runtime;
    return {};
}

Result<void> apply_role(std::string_view role, functions::Function& function) {
    if (identity::role_name_of(role).empty()) {
        return pattern_violation("role", role, "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
    }
    function.role_arn = role;
    return {};
}

Result<void> apply_text(std::string_view name, const json::value& value, functions::Function& function) {
    if (!value.is_string()) return wrong(name, "text");
    const std::string_view text = value.get_string();
    if (name == "Role") return apply_role(text, function);
    if (name == "Runtime") return apply_runtime(text, function);
    Violations violations;
    if (name == "Handler") {
        violations.length("handler", text, 0, kHandlerMax);
        violations.pattern("handler", text, text.find_first_of(" \t\r\n\f\v") == std::string_view::npos, "[^\\s]+");
    } else {
        violations.length("description", text, 0, kDescriptionMax);
    }
    if (auto ok = violations.result(); !ok) return ok;
    (name == "Handler" ? function.handler : function.description) = text;
    return {};
}

/// What AWS does when nothing is said: whoever says it gets what they want here, too.
bool is_default(std::string_view name, const json::value& value) {
    if (name == "TracingConfig") return value == json::value(json::object{{"Mode", "PassThrough"}});
    if (name == "EphemeralStorage") return value == json::value(json::object{{"Size", kEphemeralStorageMb}});
    if (name == "SnapStart") return value == json::value(json::object{{"ApplyOn", "None"}});
    if (name == "Layers" || name == "FileSystemConfigs") return value == json::value(json::array());
    if (name == "Tags") return value == json::value(json::object());
    if (name != "VpcConfig" || !value.is_object()) return false;
    return std::ranges::all_of(value.get_object(), [](const auto& member) {
        return (member.key() == "SubnetIds" || member.key() == "SecurityGroupIds") &&
               member.value() == json::value(json::array());
    });
}

Result<void> apply_member(std::string_view operation, std::string_view name, const json::value& value,
                          functions::Function& function) {
    if (is_default(name, value)) return {};
    if (name == "Description" || name == "Role" || name == "Runtime" || name == "Handler") {
        return apply_text(name, value, function);
    }
    if (name == "Timeout" || name == "MemorySize") {
        if (!value.is_int64()) return wrong(name, "a whole number");
        (name == "Timeout" ? function.timeout_seconds : function.memory_mb) = value.get_int64();
        return {};
    }
    if (name == "Environment") return apply_environment(value, function);
    if (name == "DurableConfig") return apply_durable(value, function);
    if (name == "LoggingConfig") return apply_logging(value, function);
    // Chosen when a function is created, and not again.
    if (name == "TenancyConfig" && operation == "CreateFunction") return apply_tenancy(value, function);
    if (name == "DeadLetterConfig") return apply_dead_letters(value, function);
    return invalid(fmt::format("{}: the member {} is not supported by this server.", operation, name));
}

}  // namespace

std::string code_sha256_text(const functions::Function& function) {
    if (!function.is_zip()) return function.code_sha256;
    std::string bytes;
    for (std::size_t i = 0; i + 1 < function.code_sha256.size(); i += 2) {
        unsigned byte = 0;
        std::from_chars(&function.code_sha256[i], &function.code_sha256[i] + 2, byte, 16);
        bytes.push_back(static_cast<char>(byte));
    }
    return base64_encode(bytes);
}

std::string_view architecture() {
    utsname machine{};
    return ::uname(&machine) == 0 && std::string_view(machine.machine) == "aarch64" ? "arm64" : "x86_64";
}

Result<void> check_architectures(const json::value& value) {
    const json::array* list = value.if_array();
    if (list == nullptr) return wrong("Architectures", "a list");
    if (list->size() == 1 && list->front() == json::value(architecture())) return {};
    return invalid(fmt::format("Architectures {} are not supported by this server, which runs on {}.",
                               json::serialize(value), architecture()));
}

Result<void> apply_configuration(const json::object& members, std::string_view operation,
                                 std::span<const std::string_view> others, functions::Function& function) {
    for (const auto& [name, value] : members) {
        if (std::ranges::find(others, std::string_view(name)) != others.end()) continue;
        if (auto ok = apply_member(operation, name, value, function); !ok) return ok;
    }
    return {};
}

json::object function_configuration(const Context& context, const functions::Function& function,
                                    std::string_view qualifier) {
    std::string modified = to_iso8601(function.last_modified);
    modified.replace(modified.size() - 1, 1, "+0000");
    json::object object{
        {"FunctionName", function.name},
        {"FunctionArn", functions::function_arn(context.region, context.account, function.name, qualifier)},
        {"Role", function.role_arn},
        {"CodeSize", function.code_size},
        {"Description", function.description},
        {"Timeout", function.timeout_seconds},
        {"MemorySize", function.memory_mb},
        {"LastModified", modified},
        {"CodeSha256", code_sha256_text(function)},
        {"Version", function.version},
        {"RevisionId", function.revision_id},
        {"State", "Active"},
        {"LastUpdateStatus", "Successful"},
        {"PackageType", function.package_type},
        {"Architectures", json::array{json::value(architecture())}},
        {"TracingConfig", {{"Mode", "PassThrough"}}},
        {"EphemeralStorage", {{"Size", kEphemeralStorageMb}}},
        {"SnapStart", {{"ApplyOn", "None"}, {"OptimizationStatus", "Off"}}},
        {"LoggingConfig", {{"LogFormat", "Text"}, {"LogGroup", function.log_group}}}};
    if (!function.runtime.empty()) object["Runtime"] = function.runtime;
    if (!function.handler.empty()) object["Handler"] = function.handler;
    if (!function.dead_letter_arn.empty()) object["DeadLetterConfig"] = {{"TargetArn", function.dead_letter_arn}};
    if (!function.environment.empty()) {
        json::object variables;
        for (const auto& [name, value] : function.environment) variables[name] = value;
        object["Environment"] = {{"Variables", std::move(variables)}};
    }
    if (function.durable) {
        object["DurableConfig"] = {{"ExecutionTimeout", function.durable->execution_timeout_seconds},
                                   {"RetentionPeriodInDays", function.durable->retention_days}};
    }
    if (function.tenant_isolation) object["TenancyConfig"] = {{"TenantIsolationMode", "PER_TENANT"}};
    return object;
}

}  // namespace holdpoint::api
