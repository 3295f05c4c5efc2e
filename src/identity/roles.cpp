#include "identity/roles.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>
#include <cctype>

#include "base/log.hpp"

namespace holdpoint::identity {

namespace json = boost::json;

Result<RowWrite> put_role(const Role& role) {
    const auto is_legal = [](unsigned char c) {
        return std::isalnum(c) != 0 || std::string_view("_+=,.@-").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (role.name.empty() || !std::ranges::all_of(role.name, is_legal)) {
        return fail("ValidationError", 400,
                    fmt::format("Role name '{}' must be letters, digits and _+=,.@-", role.name));
    }
    json::object policies;
    for (const auto& [name, document] : role.policies) {
        if (auto policy = parse_policy(document); !policy) {
            Error error = policy.error();
            error.message = fmt::format("Role {}, policy {}: {}", role.name, name, error.message);
            return std::unexpected(std::move(error));
        }
        const auto [known, is_new] = policies.emplace(name, json::parse(document));
        if (!is_new && known->value() != json::parse(document)) {
            return fail("MalformedPolicyDocument", 400,
                        fmt::format("Role {} has two policies {}; each needs a name of its own", role.name, name));
        }
    }
    return RowWrite{Space::roles, role.name, json::serialize(json::object{{"policies", std::move(policies)}})};
}

RowWrite erase_role(std::string_view name) {
    return {Space::roles, std::string(name), std::nullopt};
}

namespace {

/// A policy that an earlier version took, and that cannot be evaluated, may have denied anything: it denies everything.
Policy deny_all() {
    Statement statement;
    statement.effect = Effect::deny;
    statement.actions = {"*"};
    statement.resources = {"*"};
    return {statement};
}

std::vector<Policy> read_policies(const std::string& name, const std::string& row) {
    std::vector<Policy> result;
    const json::value role = json::parse(row);
    for (const auto& [policy_name, document] : role.at("policies").as_object()) {
        auto policy = parse_policy(json::serialize(document));
        if (!policy) {
            log::write(log::Level::error, "a role may do nothing until its policy is deployed anew",
                       {{"role", name}, {"policy", policy_name}, {"why", policy.error().message}});
        }
        result.push_back(policy ? std::move(*policy) : deny_all());
    }
    return result;
}

}  // namespace

PolicyCache::Policies PolicyCache::kept(const std::string& name, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    const auto found = of_roles_.find(name);
    return version != version_ || found == of_roles_.end() ? nullptr : found->second;
}

PolicyCache::Policies PolicyCache::read(const RowReader& rows, const std::string& name, std::uint64_t version) {
    const auto row = rows.get(Space::roles, name);
    if (!row) return std::make_shared<const std::vector<Policy>>();
    auto policies = std::make_shared<const std::vector<Policy>>(read_policies(name, *row));
    const std::lock_guard lock(mutex_);
    if (version > version_) {
        of_roles_.clear();  // those of roles that are gone, too
        version_ = version;
    }
    if (version == version_) of_roles_[name] = policies;
    return policies;
}

std::string role_arn(std::string_view account, std::string_view name) {
    return fmt::format("arn:aws:iam::{}:role/{}", account, name);
}

std::string_view role_name_of(std::string_view arn) {
    constexpr std::string_view kMark = ":role/";
    const std::size_t mark = arn.find(kMark);
    return mark == std::string_view::npos ? std::string_view{} : arn.substr(mark + kMark.size());
}

}  // namespace holdpoint::identity
