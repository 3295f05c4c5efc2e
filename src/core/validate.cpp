// What the service's model says about a checkpoint request, before any state is looked at.
#include <fmt/format.h>

#include <algorithm>

#include "core/checkpoint.hpp"
#include "wire/tenant.hpp"

namespace holdpoint::core {

namespace {

bool is_word(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool is_printable(std::string_view text, char first) {
    return std::all_of(text.begin(), text.end(), [first](char c) { return c >= first && c <= '~'; });
}

class Violations {
public:
    void text(const std::string& path, std::string_view value, std::size_t min, std::size_t max) {
        if (value.size() < min) {
            add(path, value, fmt::format("Member must have length greater than or equal to {}", min));
        } else if (value.size() > max) {
            add(path, value, fmt::format("Member must have length less than or equal to {}", max));
        }
    }
    void word(const std::string& path, std::string_view value, std::size_t max) {
        text(path, value, 1, max);
        if (!is_word(value)) add(path, value, "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+");
    }
    void add(const std::string& path, std::string_view value, std::string_view rule) {
        texts_.push_back(
            fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", value.substr(0, 256), path, rule));
    }
    Result<void> result() const {
        if (texts_.empty()) return {};
        return fail("ValidationException", 400,
                    fmt::format("{} validation error{} detected: {}", texts_.size(), texts_.size() == 1 ? "" : "s",
                                fmt::join(texts_, "; ")));
    }

private:
    std::vector<std::string> texts_;
};

void check_invoke(Violations& violations, const std::string& path, const wire::OperationUpdate& update) {
    violations.text(path + "functionName", *update.function_name, 1, 256);
    if (update.tenant_id) {
        violations.text(path + "tenantId", *update.tenant_id, 1, wire::kTenantIdBytesMax);
        if (!wire::fits_tenant_id(*update.tenant_id)) {
            violations.add(path + "tenantId", *update.tenant_id,
                           fmt::format("Member must satisfy regular expression pattern: {}", wire::kTenantIdPattern));
        }
    }
    if (update.trace_header) violations.text(path + "xAmznTraceId", *update.trace_header, 1, 8192);
}

}  // namespace

Result<void> validate(const wire::CheckpointRequest& request) {
    Violations violations;
    violations.text("checkpointToken", request.checkpoint_token, 1, 2048);
    if (request.client_token) {
        violations.text("clientToken", *request.client_token, 1, 64);
        if (!is_printable(*request.client_token, '!')) {
            violations.add("clientToken", *request.client_token,
                           "Member must satisfy regular expression pattern: [\\x21-\\x7E]+");
        }
    }
    for (std::size_t i = 0; i < request.updates.size(); ++i) {
        const wire::OperationUpdate& update = request.updates[i];
        const std::string path = fmt::format("updates.{}.member.", i + 1);
        violations.word(path + "id", update.id, 64);
        if (update.parent_id) violations.word(path + "parentId", *update.parent_id, 64);
        if (update.sub_type) violations.word(path + "subType", *update.sub_type, 32);
        if (update.name) {
            violations.text(path + "name", *update.name, 1, 256);
            if (!is_printable(*update.name, ' ')) {
                violations.add(path + "name", *update.name,
                               "Member must satisfy regular expression pattern: [\\x20-\\x7E]+");
            }
        }
        if (update.function_name) check_invoke(violations, path + "chainedInvokeOptions.", update);
    }
    return violations.result();
}

}  // namespace holdpoint::core
