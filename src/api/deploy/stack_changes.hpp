// Stack changes: deciding a whole deploy or deletion at once, so that one that fails has changed nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/deploy/resources.hpp"
#include "stacks/stack.hpp"

namespace holdpoint::api {

struct ResourceChange {
    std::string logical_id;
    std::string type;
    std::string physical_id;
    ChangeKind kind = ChangeKind::unchanged;
    friend bool operator==(const ResourceChange&, const ResourceChange&) = default;
};

struct StackChange {
    stacks::Stack stack;
    std::vector<ResourceChange> changes;
    std::vector<std::string> warnings;
    Effects effects;
};

/// Where and when, and what ids derive from.
struct Occasion {
    std::string region;
    std::string account;
    TimePoint now;
    std::string nonce;  // secret, never repeated
};

struct Deployment {
    std::string stack_name;
    std::string stack_id;  // of the stack when it exists, else a new one
    std::string template_text;
    stacks::Plan plan;
    std::map<std::string, Code> code;
};

/// Creates the stack or brings it to what the plan says; resources that the plan no longer has are deleted, unless
/// their DeletionPolicy retains them.
[[nodiscard]] Result<Decided<StackChange>> deploy_stack(const RowReader& rows, const Deployment& deployment,
                                                        const Occasion& occasion);

/// `with_retained` deletes also what the template retains.
[[nodiscard]] Result<Decided<StackChange>> delete_stack(const RowReader& rows, const stacks::Stack& stack,
                                                        bool with_retained, const Occasion& occasion);

}  // namespace holdpoint::api
