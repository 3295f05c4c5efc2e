// Apply: brings the server's resources in line with a plan, as one decision.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "api/code/code_store.hpp"
#include "api/deploy/stack_rows.hpp"
#include "base/overlay_rows.hpp"
#include "base/random.hpp"
#include "stacks/plan.hpp"

namespace holdpoint::api {

struct Applied {
    Stack stack;
    std::vector<std::pair<std::string, std::string>> changes;  // logical id, "created" | "updated" | "unchanged" | …
    std::vector<std::string> log_groups_to_create;
    Removal removed;
};

/// `code` is by logical id. Writes into `rows` alone; a refusal leaves nothing. What the stack had and the plan has not
/// is removed, retained resources excepted.
[[nodiscard]] Result<Applied> apply_plan(OverlayRows& rows, const stacks::Plan& plan, const stacks::Target& target,
                                         const std::map<std::string, Code>& code, std::string template_text,
                                         TimePoint now, Random& random);

}  // namespace holdpoint::api
