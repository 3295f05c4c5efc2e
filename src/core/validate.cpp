// What the service's model says about a checkpoint request, before any state is looked at.
#include <fmt/format.h>

#include <algorithm>

#include "base/violations.hpp"
#include "core/checkpoint.hpp"
#include "wire/tenant.hpp"

namespace holdpoint::core {

namespace {

bool is_printable(std::string_view text, char first) {
    return std::all_of(text.begin(), text.end(), [first](char c) { return c >= first && c <= '~'; });
}

void check_word(Violations& violations, const std::string& path, std::string_view value, std::size_t max) {
    violations.length(path, value, 1, max);
    violations.pattern(path, value, is_word(value), kWordPattern);
}

void check_invoke(Violations& violations, const std::string& path, const wire::OperationUpdate& update) {
    violations.length(path + "functionName", *update.function_name, 1, 256);
    if (update.tenant_id) {
        violations.length(path + "tenantId", *update.tenant_id, 1, wire::kTenantIdBytesMax);
        violations.pattern(path + "tenantId", *update.tenant_id, wire::fits_tenant_id(*update.tenant_id),
                           wire::kTenantIdPattern);
    }
    if (update.trace_header) violations.length(path + "xAmznTraceId", *update.trace_header, 1, 8192);
}

void check_update(Violations& violations, const std::string& path, const wire::OperationUpdate& update) {
    check_word(violations, path + "id", update.id, 64);
    if (update.parent_id) check_word(violations, path + "parentId", *update.parent_id, 64);
    if (update.sub_type) check_word(violations, path + "subType", *update.sub_type, 32);
    if (update.name) {
        violations.length(path + "name", *update.name, 1, 256);
        violations.pattern(path + "name", *update.name, is_printable(*update.name, ' '), "[\\x20-\\x7E]+");
    }
    if (update.function_name) check_invoke(violations, path + "chainedInvokeOptions.", update);
}

}  // namespace

Result<void> validate(const wire::CheckpointRequest& request) {
    Violations violations;
    violations.length("checkpointToken", request.checkpoint_token, 1, 2048);
    violations.pattern("checkpointToken", request.checkpoint_token, is_base64(request.checkpoint_token),
                       kBase64Pattern);
    if (request.client_token) {
        violations.length("clientToken", *request.client_token, 1, 64);
        violations.pattern("clientToken", *request.client_token, is_printable(*request.client_token, '!'),
                           "[\\x21-\\x7E]+");
    }
    for (std::size_t i = 0; i < request.updates.size(); ++i) {
        // Members' paths are made for those updates alone that break a rule.
        Violations any;
        check_update(any, {}, request.updates[i]);
        if (!any.result()) check_update(violations, fmt::format("updates.{}.member.", i + 1), request.updates[i]);
    }
    return violations.result();
}

}  // namespace holdpoint::core
