#include <fmt/format.h>

#include <algorithm>

#include "approvals/domain/policy.hpp"
#include "approvals/domain/reading.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kStagesMax = 20;
constexpr std::size_t kPeopleMax = 200;
constexpr std::size_t kGroupsMax = 20;
constexpr std::size_t kRemindersMax = 10;
constexpr std::size_t kPoliciesMax = 200;
constexpr std::size_t kListedGroupsMax = 1000;
constexpr std::int64_t kVersionMax = 1'000'000'000;
constexpr std::int64_t kSecondsMax = 366LL * 24 * 3600;

std::vector<std::string> read_names(const Reader& list, std::size_t max, std::size_t length_max) {
    std::vector<std::string> names;
    for (const Reader& element : list.elements(0, max)) {
        std::string name = element.name(length_max);
        const bool known = std::any_of(names.begin(), names.end(),
                                       [&](const std::string& other) { return is_same_name(other, name); });
        if (known) element.refuse(fmt::format("{} is there twice.", in_quotes(name)));
        names.push_back(std::move(name));
    }
    return names;
}

Approvers read_approvers(const Reader& json) {
    json.only({"people", "groups"});
    Approvers approvers;
    if (json.has("people")) approvers.people = read_names(json.member("people"), kPeopleMax, kPersonMax);
    if (json.has("groups")) approvers.groups = read_names(json.member("groups"), kGroupsMax, kGroupMax);
    if (approvers.people.empty() && approvers.groups.empty()) json.expected("people, groups or both", "nobody");
    return approvers;
}

Stage read_stage(const Reader& json) {
    json.only({"name", "approvers", "required", "of"});
    Stage stage;
    stage.name = json.member("name").text(kNameMax);
    const auto votes_max = static_cast<std::int64_t>(kPeopleMax);
    if (json.has("approvers")) stage.approvers = read_approvers(json.member("approvers"));
    if (json.has("required")) stage.required = json.member("required").number(1, votes_max);
    if (json.has("of")) stage.of = json.member("of").number(1, votes_max);
    if (stage.of && stage.required > *stage.of) {
        json.member("required")
            .expected(fmt::format("at most {}, as many as vote (of)", *stage.of), std::to_string(stage.required));
    }
    return stage;
}

std::vector<Stage> read_stages(const Reader& json) {
    std::vector<Stage> stages;
    for (const Reader& element : json.elements(1, kStagesMax)) {
        Stage stage = read_stage(element);
        const bool known = std::any_of(stages.begin(), stages.end(),
                                       [&](const Stage& other) { return is_same_person(other.name, stage.name); });
        if (known)
            element.member("name").refuse(fmt::format("{} is another stage's name, too.", in_quotes(stage.name)));
        stages.push_back(std::move(stage));
    }
    return stages;
}

std::vector<std::int64_t> read_reminders(const Reader& json) {
    std::vector<std::int64_t> reminders;
    for (const Reader& element : json.elements(0, kRemindersMax)) {
        const std::int64_t seconds = element.number(1, kSecondsMax);
        if (std::find(reminders.begin(), reminders.end(), seconds) != reminders.end()) {
            element.refuse(fmt::format("{} is there twice.", seconds));
        }
        reminders.push_back(seconds);
    }
    return reminders;
}

Escalation read_escalation(const Reader& json) {
    json.only({"after_seconds", "to", "extend_seconds"});
    Escalation escalation;
    if (json.has("after_seconds")) escalation.after_seconds = json.member("after_seconds").number(1, kSecondsMax);
    escalation.to = read_approvers(json.member("to"));
    if (json.has("extend_seconds")) escalation.extend_seconds = json.member("extend_seconds").number(0, kSecondsMax);
    return escalation;
}

/// What goes together, and what does not.
void check_escalation(const Reader& json, const Policy& policy) {
    const Reader escalation = json.member("escalation");
    if (policy.on_timeout != TimeoutRule::escalate) {
        if (policy.escalation && !policy.escalation->after_seconds) {
            escalation.member("after_seconds").expected("a number, or on_timeout 'escalate'", "nothing");
        }
        return;
    }
    if (!policy.escalation) {
        json.member("on_timeout").expected("'escalate' together with escalation", "no escalation");
    } else if (policy.escalation->extend_seconds == 0) {
        escalation.member("extend_seconds")
            .expected(fmt::format("a whole number from 1 to {} with on_timeout 'escalate'", kSecondsMax),
                      escalation.has("extend_seconds") ? "0" : "nothing");
    }
}

Policy read_policy(const Reader& json) {
    json.only({"name", "version", "stages", "order", "distinct_people", "rejection", "veto", "reminders_before_seconds",
               "escalation", "on_timeout"});
    Policy policy;
    policy.name = json.member("name").text(kNameMax);
    if (json.has("version")) policy.version = json.member("version").number(1, kVersionMax);
    policy.stages = read_stages(json.member("stages"));
    if (json.has("order")) policy.order = json.member("order").choice<StageOrder>();
    if (json.has("distinct_people")) policy.distinct_people = json.member("distinct_people").flag();
    if (json.has("rejection")) policy.rejection = json.member("rejection").choice<RejectionRule>();
    if (json.has("veto")) policy.veto = read_approvers(json.member("veto"));
    if (json.has("reminders_before_seconds")) {
        policy.reminders_before_seconds = read_reminders(json.member("reminders_before_seconds"));
    }
    if (json.has("escalation")) policy.escalation = read_escalation(json.member("escalation"));
    if (json.has("on_timeout")) policy.on_timeout = json.member("on_timeout").choice<TimeoutRule>();
    if (policy.veto && policy.rejection == RejectionRule::veto) {
        json.member("veto").expected("rejection 'quorum' together with veto", "'veto', where every approver has one");
    }
    check_escalation(json, policy);
    return policy;
}

Groups read_groups(const Reader& json) {
    Groups groups;
    for (const auto& [name, members] : json.members(kListedGroupsMax)) {
        if (const auto problem = name_problem(name, kGroupMax); problem || name != trimmed(name)) {
            members.refuse(
                fmt::format("the name of a group has 1 to {} characters, and no white space at its ends, found {}.",
                            kGroupMax, problem.value_or("white space")));
        }
        groups[name] = read_names(members, kPeopleMax, kPersonMax);
    }
    return groups;
}

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidPolicy", 400, std::move(message));
}

}  // namespace

Result<Policy> read_policy(const Json& json, const std::string& path) {
    Reader::Problem problem;
    Policy policy = read_policy(Reader(&json, path, problem));
    if (problem) return invalid(std::move(*problem));
    return policy;
}

Result<PolicyFile> read_policy_file(const Json& json) {
    Reader::Problem problem;
    const Reader reader(&json, "", problem);
    reader.only({"policies", "groups", "digests"});
    PolicyFile file;
    if (reader.has("groups")) file.groups = read_groups(reader.member("groups"));
    for (const Reader& element : reader.member("policies").elements(0, kPoliciesMax)) {
        Policy policy = read_policy(element);
        const bool known = std::any_of(file.policies.begin(), file.policies.end(),
                                       [&](const Policy& other) { return other.name == policy.name; });
        if (known)
            element.member("name").refuse(fmt::format("{} is another policy's name, too.", in_quotes(policy.name)));
        file.policies.push_back(std::move(policy));
        if (problem) break;
        if (auto pinned = pin(file.policies.back(), file.groups, element.path()); !pinned) {
            return std::unexpected(pinned.error());
        }
    }
    if (problem) return invalid(std::move(*problem));
    return file;
}

Result<void> check_replacement(const PolicyFile& stored, const PolicyFile& file, bool drop) {
    std::map<std::string, std::string> groups;
    for (const auto& [name, members] : file.groups) {
        const auto [known, is_new] = groups.emplace(name_key(name), name);
        if (!is_new) {
            return invalid(fmt::format("groups: {} and {} are one name.", in_quotes(known->second), in_quotes(name)));
        }
    }
    std::map<std::string, std::string> policies;
    for (std::size_t i = 0; i < file.policies.size(); ++i) {
        const std::string& name = file.policies[i].name;
        const auto [known, is_new] = policies.emplace(name_key(name), name);
        if (!is_new) {
            return invalid(fmt::format("policies[{}].name: {} and {} are one name.", i, in_quotes(name),
                                       in_quotes(known->second)));
        }
    }
    for (const Policy& before : stored.policies) {
        const auto after = std::ranges::find(file.policies, before.name, &Policy::name);
        if (after == file.policies.end()) {
            if (drop) continue;
            return invalid(
                fmt::format("policies: expected {}, too, which is stored now, found no such policy. What is "
                            "to go away has to be dropped expressly (--drop).",
                            in_quotes(before.name)));
        }
        const std::string where = fmt::format("policies[{}].version", after - file.policies.begin());
        if (after->version < before.version) {
            return invalid(fmt::format("{}: expected at least {}, as {} has now, found {}.", where, before.version,
                                       in_quotes(before.name), after->version));
        }
        if (after->version == before.version && *after != before) {
            return invalid(
                fmt::format("{}: expected more than {}, because version {} of {} says something else; raise "
                            "the version.",
                            where, before.version, before.version, in_quotes(before.name)));
        }
    }
    return {};
}

Result<void> check_own_policy(const PolicyFile& stored, const PinnedPolicy& own) {
    std::string taken;
    for (const Policy& policy : stored.policies) {
        if (!is_same_name(policy.name, own.policy.name)) continue;
        const auto pinned = pin(policy, stored.groups);
        if (pinned && pinned->digest == own.digest) return {};
        taken = policy.name;
    }
    if (taken.empty()) return {};
    return invalid(fmt::format(
        "policy.name: another policy is stored under that name ({}), with other content or other members of "
        "its groups; ask for that one by its name alone, or call this one otherwise.",
        in_quotes(taken)));
}

}  // namespace holdpoint::approvals
