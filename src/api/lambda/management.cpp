#include "api/lambda/management.hpp"

#include <fmt/format.h>

#include <functional>

#include "api/lambda/parts.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "functions/registry.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kPrefix = "/2015-03-31/functions";
constexpr std::size_t kPageDefault = 50;
constexpr std::size_t kPageMax = 10000;

/// What the path says: function, the collection below it, and the member of that collection.
struct Route {
    std::string function;
    std::string part;
    std::string item;
};

std::optional<Route> read_route(std::string_view path) {
    if (!path.starts_with(kPrefix)) return std::nullopt;
    path.remove_prefix(kPrefix.size());
    std::vector<std::string> parts;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view part = path.substr(0, path.find('/'));
        parts.push_back(percent_decode(part));
        path.remove_prefix(part.size());
    }
    while (!parts.empty() && parts.back().empty()) parts.pop_back();
    if (parts.size() > 3) return std::nullopt;
    parts.resize(3);
    return Route{parts[0], parts[1], parts[2]};
}

json::object alias_json(const Context& context, const std::string& function, const functions::Alias& alias) {
    return {{"AliasArn", functions::function_arn(context.region, context.account, function, alias.name)},
            {"Name", alias.name},
            {"FunctionVersion", alias.version},
            {"Description", alias.description},
            {"RevisionId", alias.revision_id}};
}

struct Answer {
    int status = 200;
    json::value body;
};

class Operation {
public:
    Operation(const Context& context, Call& call, Route route)
        : context_(context), call_(call), route_(std::move(route)) {}

    /// Starts the operation that method and path mean; false when there is none.
    bool run() {
        const std::string& method = call_.request.method;
        if (route_.function.empty()) return method == "GET" && read("ListFunctions", [this] { return list(); });
        if (route_.part.empty()) {
            if (method == "GET") return read("GetFunction", [this] { return get(); });
            if (method == "DELETE") return write("DeleteFunction", &Operation::remove);
            return false;
        }
        if (route_.part == "configuration" && route_.item.empty()) {
            if (method == "GET") return read("GetFunctionConfiguration", [this] { return get_configuration(); });
            if (method == "PUT") return write("UpdateFunctionConfiguration", &Operation::update_configuration);
            return false;
        }
        if (route_.part == "versions" && route_.item.empty()) {
            if (method == "GET") return read("ListVersionsByFunction", [this] { return list_versions(); });
            if (method == "POST") return write("PublishVersion", &Operation::publish);
            return false;
        }
        if (route_.part == "aliases") return run_alias(method);
        return false;
    }

private:
    using Write = Result<Answer> (Operation::*)(store::Transaction& rows, TimePoint now);

    bool run_alias(const std::string& method) {
        if (route_.item.empty()) {
            if (method == "GET") return read("ListAliases", [this] { return list_aliases(); });
            if (method == "POST") return write("CreateAlias", &Operation::create_alias);
            return false;
        }
        if (method == "GET") return read("GetAlias", [this] { return get_alias(); });
        if (method == "PUT") return write("UpdateAlias", &Operation::update_alias);
        if (method == "DELETE") return write("DeleteAlias", &Operation::delete_alias);
        return false;
    }

    Result<void> prepare(const std::string& name) {
        std::string resource = "*";
        if (!route_.function.empty()) {
            auto reference = functions::read_reference(route_.function, query_value(call_.request, "Qualifier"));
            if (!reference) return std::unexpected(reference.error());
            reference_ = std::move(*reference);
            resource =
                functions::function_arn(context_.region, context_.account, reference_.name, reference_.qualifier);
        }
        return call_.authorize("lambda:" + name, resource);
    }

    static void respond(const Call& call, const Result<Answer>& result) {
        if (!result) return respond_error(call, result.error());
        if (result->status == 204) {
            return call.respond({.status = 204, .headers = {{"x-amzn-RequestId", call.request_id}}, .body = {}});
        }
        call.respond(rest_json_answer(result->status, result->body, call.request_id));
    }

    bool read(const std::string& name, const std::function<Result<Answer>()>& work) {
        const auto ok = prepare(name);
        respond(call_, ok ? work() : std::unexpected(ok.error()));
        return true;
    }

    bool write(const std::string& name, Write work) {
        if (const auto ok = prepare(name); !ok) {
            respond_error(call_, ok.error());
            return true;
        }
        boost::system::error_code problem;
        if (!call_.request.body.empty()) body_ = json::parse(call_.request.body, problem);
        if (problem || !body_.is_object()) {
            respond_error(call_, {"SerializationException", 400, "The request body is not a JSON object.", {}});
            return true;
        }
        auto shared = std::make_shared<Call>(std::move(call_));
        auto self = std::make_shared<Operation>(context_, *shared, route_);
        self->reference_ = reference_;
        self->body_ = body_;
        context_.writer.submit([self, shared, work](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            auto result = (self.get()->*work)(rows, now);
            return [shared, result = std::move(result)] { respond(*shared, result); };
        });
        return true;
    }

    Result<functions::Function> resolve(const RowReader& rows) const {
        return functions::resolve(rows, reference_, context_.region, context_.account);
    }

    Result<Answer> get() {
        const auto function = resolve(*context_.store.snapshot());
        if (!function) return std::unexpected(function.error());
        const std::string image =
            fmt::format("holdpoint/{}:{}", function->executable, function->code_sha256.substr(0, 12));
        return Answer{200, json::object{{"Configuration",
                                         function_configuration(context_, *function, !reference_.qualifier.empty())},
                                        {"Code", {{"RepositoryType", "ECR"}, {"ImageUri", image}}}}};
    }

    Result<Answer> get_configuration() {
        const auto function = resolve(*context_.store.snapshot());
        if (!function) return std::unexpected(function.error());
        return Answer{200, function_configuration(context_, *function, !reference_.qualifier.empty())};
    }

    Result<Answer> list() {
        const auto size = query_number(call_.request, "MaxItems", kPageDefault, 1, kPageMax);
        if (!size) return std::unexpected(size.error());
        const std::size_t limit = std::min(*size, kPageDefault);
        const auto found =
            functions::list_functions(*context_.store.snapshot(), query_value(call_.request, "Marker"), limit);
        json::array list;
        for (const auto& function : found) list.emplace_back(function_configuration(context_, function, false));
        json::object body{{"Functions", std::move(list)}};
        if (found.size() == limit) body["NextMarker"] = found.back().name;
        return Answer{200, body};
    }

    Result<Answer> list_versions() {
        const auto size = query_number(call_.request, "MaxItems", kPageDefault, 1, kPageMax);
        if (!size) return std::unexpected(size.error());
        const std::size_t limit = std::min(*size, kPageDefault);
        const auto found = functions::list_versions(*context_.store.snapshot(), reference_.name,
                                                    query_value(call_.request, "Marker"), limit);
        if (!found) return std::unexpected(missing(found.error()));
        json::array list;
        for (const auto& function : *found) list.emplace_back(function_configuration(context_, function, true));
        json::object body{{"Versions", std::move(list)}};
        if (found->size() == limit) body["NextMarker"] = found->back().version;
        return Answer{200, body};
    }

    /// The registry names a function; AWS names its ARN.
    [[nodiscard]] Error missing(Error error) const {
        if (error.name == "ResourceNotFoundException" && error.message.starts_with("Function not found")) {
            error.message =
                "Function not found: " + functions::function_arn(context_.region, context_.account, reference_.name);
        }
        return error;
    }

    [[nodiscard]] std::string text(std::string_view name) const {
        const json::value* value = body_.get_object().if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
    }

    Result<Answer> publish(store::Transaction& rows, TimePoint now) {
        auto decided =
            functions::publish_version(rows, reference_.name, text("Description"), now, context_.random.uuid());
        if (!decided) return std::unexpected(missing(decided.error()));
        rows.apply(decided->writes);
        return Answer{201, function_configuration(context_, decided->answer, true)};
    }

    Result<Answer> remove(store::Transaction& rows, TimePoint) {
        auto writes = functions::delete_function(rows, reference_);
        if (!writes) return std::unexpected(missing(writes.error()));
        rows.apply(*writes);
        return Answer{204, {}};
    }

    Result<Answer> update_configuration(store::Transaction& rows, TimePoint now) {
        auto function = resolve(rows);
        if (!function) return std::unexpected(function.error());
        for (const auto& [name, value] : body_.get_object()) {
            if (auto ok = apply_member(name, value, *function); !ok) return std::unexpected(ok.error());
        }
        auto decided = functions::update_function(rows, *function, now, context_.random.uuid());
        if (!decided) return std::unexpected(missing(decided.error()));
        rows.apply(decided->writes);
        return Answer{200, function_configuration(context_, decided->answer, false)};
    }

    static std::unexpected<Error> wrong(std::string_view name, std::string_view expected) {
        return fail("SerializationException", 400, fmt::format("{} must be {}.", name, expected));
    }

    static Result<void> apply_member(std::string_view name, const json::value& value, functions::Function& function) {
        if (name == "FunctionName" || name == "RevisionId") return {};
        if (name == "Description" || name == "Role") {
            if (!value.is_string()) return wrong(name, "text");
            (name == "Role" ? function.role_arn : function.description) = std::string(value.get_string());
            return {};
        }
        if (name == "Timeout" || name == "MemorySize") {
            if (!value.is_int64()) return wrong(name, "a whole number");
            (name == "Timeout" ? function.timeout_seconds : function.memory_mb) = value.get_int64();
            return {};
        }
        if (name == "Environment") return apply_environment(value, function);
        if (name == "DurableConfig") return apply_durable(value, function);
        return fail("InvalidParameterValueException", 400,
                    fmt::format("UpdateFunctionConfiguration: the member {} is not supported by this server.", name));
    }

    static Result<void> apply_environment(const json::value& value, functions::Function& function) {
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

    static Result<void> apply_durable(const json::value& value, functions::Function& function) {
        const json::object* config = value.if_object();
        if (config == nullptr) return wrong("DurableConfig", "an object");
        functions::DurableConfig durable;
        for (const auto& [key, number] : *config) {
            if (!number.is_int64()) return wrong(key, "a whole number");
            if (key == "ExecutionTimeout") {
                durable.execution_timeout_seconds = number.get_int64();
            } else if (key == "RetentionPeriodInDays") {
                durable.retention_days = number.get_int64();
            } else {
                return fail("InvalidParameterValueException", 400,
                            fmt::format("DurableConfig.{} is not supported by this server.", std::string_view(key)));
            }
        }
        function.durable = durable;
        return {};
    }

    Result<Answer> list_aliases() {
        const auto size = query_number(call_.request, "MaxItems", kPageDefault, 1, kPageMax);
        if (!size) return std::unexpected(size.error());
        const auto rows = context_.store.snapshot();
        if (const auto function = resolve(*rows); !function) return std::unexpected(function.error());
        const auto found = functions::list_aliases(*rows, reference_.name, query_value(call_.request, "Marker"), *size);
        const std::string version = query_value(call_.request, "FunctionVersion");
        json::array list;
        for (const auto& alias : found) {
            if (version.empty() || alias.version == version) {
                list.emplace_back(alias_json(context_, reference_.name, alias));
            }
        }
        json::object body{{"Aliases", std::move(list)}};
        if (found.size() == *size) body["NextMarker"] = found.back().name;
        return Answer{200, body};
    }

    [[nodiscard]] Error missing_alias(Error error) const {
        if (error.message.starts_with("Cannot find alias")) {
            error.message = "Cannot find alias arn: " +
                            functions::function_arn(context_.region, context_.account, reference_.name, route_.item);
        }
        return missing(std::move(error));
    }

    Result<Answer> get_alias() {
        const auto alias = functions::get_alias(*context_.store.snapshot(), reference_.name, route_.item);
        if (!alias) return std::unexpected(missing_alias(alias.error()));
        return Answer{200, alias_json(context_, reference_.name, *alias)};
    }

    Result<Answer> create_alias(store::Transaction& rows, TimePoint) {
        auto decided = functions::create_alias(rows, reference_.name,
                                               {.name = text("Name"),
                                                .version = text("FunctionVersion"),
                                                .description = text("Description"),
                                                .revision_id = context_.random.uuid()});
        if (!decided) return std::unexpected(missing_alias(decided.error()));
        rows.apply(decided->writes);
        return Answer{201, alias_json(context_, reference_.name, decided->answer)};
    }

    Result<Answer> update_alias(store::Transaction& rows, TimePoint) {
        auto decided = functions::update_alias(rows, reference_.name,
                                               {.name = route_.item,
                                                .version = text("FunctionVersion"),
                                                .description = text("Description"),
                                                .revision_id = context_.random.uuid()});
        if (!decided) return std::unexpected(missing_alias(decided.error()));
        rows.apply(decided->writes);
        return Answer{200, alias_json(context_, reference_.name, decided->answer)};
    }

    Result<Answer> delete_alias(store::Transaction& rows, TimePoint) {
        auto writes = functions::delete_alias(rows, reference_.name, route_.item);
        if (!writes) return std::unexpected(writes.error());
        rows.apply(*writes);
        return Answer{204, {}};
    }

    Context context_;
    Call& call_;
    Route route_;
    functions::Reference reference_;
    json::value body_ = json::object{};
};

}  // namespace

json::object function_configuration(const Context& context, const functions::Function& function, bool qualified) {
    const std::string qualifier = qualified ? function.version : "";
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
        {"CodeSha256", function.code_sha256},
        {"Version", function.version},
        {"RevisionId", function.revision_id},
        {"State", "Active"},
        {"LastUpdateStatus", "Successful"},
        {"PackageType", function.package_type},
        {"Architectures", {"x86_64"}},
        {"LoggingConfig", {{"LogFormat", "Text"}, {"LogGroup", function.log_group}}}};
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

bool handle_management(const Context& context, Call& call) {
    auto route = read_route(call.request.path());
    if (!route) return false;
    return Operation(context, call, std::move(*route)).run();
}

}  // namespace holdpoint::api
