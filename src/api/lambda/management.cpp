#include "api/lambda/management.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "api/lambda/configuration.hpp"
#include "api/lambda/operation.hpp"
#include "api/lambda/parts.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"

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

/// The ARN has the qualifier that was asked for, an alias too.
json::object show(const Operation& operation, const functions::Function& function) {
    return function_configuration(operation.context, function, operation.reference.qualifier);
}

Result<Answer> get(Operation& operation) {
    const auto function = operation.resolve(*operation.context.store.snapshot());
    if (!function) return std::unexpected(function.error());
    json::object code{{"RepositoryType", "S3"}};
    if (!function->is_zip()) {
        const std::string image =
            fmt::format("holdpoint/{}:{}", function->executable, function->code_sha256.substr(0, 12));
        code = {{"RepositoryType", "ECR"}, {"ImageUri", image}};
    }
    json::object body{{"Configuration", show(operation, *function)}, {"Code", std::move(code)}};
    if (const auto limit = operation.engine.concurrency.reserved(function->name)) {
        body["Concurrency"] = {{"ReservedConcurrentExecutions", *limit}};
    }
    return Answer{200, std::move(body)};
}

Result<Answer> get_configuration(Operation& operation) {
    const auto function = operation.resolve(*operation.context.store.snapshot());
    if (!function) return std::unexpected(function.error());
    return Answer{200, show(operation, *function)};
}

Result<Answer> list(Operation& operation) {
    for (const std::string_view name : {"FunctionVersion", "MasterRegion"}) {
        if (query_value(operation.call.request, name).empty()) continue;
        return invalid_parameter(fmt::format("ListFunctions: the member {} is not supported by this server.", name));
    }
    const auto size = query_max_items(operation.call.request, kPageDefault, 1, kPageMax);
    if (!size) return std::unexpected(size.error());
    const std::size_t limit = std::min(*size, kPageDefault);
    constexpr std::string_view kList = "functions";
    const auto after = query_marker(operation.call.request, kList);
    if (!after) return std::unexpected(after.error());
    const auto found = functions::list_functions(*operation.context.store.snapshot(), *after, limit);
    json::array list;
    for (const auto& function : found) list.emplace_back(function_configuration(operation.context, function, {}));
    json::object body{{"Functions", std::move(list)}};
    if (found.size() == limit) body["NextMarker"] = make_page_token(kList, found.back().name);
    return Answer{200, body};
}

Result<Answer> list_versions(Operation& operation) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    const auto size = query_max_items(operation.call.request, kPageDefault, 1, kPageMax);
    if (!size) return std::unexpected(size.error());
    const std::size_t limit = std::min(*size, kPageDefault);
    const std::string name = "versions/" + operation.reference.name;
    const auto after = query_marker(operation.call.request, name);
    if (!after) return std::unexpected(after.error());
    const auto found =
        functions::list_versions(*operation.context.store.snapshot(), operation.reference.name, *after, limit);
    if (!found) return std::unexpected(operation.missing(found.error()));
    json::array list;
    for (const auto& function : *found) {
        list.emplace_back(function_configuration(operation.context, function, function.version));
    }
    json::object body{{"Versions", std::move(list)}};
    if (found->size() == limit) body["NextMarker"] = make_page_token(name, found->back().version);
    return Answer{200, body};
}

Result<Answer> publish(Operation& operation, store::Transaction& rows, TimePoint now) {
    constexpr std::string_view kMembers[] = {"CodeSha256", "Description", "RevisionId"};
    if (auto ok = operation.check_members("PublishVersion", kMembers); !ok) return std::unexpected(ok.error());
    const auto function = operation.latest(rows);
    if (!function) return std::unexpected(function.error());
    const std::string digest = code_sha256_text(*function);
    if (const std::string wanted = operation.text("CodeSha256"); !wanted.empty() && wanted != digest) {
        return invalid_parameter(
            fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with "
                        "the CodeSHA256 in $LATEST.",
                        wanted, digest));
    }
    const auto description = operation.description();
    if (!description) return std::unexpected(description.error());
    return publish_latest(operation, rows, now, *description, 201);
}

Result<Answer> remove(Operation& operation, store::Transaction& rows, TimePoint) {
    auto writes = functions::delete_function(rows, operation.reference);
    if (!writes) return std::unexpected(operation.missing(writes.error()));
    rows.apply(*writes);
    if (operation.reference.qualifier.empty()) {
        // In a command of its own, so that it follows the commit: until then the limit holds.
        operation.context.writer.submit([&concurrency = operation.engine.concurrency, name = operation.reference.name](
                                            const auto&, TimePoint) -> engine::AfterCommit {
            return [&concurrency, name] { concurrency.forget(name); };
        });
    }
    return Answer{204, {}};
}

Result<Answer> update_configuration(Operation& operation, store::Transaction& rows, TimePoint now) {
    auto function = operation.latest(rows);
    if (!function) return std::unexpected(function.error());
    constexpr std::string_view kOthers[] = {"FunctionName", "RevisionId"};
    if (auto ok = apply_configuration(operation.body, "UpdateFunctionConfiguration", kOthers, *function); !ok) {
        return std::unexpected(ok.error());
    }
    if (auto ok = check_permission(operation.context, rows, *function, function->dead_letter_arn); !ok) {
        return std::unexpected(ok.error());
    }
    auto decided = functions::update_function(rows, *function, now, operation.context.random.uuid());
    if (!decided) return std::unexpected(operation.missing(decided.error()));
    rows.apply(decided->writes);
    return Answer{200, function_configuration(operation.context, decided->answer, {})};
}

void begin_update_configuration(const SharedOperation& operation) {
    if (auto ok = authorize_role(*operation); !ok) return respond_error(operation->call, ok.error());
    submit(operation, &update_configuration);
}

/// An operation: read() answers at once, write() is decided by the writer, begin() sees to it itself.
struct Handler {
    std::string_view method;
    std::string_view part;  // of the path below the function
    bool has_item;
    std::string_view name;
    Result<Answer> (*read)(Operation&);
    Write write;
    void (*begin)(const SharedOperation&);
};

constexpr Handler kHandlers[] = {
    {"GET", "", false, "GetFunction", &get, nullptr, nullptr},
    {"DELETE", "", false, "DeleteFunction", nullptr, &remove, nullptr},
    {"PUT", "code", false, "UpdateFunctionCode", nullptr, nullptr, &update_code},
    {"GET", "configuration", false, "GetFunctionConfiguration", &get_configuration, nullptr, nullptr},
    {"PUT", "configuration", false, "UpdateFunctionConfiguration", nullptr, nullptr, &begin_update_configuration},
    {"GET", "versions", false, "ListVersionsByFunction", &list_versions, nullptr, nullptr},
    {"POST", "versions", false, "PublishVersion", nullptr, &publish, nullptr},
    {"GET", "aliases", false, "ListAliases", &list_aliases, nullptr, nullptr},
    {"POST", "aliases", false, "CreateAlias", nullptr, &create_alias, nullptr},
    {"GET", "aliases", true, "GetAlias", &get_alias, nullptr, nullptr},
    {"PUT", "aliases", true, "UpdateAlias", nullptr, &update_alias, nullptr},
    {"DELETE", "aliases", true, "DeleteAlias", nullptr, &delete_alias, nullptr}};

void run(const Handler& handler, const SharedOperation& operation, const Route& route) {
    if (auto ok = operation->prepare(handler.name, route.function); !ok) {
        return respond_error(operation->call, ok.error());
    }
    operation->item = route.item;
    if (handler.read != nullptr) return respond(*operation, handler.read(*operation));
    if (auto ok = operation->read_body(); !ok) return respond_error(operation->call, ok.error());
    if (handler.write != nullptr) return submit(operation, handler.write);
    handler.begin(operation);
}

}  // namespace

bool handle_management(const Context& context, const LambdaEngine& engine, Call& call) {
    const auto route = read_route(call.request.path());
    if (!route) return false;
    const std::string method = call.request.method;
    const auto make = [&] { return std::make_shared<Operation>(context, engine, std::move(call)); };
    if (route->function.empty()) {
        if (method == "POST") {
            create_function(make());
            return true;
        }
        if (method != "GET") return false;
        run({"GET", "", false, "ListFunctions", &list, nullptr, nullptr}, make(), *route);
        return true;
    }
    for (const Handler& handler : kHandlers) {
        const bool meant =
            handler.method == method && handler.part == route->part && handler.has_item == !route->item.empty();
        if (!meant) continue;
        run(handler, make(), *route);
        return true;
    }
    return false;
}

}  // namespace holdpoint::api
