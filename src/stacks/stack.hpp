// Stack: what is kept of a deployed template, as rows of Space::stacks (stack name -> JSON).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
#include "stacks/plan.hpp"

namespace holdpoint::stacks {

struct StackResource {
    Resource resource;
    TimePoint updated_at;
    bool was_updated = false;  // since it was created
    friend bool operator==(const StackResource&, const StackResource&) = default;
};

struct Stack {
    std::string name;
    std::string id;  // ARN
    std::string description;
    std::string template_text;
    std::map<std::string, PlannedParameter> parameters;
    std::vector<StackResource> resources;  // in the order of their making
    std::vector<Output> outputs;
    TimePoint created_at;
    std::optional<TimePoint> updated_at;

    /// CREATE_COMPLETE or UPDATE_COMPLETE: a deploy happens as a whole or not at all.
    [[nodiscard]] std::string_view status() const { return updated_at ? "UPDATE_COMPLETE" : "CREATE_COMPLETE"; }
    [[nodiscard]] const StackResource* find(std::string_view logical_id) const;
    friend bool operator==(const Stack&, const Stack&) = default;
};

/// ValidationError unless it is a name as CloudFormation takes them.
[[nodiscard]] Result<void> check_stack_name(std::string_view name);
/// arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>
[[nodiscard]] std::string stack_arn(std::string_view region, std::string_view account, std::string_view name,
                                    std::string_view uuid);

/// ValidationError "Stack with id X does not exist"; by name or ARN.
[[nodiscard]] Result<Stack> load_stack(const RowReader& rows, std::string_view name_or_id);
[[nodiscard]] std::optional<Stack> find_stack(const RowReader& rows, std::string_view name);
/// By name, after `marker`.
[[nodiscard]] std::vector<Stack> list_stacks(const RowReader& rows, std::string_view marker, std::size_t limit);
[[nodiscard]] RowWrite save_stack(const Stack& stack);
[[nodiscard]] RowWrite erase_stack(std::string_view name);

/// The stack and resource that own what has this type and name; nothing when no stack does.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> owner_of(const RowReader& rows, std::string_view type,
                                                                          std::string_view name);

}  // namespace holdpoint::stacks
