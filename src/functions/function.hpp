// Function: the configuration of one version of a Lambda function, and names of functions. (AWS API, Lambda)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace holdpoint::functions {

struct DurableConfig {
    std::int64_t execution_timeout_seconds = 0;  // 1..31,622,400
    std::int64_t retention_days = 14;            // 1..90
    friend bool operator==(const DurableConfig&, const DurableConfig&) = default;
};

inline constexpr std::string_view kLatest = "$LATEST";
/// What starts a function that is an archive. (Lambda developer guide, "OS-only runtimes")
inline constexpr std::string_view kBootstrap = "bootstrap";

/// One version as it is stored. `$LATEST` changes; a numbered version never does.
struct Function {
    std::string name;
    std::string version = std::string(kLatest);
    std::string role_arn;
    std::string description;
    std::string package_type = "Image";  // "Image": an executable that stands in for the image; or "Zip"
    std::string executable;              // the executable's name: as deployed (`approvals_workflow`), or `bootstrap`
    std::string runtime;                 // Zip: provided.al2023
    std::string handler;                 // Zip: what the function finds in _HANDLER
    std::string code_sha256;             // hex; <data>/code/<code_sha256> is the executable, or the unpacked archive
    std::int64_t code_size = 0;
    std::int64_t timeout_seconds = 3;  // of one invocation, 1..900
    std::int64_t memory_mb = 128;
    std::map<std::string, std::string> environment;
    std::optional<DurableConfig> durable;
    bool tenant_isolation = false;  // TenancyConfig PER_TENANT: invocations name a tenant; a process serves one alone
    std::string dead_letter_arn;    // a topic that gets asynchronous events which failed; empty: none
    std::string log_group;          // /aws/lambda/<name> unless configured
    TimePoint last_modified;
    std::string revision_id;
    [[nodiscard]] bool is_zip() const { return package_type == "Zip"; }
    friend bool operator==(const Function&, const Function&) = default;
};

/// What a client wrote for FunctionName, and where it points: `name`, `name:qualifier`, `account:function:name`, or a
/// whole ARN with or without qualifier.
struct Reference {
    std::string name;
    std::string qualifier;  // empty: unqualified
    std::string account;    // empty unless given
    std::string region;     // empty unless given
};

/// Whether a function may be called so.
[[nodiscard]] bool is_name(std::string_view text);

/// Reads a FunctionName and, when given, the separate Qualifier (they must not contradict). An ARN has both its region
/// and its account. ValidationException or InvalidParameterValueException in AWS's words.
[[nodiscard]] Result<Reference> read_reference(std::string_view function_name, std::string_view qualifier = {});

/// A function with tenant isolation is invoked for a tenant, and no other one is. ValidationException when that is no
/// tenant's id, else InvalidParameterValueException.
[[nodiscard]] Result<void> check_tenant(const Function& function, std::string_view tenant_id);

/// arn:aws:lambda:<region>:<account>:function:<name>, and `:<qualifier>` unless it is empty.
[[nodiscard]] std::string function_arn(std::string_view region, std::string_view account, std::string_view name,
                                       std::string_view qualifier = {});

}  // namespace holdpoint::functions
