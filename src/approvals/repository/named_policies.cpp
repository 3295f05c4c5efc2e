#include "approvals/repository/named_policies.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

namespace {

/// An item holds 400 KB. (AWS API, DynamoDB)
constexpr std::size_t kFileMax = 380'000;

}  // namespace

Result<StoredPolicies> NamedPolicies::read() {
    const auto stored = item_.read();
    if (!stored && stored.error().name == "SettingsUnreadable")
        return fail("InvalidPolicy", 500, stored.error().message);
    if (!stored) return std::unexpected(stored.error());
    if (stored->revision == 0) return StoredPolicies{};
    try {
        auto file = read_policy_file(durable::Json::parse(stored->value));
        if (!file) return std::unexpected(file.error());
        return StoredPolicies{.file = std::move(*file), .revision = stored->revision};
    } catch (const durable::SerdesError& error) {
        return fail("InvalidPolicy", 500, fmt::format("The stored policies cannot be read: {}", error.what()));
    }
}

Result<bool> NamedPolicies::put(const PolicyFile& file, const StoredPolicies& read, Repository& repository,
                                const AuditEvent& event) {
    const std::string text = durable::to_json(file).dump();
    if (text.size() > kFileMax) {
        return fail(
            "InvalidPolicy", 400,
            fmt::format("Expected policies and groups of at most {} bytes in all, found {}.", kFileMax, text.size()));
    }
    auto request = item_.put_request(text, read.revision);
    if (!request) return std::unexpected(request.error());
    return repository.write_with({{"Put", std::move(*request)}}, kPoliciesChain, event);
}

}  // namespace holdpoint::approvals
