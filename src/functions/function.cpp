#include "functions/function.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/violations.hpp"
#include "wire/tenant.hpp"

namespace holdpoint::functions {

namespace {

constexpr std::size_t kReferenceMax = 256;
constexpr std::size_t kQualifierMax = 128;

/// Of letters, digits, `-`, `_` and these.
bool consists_of(std::string_view text, std::string_view more = {}) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [more](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || more.find(static_cast<char>(c)) != more.npos;
    });
}

bool is_qualifier(std::string_view text, std::string_view more = {}) {
    return text == kLatest || text == "$LATEST.PUBLISHED" || (text.size() <= kQualifierMax && consists_of(text, more));
}

std::unexpected<Error> invalid(std::string_view function_name) {
    return pattern_violation("functionName", function_name,
                             "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?"
                             "(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?");
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t colon = text.find(':');
        parts.push_back(text.substr(0, colon));
        if (colon == std::string_view::npos) return parts;
        text.remove_prefix(colon + 1);
    }
}

}  // namespace

bool is_name(std::string_view text) {
    return text.size() <= 64 && consists_of(text);
}

Result<Reference> read_reference(std::string_view function_name, std::string_view qualifier) {
    Violations violations;
    violations.length("functionName", function_name, 0, kReferenceMax);
    if (auto fits = violations.result(); !fits) return std::unexpected(fits.error());
    Reference reference;
    std::vector<std::string_view> parts = split(function_name);
    if (parts.size() >= 7 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "function") {
        reference.region = parts[3];
        reference.account = parts[4];
        if (parts[3].empty() || parts[4].empty()) return invalid(function_name);
        parts.erase(parts.begin(), parts.begin() + 6);
    } else if (parts.size() >= 3 && parts[1] == "function") {
        reference.account = parts[0];
        if (parts[0].empty()) return invalid(function_name);
        parts.erase(parts.begin(), parts.begin() + 2);
    }
    // What no function is called is not found; what nothing may be called is refused.
    if (parts.size() > 2 || !consists_of(parts[0], ".")) return invalid(function_name);
    if (parts.size() == 2) {
        if (!is_qualifier(parts[1])) return invalid(function_name);
        reference.qualifier = parts[1];
    }
    reference.name = parts[0];
    if (qualifier.empty()) return reference;
    if (!is_qualifier(qualifier, "$")) {
        return pattern_violation("qualifier", qualifier, "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");
    }
    if (!reference.qualifier.empty() && reference.qualifier != qualifier) {
        return fail("InvalidParameterValueException", 400,
                    "The derived qualifier from the function name does not match the specified qualifier.");
    }
    reference.qualifier = qualifier;
    return reference;
}

Result<void> check_tenant(const Function& function, std::string_view tenant_id) {
    Violations violations;
    violations.length("tenantId", tenant_id, 0, wire::kTenantIdBytesMax);
    violations.pattern("tenantId", tenant_id, wire::fits_tenant_id(tenant_id), wire::kTenantIdPattern);
    if (auto fits = violations.result(); !fits) return fits;
    if (function.tenant_isolation == !tenant_id.empty()) return {};
    return fail("InvalidParameterValueException", 400,
                function.tenant_isolation ? "The invoked function is enabled with tenancy configuration. Add a valid "
                                            "tenant ID in your request and try again."
                                          : "The invoked function is not enabled with tenancy configuration. Remove "
                                            "the tenant ID from your request and try again.");
}

std::string function_arn(std::string_view region, std::string_view account, std::string_view name,
                         std::string_view qualifier) {
    std::string arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", region, account, name);
    if (!qualifier.empty()) arn += fmt::format(":{}", qualifier);
    return arn;
}

}  // namespace holdpoint::functions
