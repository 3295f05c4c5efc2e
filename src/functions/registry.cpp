#include "functions/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.hpp"
#include "base/violations.hpp"
#include "functions/function_json.hpp"
#include "functions/keys.hpp"

namespace holdpoint::functions {

namespace {

constexpr std::int64_t kTimeoutMax = 900;
constexpr std::int64_t kMemoryMin = 128;
constexpr std::int64_t kMemoryMax = 10240;
constexpr std::int64_t kExecutionTimeoutMax = 31622400;
constexpr std::int64_t kRetentionMax = 90;
constexpr std::size_t kEnvironmentBytesMax = 4096;
constexpr std::size_t kLogGroupMax = 512;

bool is_log_group(std::string_view name) {
    return std::ranges::all_of(name, [](unsigned char c) {
        return std::isalnum(c) != 0 || std::string_view("._-/#").contains(static_cast<char>(c));
    });
}

std::string version_key(std::string_view name, std::uint64_t number) {
    std::string key = row_prefix(name, kVersionRows);
    append_key_number(key, number);
    return key;
}

std::string alias_key(std::string_view name, std::string_view alias) {
    std::string key = row_prefix(name, kAliasRows);
    append_key_part(key, alias);
    return key;
}

std::optional<Function> read_version(const RowReader& rows, std::string_view name, std::uint64_t number) {
    const auto row = rows.get(Space::functions, version_key(name, number));
    return row ? std::optional(decode_function(*row)) : std::nullopt;
}

/// As it is written in ARNs; policies know no other spelling, so that 01 is none.
std::optional<std::uint64_t> read_version_number(std::string_view text) {
    const auto number = read_number<std::uint64_t>(text);
    return number && std::to_string(*number) == text ? number : std::nullopt;
}

std::unexpected<Error> not_found(std::string_view arn) {
    return fail("ResourceNotFoundException", 404, fmt::format("Function not found: {}", arn));
}

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterValueException", 400, std::move(message));
}

Result<void> check_limits(const Function& function) {
    Violations violations;
    violations.range("timeout", function.timeout_seconds, 1, kTimeoutMax);
    violations.range("memorySize", function.memory_mb, kMemoryMin, kMemoryMax);
    if (function.durable) {
        violations.range("durableConfig.executionTimeout", function.durable->execution_timeout_seconds, 1,
                         kExecutionTimeoutMax);
        violations.range("durableConfig.retentionPeriodInDays", function.durable->retention_days, 1, kRetentionMax);
    }
    if (!function.log_group.empty()) {
        violations.length("loggingConfig.logGroup", function.log_group, 1, kLogGroupMax);
        violations.pattern("loggingConfig.logGroup", function.log_group, is_log_group(function.log_group),
                           "[\\.\\-_/#A-Za-z0-9]+");
    }
    if (auto ok = violations.result(); !ok) return ok;
    // What is in those is the server's own word.
    if (function.log_group.starts_with("/holdpoint/")) {
        return invalid(
            fmt::format("LoggingConfig.LogGroup: '{}' is the server's own; name a log group that does not begin with "
                        "/holdpoint/.",
                        function.log_group));
    }
    std::size_t bytes = 0;
    for (const auto& [name, value] : function.environment) {
        bytes += name.size() + value.size();
        const bool legal =
            !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
            std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
        if (!legal)
            return invalid(fmt::format("Environment variable name '{}' must match [a-zA-Z]([a-zA-Z0-9_])+.", name));
        if (value.contains('\0')) {
            return invalid(
                fmt::format("The environment variable {} has a NUL, where a process would see its end.", name));
        }
        if (name.starts_with("AWS_") || name == "_HANDLER" || name == "LAMBDA_TASK_ROOT") {
            return invalid(fmt::format(
                "Lambda was unable to configure your environment variables because the environment variables "
                "you have provided contains reserved keys that are currently not supported for modification. "
                "Reserved keys used in this request: {}",
                name));
        }
    }
    if (bytes > kEnvironmentBytesMax) {
        return invalid(
            fmt::format("Lambda was unable to configure your environment variables because the environment "
                        "variables you have provided exceeded the 4KB limit ({} bytes).",
                        bytes));
    }
    return {};
}

RowWrite put(const Function& function) {
    const std::uint64_t number = function.version == kLatest ? 0 : *read_number<std::uint64_t>(function.version);
    return {Space::functions, version_key(function.name, number), encode(function)};
}

std::vector<Row> version_rows(const RowReader& rows, std::string_view name) {
    const std::string prefix = row_prefix(name, kVersionRows);
    return rows.scan(Space::functions, prefix, prefix_end(prefix), SIZE_MAX);
}

/// Everything that a version freezes.
bool is_same_version(Function a, const Function& b) {
    a.version = b.version;
    a.last_modified = b.last_modified;
    a.revision_id = b.revision_id;
    a.description = b.description;
    return a == b;
}

}  // namespace

Result<void> check_place(const Reference& reference, std::string_view region, std::string_view account) {
    const std::string_view of = reference.region.empty() ? region : reference.region;
    const std::string_view by = reference.account.empty() ? account : reference.account;
    if (of == region && by == account) return {};
    return not_found(function_arn(of, by, reference.name, reference.qualifier));
}

Result<Function> resolve(const RowReader& rows, const Reference& reference, std::string_view region,
                         std::string_view account) {
    if (auto here = check_place(reference, region, account); !here) return std::unexpected(here.error());
    const std::string arn = function_arn(region, account, reference.name, reference.qualifier);
    std::optional<Function> found;
    if (reference.qualifier.empty() || reference.qualifier == kLatest) {
        found = read_version(rows, reference.name, 0);
    } else if (const auto number = read_version_number(reference.qualifier)) {
        if (*number > 0) found = read_version(rows, reference.name, *number);
    } else if (const auto alias = get_alias(rows, reference.name, reference.qualifier)) {
        found = read_version(rows, reference.name,
                             alias->version == kLatest ? 0 : *read_number<std::uint64_t>(alias->version));
    }
    if (!found) return not_found(arn);
    return *found;
}

Result<Function> choose(const RowReader& rows, const Reference& reference, std::string_view region,
                        std::string_view account, double chance) {
    if (!reference.qualifier.empty() && reference.qualifier != kLatest &&
        !read_number<std::uint64_t>(reference.qualifier)) {
        const auto alias = get_alias(rows, reference.name, reference.qualifier);
        if (alias && !alias->routed_version.empty() && chance < alias->routed_weight) {
            Reference routed = reference;
            routed.qualifier = alias->routed_version;
            return resolve(rows, routed, region, account);
        }
    }
    return resolve(rows, reference, region, account);
}

Result<void> check_revision(std::string_view expected, std::string_view revision_id) {
    if (expected.empty() || expected == revision_id) return {};
    return fail("PreconditionFailedException", 412,
                "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to "
                "retrieve the latest RevisionId");
}

Result<Decided<Function>> create_function(const RowReader& rows, Function function, TimePoint now,
                                          std::string_view revision_id) {
    if (!is_name(function.name)) {
        return invalid(fmt::format("Function name '{}' must be 1 to 64 characters of [a-zA-Z0-9-_].", function.name));
    }
    if (auto ok = check_limits(function); !ok) return std::unexpected(ok.error());
    if (read_version(rows, function.name, 0)) {
        return fail("ResourceConflictException", 409, fmt::format("Function already exist: {}", function.name));
    }
    function.version = kLatest;
    function.last_modified = now;
    function.revision_id = revision_id;
    if (function.log_group.empty()) function.log_group = "/aws/lambda/" + function.name;
    return Decided<Function>{function, {put(function)}};
}

Result<Decided<Function>> update_function(const RowReader& rows, Function function, TimePoint now,
                                          std::string_view revision_id) {
    if (auto ok = check_limits(function); !ok) return std::unexpected(ok.error());
    const auto known = read_version(rows, function.name, 0);
    if (!known) return not_found(function.name);
    if (known->durable.has_value() != function.durable.has_value()) {
        return invalid(
            fmt::format("Function {}: durable execution can only be switched on or off when a function is "
                        "created; delete it first.",
                        function.name));
    }
    if (known->tenant_isolation != function.tenant_isolation) {
        return invalid(
            fmt::format("Function {}: tenant isolation can only be switched on or off when a function is created; "
                        "delete it first.",
                        function.name));
    }
    function.version = kLatest;
    if (function.log_group.empty()) function.log_group = "/aws/lambda/" + function.name;
    function.last_modified = known->last_modified;
    function.revision_id = known->revision_id;
    if (function == *known) return Decided<Function>{*known, {}};
    function.last_modified = now;
    function.revision_id = revision_id;
    return Decided<Function>{function, {put(function)}};
}

Result<Decided<Function>> publish_version(const RowReader& rows, std::string_view name, std::string_view description,
                                          TimePoint now, std::string_view revision_id) {
    const auto versions = version_rows(rows, name);
    if (versions.empty()) return not_found(name);
    Function next = decode_function(versions.front().value);
    const Function last = decode_function(versions.back().value);
    if (versions.size() > 1 && is_same_version(next, last)) return Decided<Function>{last, {}};
    // Numbers are never used again, also when the newest version was deleted: the next one is kept beside them.
    const std::string counter_key = row_prefix(name, kLastVersionRow);
    const auto counter = rows.get(Space::functions, counter_key);
    const std::uint64_t number = counter ? *read_number<std::uint64_t>(*counter) + 1 : 1;
    next.version = std::to_string(number);
    if (!description.empty()) next.description = description;
    next.last_modified = now;
    next.revision_id = revision_id;
    return Decided<Function>{next, {put(next), {Space::functions, counter_key, next.version}}};
}

Result<std::vector<RowWrite>> delete_function(const RowReader& rows, const Reference& reference) {
    const bool whole = reference.qualifier.empty();
    if (!read_version(rows, reference.name, 0)) return not_found(reference.name);
    std::vector<RowWrite> writes;
    if (whole) {
        const std::string prefix = function_prefix(reference.name);
        const std::string counter_key = row_prefix(reference.name, kLastVersionRow);
        for (Row& row : rows.scan(Space::functions, prefix, prefix_end(prefix), SIZE_MAX)) {
            if (row.key == counter_key) continue;
            writes.push_back({Space::functions, std::move(row.key), std::nullopt});
        }
        return writes;
    }
    const auto number = read_version_number(reference.qualifier);
    if (!number || *number == 0) return invalid("$LATEST version cannot be deleted without deleting the function.");
    for (const Alias& alias : list_aliases(rows, reference.name, {}, SIZE_MAX)) {
        if (alias.version != reference.qualifier && alias.routed_version != reference.qualifier) continue;
        return fail("ResourceConflictException", 409,
                    fmt::format("Version {} is used by the alias {}.", reference.qualifier, alias.name));
    }
    if (!read_version(rows, reference.name, *number)) return not_found(reference.name + ":" + reference.qualifier);
    writes.push_back({Space::functions, version_key(reference.name, *number), std::nullopt});
    return writes;
}

std::vector<Function> list_functions(const RowReader& rows, std::string_view marker, std::size_t limit) {
    std::vector<Function> functions;
    std::string from = marker.empty() ? "" : prefix_end(function_prefix(marker));
    while (functions.size() < limit) {
        const auto next = rows.scan(Space::functions, from, {}, 1);
        if (next.empty()) break;
        std::string_view key(next.front().key);
        const std::string name = take_key_part(key).value_or("");
        // The first row of a function is its $LATEST; of one that was deleted its last version's number is left.
        if (next.front().key == version_key(name, 0)) functions.push_back(decode_function(next.front().value));
        from = prefix_end(function_prefix(name));
    }
    return functions;
}

Result<std::vector<Function>> list_versions(const RowReader& rows, std::string_view name, std::string_view marker,
                                            std::size_t limit) {
    const auto versions = version_rows(rows, name);
    if (versions.empty()) return not_found(name);
    const std::uint64_t after =
        marker.empty() || marker == kLatest ? 0 : read_number<std::uint64_t>(marker).value_or(0);
    std::vector<Function> functions;
    for (const Row& row : versions) {
        Function function = decode_function(row.value);
        const std::uint64_t number = function.version == kLatest ? 0 : *read_number<std::uint64_t>(function.version);
        if (!marker.empty() && number <= after) continue;
        if (functions.size() == limit) break;
        functions.push_back(std::move(function));
    }
    return functions;
}

namespace {

/// Both versions must be published, and run alike. (Lambda developer guide, "Alias routing configuration")
Result<void> check_routing(const RowReader& rows, const Function& main, const Alias& alias) {
    if (main.version == kLatest || !read_number<std::uint64_t>(alias.routed_version)) {
        return invalid("$LATEST is not supported for an alias pointing to more than 1 version");
    }
    if (alias.routed_version == alias.version) {
        return invalid(
            fmt::format("Invalid function version {}. Function version {} is already included in routing "
                        "configuration.",
                        alias.routed_version, alias.routed_version));
    }
    if (!(alias.routed_weight >= 0 && alias.routed_weight <= 1)) {
        return invalid(fmt::format("The weight of version {} must be between 0.0 and 1.0, but is {}.",
                                   alias.routed_version, alias.routed_weight));
    }
    Reference reference;
    reference.name = main.name;
    reference.qualifier = alias.routed_version;
    const auto routed = resolve(rows, reference, "", "");
    if (!routed) return not_found(fmt::format("{}:{}", main.name, alias.routed_version));
    if (routed->role_arn == main.role_arn) return {};
    return invalid(
        fmt::format("The versions {} and {} have different roles; an alias can point to both only when they "
                    "have the same execution role.",
                    alias.version, alias.routed_version));
}

Result<void> check_alias(const RowReader& rows, std::string_view function, const Alias& alias) {
    const bool is_number = read_number<std::uint64_t>(alias.name).has_value();
    const bool legal = !alias.name.empty() && alias.name.size() <= 128 && !is_number &&
                       std::all_of(alias.name.begin(), alias.name.end(),
                                   [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
    if (!legal) {
        return invalid(fmt::format("Alias name '{}' must be 1 to 128 characters of [a-zA-Z0-9-_] and not a number.",
                                   alias.name.substr(0, 128)));
    }
    Reference reference;
    reference.name = function;
    reference.qualifier = alias.version;
    const bool is_version = alias.version == kLatest || read_number<std::uint64_t>(alias.version).has_value();
    const auto main = is_version ? resolve(rows, reference, "", "") : not_found(function);
    if (!main) return not_found(fmt::format("{}:{}", function, alias.version));
    return alias.routed_version.empty() ? Result<void>() : check_routing(rows, *main, alias);
}

RowWrite put(std::string_view function, const Alias& alias) {
    return {Space::functions, alias_key(function, alias.name), encode(alias)};
}

}  // namespace

Result<Decided<Alias>> create_alias(const RowReader& rows, std::string_view function, Alias alias) {
    if (auto ok = check_alias(rows, function, alias); !ok) return std::unexpected(ok.error());
    if (get_alias(rows, function, alias.name)) {
        return fail("ResourceConflictException", 409, fmt::format("Alias already exists: {}:{}", function, alias.name));
    }
    return Decided<Alias>{alias, {put(function, alias)}};
}

Result<Decided<Alias>> update_alias(const RowReader& rows, std::string_view function, Alias alias) {
    const auto known = get_alias(rows, function, alias.name);
    if (!known) return std::unexpected(known.error());
    if (alias.version.empty()) alias.version = known->version;
    if (auto ok = check_alias(rows, function, alias); !ok) return std::unexpected(ok.error());
    return Decided<Alias>{alias, {put(function, alias)}};
}

Result<std::vector<RowWrite>> delete_alias(const RowReader& rows, std::string_view function, std::string_view alias) {
    if (!get_alias(rows, function, alias)) return std::vector<RowWrite>{};  // deleting twice is success, as on AWS
    return std::vector<RowWrite>{{Space::functions, alias_key(function, alias), std::nullopt}};
}

Result<Alias> get_alias(const RowReader& rows, std::string_view function, std::string_view alias) {
    const auto row = rows.get(Space::functions, alias_key(function, alias));
    if (row) return decode_alias(*row);
    return fail("ResourceNotFoundException", 404, fmt::format("Cannot find alias: {}:{}", function, alias));
}

std::vector<Alias> list_aliases(const RowReader& rows, std::string_view function, std::string_view marker,
                                std::size_t limit) {
    const std::string prefix = row_prefix(function, kAliasRows);
    const std::string from = marker.empty() ? prefix : alias_key(function, marker) + '\0';
    std::vector<Alias> aliases;
    for (const Row& row : rows.scan(Space::functions, from, prefix_end(prefix), limit)) {
        aliases.push_back(decode_alias(row.value));
    }
    return aliases;
}

std::vector<std::string> code_in_use(const RowReader& rows) {
    std::set<std::string> digests;
    for (const Function& latest : list_functions(rows, {}, SIZE_MAX)) {
        for (const Row& row : version_rows(rows, latest.name)) digests.insert(decode_function(row.value).code_sha256);
    }
    return {digests.begin(), digests.end()};
}

}  // namespace holdpoint::functions
