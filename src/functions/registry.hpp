// Registry: functions, their versions and aliases, as rows of Space::functions. (AWS API, Lambda)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/rows.hpp"
#include "functions/function.hpp"

namespace holdpoint::functions {

struct Alias {
    std::string name;
    std::string version;
    std::string description;
    std::string revision_id;
    std::string routed_version = {};  // takes `routed_weight` (0..1) of the invocations; empty: none
    double routed_weight = 0;
    friend bool operator==(const Alias&, const Alias&) = default;
};

/// ResourceNotFoundException when the reference names another region or account.
[[nodiscard]] Result<void> check_place(const Reference& reference, std::string_view region, std::string_view account);

/// The version that a reference means now: `$LATEST` when unqualified, a numbered version, or an alias's version.
/// ResourceNotFoundException (404) "Function not found: <arn>".
[[nodiscard]] Result<Function> resolve(const RowReader& rows, const Reference& reference, std::string_view region,
                                       std::string_view account);
/// The same for an invocation: `chance` (uniform in [0, 1)) picks between the two versions of a routed alias.
[[nodiscard]] Result<Function> choose(const RowReader& rows, const Reference& reference, std::string_view region,
                                      std::string_view account, double chance);

/// PreconditionFailedException (412) unless `expected` is empty or the revision that is there.
[[nodiscard]] Result<void> check_revision(std::string_view expected, std::string_view revision_id);

/// ResourceConflictException (409) when it exists; InvalidParameterValueException for limits.
[[nodiscard]] Result<Decided<Function>> create_function(const RowReader& rows, Function function, TimePoint now,
                                                        std::string_view revision_id);
/// Replaces code and configuration of `$LATEST`. Durability cannot be switched on or off after creation.
[[nodiscard]] Result<Decided<Function>> update_function(const RowReader& rows, Function function, TimePoint now,
                                                        std::string_view revision_id);
/// Freezes `$LATEST` as the next number; when nothing changed since the last one, answers that one and writes nothing.
[[nodiscard]] Result<Decided<Function>> publish_version(const RowReader& rows, std::string_view name,
                                                        std::string_view description, TimePoint now,
                                                        std::string_view revision_id);
/// Removes a function with all versions and aliases, or (with a number) one version. Its numbers stay used, for the
/// sake of executions that wait on them.
[[nodiscard]] Result<std::vector<RowWrite>> delete_function(const RowReader& rows, const Reference& reference);

/// `$LATEST` of every function, by name, after `marker`.
[[nodiscard]] std::vector<Function> list_functions(const RowReader& rows, std::string_view marker, std::size_t limit);
/// `$LATEST` and numbered versions in order, after `marker` (a version).
[[nodiscard]] Result<std::vector<Function>> list_versions(const RowReader& rows, std::string_view name,
                                                          std::string_view marker, std::size_t limit);

[[nodiscard]] Result<Decided<Alias>> create_alias(const RowReader& rows, std::string_view function, Alias alias);
[[nodiscard]] Result<Decided<Alias>> update_alias(const RowReader& rows, std::string_view function, Alias alias);
/// Deleting what is not there is success, as on AWS.
[[nodiscard]] Result<std::vector<RowWrite>> delete_alias(const RowReader& rows, std::string_view function,
                                                         std::string_view alias);
[[nodiscard]] Result<Alias> get_alias(const RowReader& rows, std::string_view function, std::string_view alias);
[[nodiscard]] std::vector<Alias> list_aliases(const RowReader& rows, std::string_view function, std::string_view marker,
                                              std::size_t limit);

/// Every code digest that some version still refers to.
[[nodiscard]] std::vector<std::string> code_in_use(const RowReader& rows);

}  // namespace holdpoint::functions
