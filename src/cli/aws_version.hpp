// Which `aws` is on the PATH, and whether it would honour AWS_ENDPOINT_URL or talk to the real AWS instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdpoint::cli {

struct AwsVersion {
    int major = 0;
    int minor = 0;
    friend bool operator==(const AwsVersion&, const AwsVersion&) = default;
};

/// Reads `aws-cli/2.9.19 Python/3.11.2 …`.
[[nodiscard]] std::optional<AwsVersion> parse_aws_version(std::string_view text);
/// From 1.29 and from 2.13 on. (AWS SDKs and Tools Reference, "Service-specific endpoints")
[[nodiscard]] bool honours_endpoint_url(AwsVersion version);
/// What `aws --version` says; nothing when there is no such command.
[[nodiscard]] std::optional<std::string> installed_aws_version();

}  // namespace holdpoint::cli
