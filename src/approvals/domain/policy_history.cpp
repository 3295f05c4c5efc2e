#include "approvals/domain/policy_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "approvals/domain/reading.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr auto kPut = "put";
constexpr auto kRemoved = "removed";

template <class T>
std::string text_of(const std::vector<T>& list) {
    return durable::to_json(list).dump();
}

/// Those of `policies` that are not the same in `others`.
std::vector<PolicyVersion> without(const std::vector<Policy>& policies, const std::vector<Policy>& others) {
    std::vector<PolicyVersion> versions;
    for (const Policy& policy : policies) {
        if (std::ranges::find(others, policy) == others.end()) versions.push_back(version_of(policy));
    }
    return versions;
}

/// The names of the groups that came, went, or have other members.
std::vector<std::string> changed_groups(const Groups& before, const Groups& after) {
    std::set<std::string> names;
    for (const auto& [name, members] : before) {
        if (const auto now = after.find(name); now == after.end() || now->second != members) names.insert(name);
    }
    for (const auto& [name, members] : after) {
        if (!before.contains(name)) names.insert(name);
    }
    return {names.begin(), names.end()};
}

}  // namespace

PolicyVersion version_of(const Policy& policy) {
    return {
        .name = policy.name, .version = policy.version, .digest = to_hex(sha256(canonical(durable::to_json(policy))))};
}

AuditEvent policies_put(const PolicyFile& stored, const PolicyFile& file, TimePoint at) {
    AuditEvent event{.event = "policies_put", .at = to_iso8601(at)};
    event.details = {{kPut, text_of(without(file.policies, stored.policies))},
                     {kRemoved, text_of(without(stored.policies, file.policies))},
                     {"groups", text_of(changed_groups(stored.groups, file.groups))}};
    return event;
}

std::vector<PolicyVersion> versions_in(const std::vector<AuditRecord>& chain) {
    std::vector<PolicyVersion> versions;
    for (const AuditRecord& record : chain) {
        for (const std::string name : {kPut, kRemoved}) {
            const auto detail = record.details.find(name);
            if (record.event != "policies_put" || detail == record.details.end()) continue;
            try {
                const auto more = durable::from_json<std::vector<PolicyVersion>>(durable::Json::parse(detail->second));
                versions.insert(versions.end(), more.begin(), more.end());
            } catch (const durable::SerdesError&) {
                continue;  // not as it was written: `audit verify` names it
            }
        }
    }
    return versions;
}

Result<void> check_history(const PolicyFile& file, const std::vector<PolicyVersion>& known) {
    for (std::size_t i = 0; i < file.policies.size(); ++i) {
        const PolicyVersion own = version_of(file.policies[i]);
        const bool is_other = std::ranges::any_of(known, [&](const PolicyVersion& before) {
            return before.name == own.name && before.version == own.version && before.digest != own.digest;
        });
        if (!is_other) continue;
        const auto newest = std::ranges::max(
            known, {}, [&](const PolicyVersion& before) { return before.name == own.name ? before.version : 0; });
        return fail("InvalidPolicy", 400,
                    fmt::format("policies[{}].version: expected more than {}, because version {} of {} was stored "
                                "before and said something else; raise the version.",
                                i, newest.version, own.version, in_quotes(own.name)));
    }
    return {};
}

}  // namespace holdpoint::approvals
