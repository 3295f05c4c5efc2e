#include "approvals/domain/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals/domain/reading.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

/// It is stored in every request's record, beside its votes; an item holds 400 KB. (AWS API, DynamoDB)
constexpr std::size_t kPinnedMax = 65'536;

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidPolicy", 400, std::move(message));
}

Json sorted(const Json& json) {
    if (const auto* array = json.get_if<Json::Array>()) {
        Json::Array elements;
        for (const Json& element : *array) elements.push_back(sorted(element));
        return Json(Json::Data(std::move(elements)));
    }
    const auto* object = json.get_if<Json::Object>();
    if (object == nullptr) return json;
    Json::Object members;
    for (const auto& [name, value] : *object) members.emplace_back(name, sorted(value));
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return Json(Json::Data(std::move(members)));
}

std::string digest_of(const PinnedPolicy& pinned) {
    return to_hex(sha256(digested_text(pinned)));
}

/// Each list of approvers that a policy has, with its path.
std::vector<std::pair<std::string, const Approvers*>> all_approvers(const Policy& policy, const std::string& path) {
    std::vector<std::pair<std::string, const Approvers*>> all;
    for (std::size_t i = 0; i < policy.stages.size(); ++i) {
        const auto& approvers = policy.stages[i].approvers;
        if (approvers) all.emplace_back(fmt::format("{}.stages[{}].approvers", path, i), &*approvers);
    }
    if (policy.veto) all.emplace_back(path + ".veto", &*policy.veto);
    if (policy.escalation) all.emplace_back(path + ".escalation.to", &policy.escalation->to);
    return all;
}

Result<Groups> listed_groups(const Policy& policy, const Groups& groups, const std::string& path) {
    std::vector<std::string> names;
    for (const auto& [name, members] : groups) names.push_back(name);
    Groups listed;
    for (const auto& [where, approvers] : all_approvers(policy, path)) {
        for (std::size_t i = 0; i < approvers->groups.size(); ++i) {
            const std::string& name = approvers->groups[i];
            const auto* known = find_group(groups, name);
            if (known == nullptr && !groups.empty()) {
                return invalid(
                    fmt::format("{}.groups[{}]: expected {}, found {}.", where, i, choices(names), in_quotes(name)));
            }
            if (known != nullptr && !known->second.empty()) listed.insert(*known);
        }
    }
    return listed;
}

/// Adds them to `people`; false when there are others, whom nobody listed.
bool add_people(const PinnedPolicy& pinned, const Approvers& approvers, std::set<std::string>& people) {
    for (const std::string& person : approvers.people) people.insert(person_key(person));
    bool all_known = true;
    for (const std::string& group : approvers.groups) {
        const auto* listed = find_group(pinned.groups, group);
        if (listed == nullptr) {
            all_known = false;
            continue;
        }
        for (const std::string& person : listed->second) people.insert(person_key(person));
    }
    return all_known;
}

/// Whether escalation can still bring the people that are needed: with a quorum, too few people reject at once.
bool may_count_on_escalation(const Policy& policy) {
    return policy.escalation && policy.rejection == RejectionRule::veto;
}

Result<void> check_stage(const PinnedPolicy& pinned, std::size_t index, const std::string& where) {
    const Policy& policy = pinned.policy;
    const Stage& stage = policy.stages[index];
    const auto people = known_people(pinned, stage, may_count_on_escalation(policy));
    if (people && stage.of && *stage.of > static_cast<std::int64_t>(people->size())) {
        return invalid(fmt::format("{}.of: expected at most {}, as many as may approve here, found {}.", where,
                                   people->size(), *stage.of));
    }
    if (policy.rejection != RejectionRule::quorum || stage.of) return {};
    if (!people || !known_people(pinned, stage, policy.escalation.has_value())) {
        return invalid(
            fmt::format("{}.of: expected how many people vote, which rejection 'quorum' needs where not all of "
                        "them are listed, found nothing.",
                        where));
    }
    return {};
}

/// Each stage must find its people. `requester` never approves; empty for none.
Result<void> check_people(const PinnedPolicy& pinned, const std::string& requester, const std::string& path) {
    const Policy& policy = pinned.policy;
    const std::string whose = requester.empty() ? "" : fmt::format(" a request of {}", requester);
    std::vector<Need> needs;
    for (std::size_t i = 0; i < policy.stages.size(); ++i) {
        const Stage& stage = policy.stages[i];
        auto people = known_people(pinned, stage, may_count_on_escalation(policy));
        if (people) people->erase(person_key(requester));
        if (people && stage.required > static_cast<std::int64_t>(people->size())) {
            return invalid(
                fmt::format("{}.stages[{}].required: expected at most {}, as many as may approve{}{}, found {}.", path,
                            i, people->size(), whose, whose.empty() ? " here" : " there", stage.required));
        }
        needs.push_back({.count = stage.required, .people = std::move(people)});
    }
    if (!policy.distinct_people) return {};
    const auto unmet = first_unmet(needs);
    if (!unmet) return {};
    return invalid(
        fmt::format("{}.stages[{}].required: expected at most as many as may approve{}{} and are not needed in "
                    "another stage (distinct_people), found {}.",
                    path, *unmet, whose, whose.empty() ? " here" : " there", policy.stages[*unmet].required));
}

/// A veto is the rejection of somebody who may vote.
Result<void> check_veto(const PinnedPolicy& pinned, const std::string& path) {
    if (!pinned.policy.veto) return {};
    std::set<std::string> voters;
    for (const Stage& stage : pinned.policy.stages) {
        const auto people = known_people(pinned, stage, pinned.policy.escalation.has_value());
        if (!people) return {};
        voters.insert(people->begin(), people->end());
    }
    std::set<std::string> with_veto;
    add_people(pinned, *pinned.policy.veto, with_veto);
    for (const std::string& person : with_veto) {
        if (!voters.contains(person)) {
            return invalid(
                fmt::format("{}.veto: expected people who may approve in a stage, found {}.", path, in_quotes(person)));
        }
    }
    return {};
}

std::string names_of(const Approvers& approvers) {
    std::vector<std::string> names = approvers.groups;
    names.insert(names.end(), approvers.people.begin(), approvers.people.end());
    return choices(names);
}

std::string describe(const PinnedPolicy& pinned, const Stage& stage) {
    const auto people = known_people(pinned, stage, false);
    const std::int64_t of = stage.of ? *stage.of : people ? static_cast<std::int64_t>(people->size()) : 0;
    if (!stage.approvers) {
        if (of > 0) return fmt::format("{} of {} people", stage.required, of);
        return stage.required == 1 ? "anyone" : fmt::format("any {} people", stage.required);
    }
    std::string names = names_of(*stage.approvers);
    if (of == 0) return fmt::format("{} of {}", stage.required, names);
    if (of == 1 && stage.approvers->groups.empty()) return names;
    return fmt::format("{} of {} from {}", stage.required, of, names);
}

}  // namespace

std::string canonical(const Json& json) {
    return sorted(json).dump();
}

std::string digested_text(const PinnedPolicy& pinned) {
    return canonical(Json(Json::Data(
        Json::Object{{"policy", durable::to_json(pinned.policy)}, {"groups", durable::to_json(pinned.groups)}})));
}

Result<PinnedPolicy> pin(const Policy& policy, const Groups& groups, const std::string& path) {
    auto listed = listed_groups(policy, groups, path);
    if (!listed) return std::unexpected(listed.error());
    PinnedPolicy pinned{.policy = policy, .groups = std::move(*listed), .digest = {}};
    for (std::size_t i = 0; i < policy.stages.size(); ++i) {
        if (auto ok = check_stage(pinned, i, fmt::format("{}.stages[{}]", path, i)); !ok)
            return std::unexpected(ok.error());
    }
    if (auto ok = check_people(pinned, "", path); !ok) return std::unexpected(ok.error());
    if (auto ok = check_veto(pinned, path); !ok) return std::unexpected(ok.error());
    const std::size_t size = durable::to_json(pinned).dump().size();
    if (size > kPinnedMax) {
        return invalid(fmt::format("{}: expected at most {} bytes with the members of its groups, found {}.", path,
                                   kPinnedMax, size));
    }
    pinned.digest = digest_of(pinned);
    return pinned;
}

Result<PinnedPolicy> resolve(const PolicyFile& file, const std::string& name) {
    std::vector<std::string> names;
    for (const Policy& policy : file.policies) {
        if (policy.name == name) return pin(policy, file.groups);
        names.push_back(policy.name);
    }
    return invalid(fmt::format("policy: expected {}, found {}.",
                               names.empty() ? "a policy, since none have names here" : choices(names),
                               in_quotes(name)));
}

const PinnedPolicy& default_policy() {
    static const PinnedPolicy pinned = [] {
        PinnedPolicy anyone;
        anyone.policy.name = "default";
        anyone.policy.stages = {Stage{.name = "approval", .approvers = {}, .required = 1, .of = {}}};
        anyone.digest = digest_of(anyone);
        return anyone;
    }();
    return pinned;
}

bool opens_stages_later(const Policy& policy) {
    return policy.order == StageOrder::sequential && policy.stages.size() > 1;
}

Result<void> check_request(const PinnedPolicy& pinned, const std::string& requester, std::int64_t timeout_seconds) {
    const auto& escalation = pinned.policy.escalation;
    if (escalation && escalation->after_seconds && pinned.policy.on_timeout != TimeoutRule::escalate &&
        *escalation->after_seconds >= timeout_seconds) {
        return invalid(
            fmt::format("policy.escalation.after_seconds: expected less than the {} seconds that the request "
                        "waits, found {}.",
                        timeout_seconds, *escalation->after_seconds));
    }
    return check_people(pinned, requester, "policy");
}

std::optional<std::set<std::string>> known_people(const PinnedPolicy& pinned, const Stage& stage, bool escalated) {
    if (!stage.approvers) return std::nullopt;
    std::set<std::string> people;
    bool all_known = add_people(pinned, *stage.approvers, people);
    if (escalated && pinned.policy.escalation) {
        all_known = add_people(pinned, pinned.policy.escalation->to, people) && all_known;
    }
    if (!all_known) return std::nullopt;
    return people;
}

const Groups::value_type* find_group(const Groups& groups, std::string_view name) {
    // Mostly it is written in the same way.
    if (const auto same = groups.find(std::string(name)); same != groups.end()) return &*same;
    const std::string key = name_key(name);
    const auto found = std::ranges::find_if(groups, [&](const auto& group) { return name_key(group.first) == key; });
    return found == groups.end() ? nullptr : &*found;
}

bool includes(const PinnedPolicy& pinned, const Approvers& approvers, const std::string& person,
              const std::vector<std::string>& proven_groups) {
    std::set<std::string> people;
    add_people(pinned, approvers, people);
    if (people.contains(person_key(person))) return true;
    return std::any_of(approvers.groups.begin(), approvers.groups.end(), [&](const std::string& group) {
        return find_group(pinned.groups, group) == nullptr &&
               std::ranges::any_of(proven_groups,
                                   [&](const std::string& proven) { return is_same_name(proven, group); });
    });
}

std::string describe(const std::optional<Approvers>& approvers) {
    if (!approvers) return "anyone";
    std::string text;
    for (const std::string& group : approvers->groups)
        text += fmt::format("{}group {}", text.empty() ? "" : ", ", group);
    for (const std::string& person : approvers->people) text += fmt::format("{}{}", text.empty() ? "" : ", ", person);
    return text;
}

std::string describe(const PinnedPolicy& pinned, bool escalated) {
    const Policy& policy = pinned.policy;
    const bool parallel = policy.order == StageOrder::parallel;
    std::string text;
    for (const Stage& stage : policy.stages) {
        if (!text.empty()) text += parallel ? ", and " : ", then ";
        text += describe(pinned, stage);
    }
    if (parallel && policy.stages.size() > 1) text += ", in any order";
    text += policy.rejection == RejectionRule::veto ? "; one rejection rejects"
                                                    : "; rejected when too few are left to approve";
    if (policy.veto) text += fmt::format(", or by {} alone", names_of(*policy.veto));
    if (policy.escalation)
        text += fmt::format("; {}{} may approve, too", escalated ? "" : "later ", names_of(policy.escalation->to));
    if (policy.on_timeout == TimeoutRule::reject) text += "; rejected when time is up";
    return text;
}

}  // namespace holdpoint::approvals
