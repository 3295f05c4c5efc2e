#include "api/lambda/operation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/lambda/configuration.hpp"
#include "api/lambda/parts.hpp"
#include "api/respond.hpp"
#include "base/violations.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

/// Members that are text wherever they are known.
constexpr std::string_view kTexts[] = {"FunctionName", "Name", "FunctionVersion", "Description", "RevisionId",
                                       "CodeSha256",   "Role"};

}  // namespace

Result<void> Operation::prepare(std::string_view action, std::string_view function_name) {
    std::string resource = "*";
    if (!function_name.empty()) {
        auto read = functions::read_reference(function_name, query_value(call.request, "Qualifier"));
        if (!read) return std::unexpected(read.error());
        reference = std::move(*read);
        resource = arn(reference.qualifier);
    }
    if (auto ok = call.authorize(fmt::format("lambda:{}", action), resource); !ok) return ok;
    return functions::check_place(reference, context.region, context.account);
}

Result<void> Operation::read_body() {
    boost::system::error_code problem;
    json::value value = json::object();
    if (!call.request.body.empty()) value = json::parse(call.request.body, problem);
    if (problem || !value.is_object()) {
        return fail("SerializationException", 400, "The request body is not a JSON object.");
    }
    for (auto& member : value.get_object()) {
        if (member.value().is_null()) continue;  // says nothing, as on AWS
        if (std::ranges::find(kTexts, std::string_view(member.key())) != std::end(kTexts) &&
            !member.value().is_string()) {
            return fail("SerializationException", 400, fmt::format("{} must be text.", std::string_view(member.key())));
        }
        body.emplace(member.key(), std::move(member.value()));
    }
    return {};
}

std::string Operation::text(std::string_view name) const {
    const json::value* value = body.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<std::string> Operation::description() const {
    constexpr std::size_t kLengthMax = 256;
    std::string value = text("Description");
    Violations violations;
    violations.length("description", value, 0, kLengthMax);
    if (auto ok = violations.result(); !ok) return std::unexpected(ok.error());
    return value;
}

Result<bool> Operation::flag(std::string_view name) const {
    const json::value* value = body.if_contains(name);
    if (value == nullptr) return false;
    if (value->is_bool()) return value->get_bool();
    return fail("SerializationException", 400, fmt::format("{} must be true or false.", name));
}

Result<void> Operation::check_members(std::string_view operation, std::span<const std::string_view> known) const {
    for (const auto& [name, value] : body) {
        if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
        return invalid_parameter(
            fmt::format("{}: the member {} is not supported by this server.", operation, std::string_view(name)));
    }
    return {};
}

Result<void> Operation::require_unqualified() const {
    if (reference.qualifier.empty()) return {};
    return invalid_parameter(
        fmt::format("This operation is permitted on Lambda functions only. Aliases and versions "
                    "do not support this operation. Please specify either a function name or an "
                    "unqualified function ARN, not {}.",
                    arn(reference.qualifier)));
}

Result<functions::Function> Operation::resolve(const RowReader& rows) const {
    return functions::resolve(rows, reference, context.region, context.account);
}

Result<functions::Function> Operation::latest(const RowReader& rows) const {
    if (auto ok = require_unqualified(); !ok) return std::unexpected(ok.error());
    auto function = resolve(rows);
    if (!function) return function;
    if (auto ok = functions::check_revision(text("RevisionId"), function->revision_id); !ok) {
        return std::unexpected(ok.error());
    }
    return function;
}

Error Operation::missing(Error error) const {
    constexpr std::string_view kMissing = "Function not found: ";
    if (error.name != "ResourceNotFoundException" || !error.message.starts_with(kMissing)) return error;
    const std::string_view named = std::string_view(error.message).substr(kMissing.size());
    if (named.starts_with("arn:")) return error;
    const std::string qualifier(named.substr(std::min(named.size(), named.find(':') + 1)));
    error.message = std::string(kMissing) + arn(named.contains(':') ? qualifier : std::string());
    return error;
}

std::string Operation::arn(std::string_view qualifier) const {
    return functions::function_arn(context.region, context.account, reference.name, qualifier);
}

void respond(const Operation& operation, const Result<Answer>& result) {
    const Call& call = operation.call;
    if (!result) return respond_error(call, result.error());
    if (result->status == 204) {
        return call.respond({.status = 204, .headers = {{"x-amzn-RequestId", call.request_id}}, .body = {}});
    }
    call.respond(rest_json_answer(result->status, result->body, call.request_id));
}

void submit(const SharedOperation& operation, Write write) {
    operation->context.writer.submit(
        [operation, write](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            auto result = write(*operation, rows, now);
            return [operation, result = std::move(result)] { respond(*operation, result); };
        });
}

std::unexpected<Error> invalid_parameter(std::string message) {
    return fail("InvalidParameterValueException", 400, std::move(message));
}

Result<Answer> publish_latest(Operation& operation, store::Transaction& rows, TimePoint now,
                              std::string_view description, int status) {
    auto decided =
        functions::publish_version(rows, operation.reference.name, description, now, operation.context.random.uuid());
    if (!decided) return std::unexpected(operation.missing(decided.error()));
    rows.apply(decided->writes);
    return Answer{status, function_configuration(operation.context, decided->answer, decided->answer.version)};
}

}  // namespace holdpoint::api
