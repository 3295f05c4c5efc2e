// CreateFunction and UpdateFunctionCode: functions that are zip archives with a `bootstrap`. (AWS API, Lambda; Lambda
// developer guide, "OS-only runtimes")
#include <fmt/format.h>

#include <algorithm>

#include "api/lambda/configuration.hpp"
#include "api/lambda/operation.hpp"
#include "api/lambda/parts.hpp"
#include "base/encoding.hpp"
#include "base/violations.hpp"
#include "identity/roles.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

/// (AWS Lambda, Quotas: deployment package, zipped, for direct upload)
constexpr std::size_t kZipBytesMax = 52428800;

Result<void> check_architecture_member(const json::object& body) {
    const json::value* list = body.if_contains("Architectures");
    return list == nullptr ? Result<void>() : check_architectures(*list);
}

/// What CreateFunction asks for, all but the code.
Result<functions::Function> new_function(const Operation& operation) {
    constexpr std::string_view kOthers[] = {"FunctionName", "Code", "Publish", "PackageType", "Architectures"};
    functions::Function function;
    function.name = operation.reference.name;
    function.package_type = "Zip";
    function.executable = functions::kBootstrap;
    if (const json::value* type = operation.body.if_contains("PackageType"); type != nullptr && *type != "Zip") {
        return invalid_parameter(
            "Only the PackageType Zip is supported by this server's CreateFunction, which has no registry to fetch "
            "images from. `holdpoint deploy` runs an executable in an image's stead.");
    }
    if (auto ok = apply_configuration(operation.body, "CreateFunction", kOthers, function); !ok) {
        return std::unexpected(ok.error());
    }
    if (auto ok = check_architecture_member(operation.body); !ok) return std::unexpected(ok.error());
    if (function.role_arn.empty()) {
        return missing_violation("role");
    }
    if (function.runtime.empty() || function.handler.empty()) {
        return invalid_parameter(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.");
    }
    return function;
}

/// Takes ZipFile out of `members` and stores it; `others` may stand beside it.
Result<void> store_zip(Operation& operation, json::object& members, std::span<const std::string_view> others) {
    for (const auto& [name, value] : members) {
        if (name == "ZipFile" || std::ranges::find(others, std::string_view(name)) != others.end()) continue;
        const bool elsewhere = name.starts_with("S3") || name == "ImageUri";
        return invalid_parameter(fmt::format("{} is not supported by this server{}.", std::string_view(name),
                                             elsewhere ? ": send the archive itself, as ZipFile" : ""));
    }
    const json::value* file = members.if_contains("ZipFile");
    if (file == nullptr) return invalid_parameter("Please provide a source for function code: ZipFile.");
    const auto archive = file->is_string() ? base64_decode(file->get_string()) : std::nullopt;
    if (!archive) return fail("SerializationException", 400, "ZipFile must be base64.");
    if (archive->size() > kZipBytesMax) {
        return fail("RequestEntityTooLargeException", 413,
                    fmt::format("Zipped size must be smaller than {} bytes", kZipBytesMax));
    }
    members.erase("ZipFile");
    auto stored = operation.engine.code.add_zip(*archive);
    if (!stored) return std::unexpected(stored.error());
    operation.code = std::move(*stored);
    return {};
}

Result<void> store_new(Operation& operation) {
    if (auto ok = operation.require_unqualified(); !ok) return ok;
    if (auto ok = authorize_role(operation); !ok) return ok;
    // Everything that is wrong besides the code is said before the code is stored.
    if (const auto function = new_function(operation); !function) return std::unexpected(function.error());
    json::value* code = operation.body.if_contains("Code");
    if (code == nullptr || !code->is_object()) {
        return invalid_parameter("Please provide a source for function code: Code with ZipFile.");
    }
    return store_zip(operation, code->get_object(), {});
}

Result<Answer> create(Operation& operation, store::Transaction& rows, TimePoint now) {
    auto function = new_function(operation);
    if (!function) return std::unexpected(function.error());
    const auto publish = operation.flag("Publish");
    if (!publish) return std::unexpected(publish.error());
    function->code_sha256 = operation.code.sha256;
    function->code_size = operation.code.size;
    if (auto ok = check_permission(operation.context, rows, *function, function->dead_letter_arn); !ok) {
        return std::unexpected(ok.error());
    }
    auto decided = functions::create_function(rows, *function, now, operation.context.random.uuid());
    if (!decided) return std::unexpected(decided.error());
    rows.apply(decided->writes);
    if (*publish) return publish_latest(operation, rows, now, {}, 201);
    return Answer{201, function_configuration(operation.context, decided->answer, {})};
}

Result<void> store_update(Operation& operation) {
    const auto function = operation.latest(*operation.context.store.snapshot());
    if (!function) return std::unexpected(function.error());
    if (!function->is_zip()) {
        return invalid_parameter(
            "Please don't provide ZipFile when updating a function with packageType Image. `holdpoint deploy` changes "
            "the executable that runs in the image's stead.");
    }
    if (auto ok = check_architecture_member(operation.body); !ok) return ok;
    constexpr std::string_view kOthers[] = {"Publish", "DryRun", "RevisionId", "Architectures"};
    return store_zip(operation, operation.body, kOthers);
}

Result<Answer> update(Operation& operation, store::Transaction& rows, TimePoint now) {
    auto function = operation.latest(rows);
    if (!function) return std::unexpected(function.error());
    const auto publish = operation.flag("Publish");
    if (!publish) return std::unexpected(publish.error());
    const auto dry_run = operation.flag("DryRun");
    if (!dry_run) return std::unexpected(dry_run.error());
    function->code_sha256 = operation.code.sha256;
    function->code_size = operation.code.size;
    auto decided = functions::update_function(rows, *function, now, operation.context.random.uuid());
    if (!decided) return std::unexpected(operation.missing(decided.error()));
    Answer shown{200, function_configuration(operation.context, decided->answer, {})};
    if (*dry_run) return shown;
    rows.apply(decided->writes);
    return *publish ? publish_latest(operation, rows, now, {}, 200) : shown;
}

}  // namespace

Result<void> authorize_role(const Operation& operation) {
    const std::string role = operation.text("Role");
    if (role.empty()) return {};
    if (auto ok = operation.call.authorize("iam:PassRole", role); !ok) return ok;
    const std::string name(identity::role_name_of(role));
    if (name.empty()) return {};  // refused where it is read
    // The very ARN that the policy was asked about, or another role would be passed.
    const bool is_here = role == identity::role_arn(operation.context.account, name);
    if (is_here && operation.context.store.snapshot()->get(Space::roles, name)) return {};
    return invalid_parameter(
        fmt::format("The role defined for the function cannot be assumed by Lambda: there is no role {} on this "
                    "server; deploy a template that has it.",
                    role));
}

void create_function(const SharedOperation& operation) {
    if (auto ok = operation->read_body(); !ok) return respond_error(operation->call, ok.error());
    const std::string name = operation->text("FunctionName");
    if (name.empty()) {
        return respond_error(operation->call, missing_violation("functionName").error());
    }
    if (auto ok = operation->prepare("CreateFunction", name); !ok) return respond_error(operation->call, ok.error());
    if (auto ok = store_new(*operation); !ok) return respond_error(operation->call, ok.error());
    submit(operation, &create);
}

void update_code(const SharedOperation& operation) {
    if (auto ok = store_update(*operation); !ok) return respond_error(operation->call, ok.error());
    submit(operation, &update);
}

}  // namespace holdpoint::api
