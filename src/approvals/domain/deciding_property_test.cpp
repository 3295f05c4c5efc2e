// Deciding beside a small model of it: outcomes are found by trying everything that people could still do.
#include "approvals/domain/deciding.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;
using durable::Json;

const TimePoint kNow = from_epoch_ms(1'000'000'000);

DocumentVersion version(std::int64_t number, std::vector<DocumentField> fields) {
    return {.digest = "version " + std::to_string(number),
            .document = ShownDocument{.name = "Report", .link = {}, .fields = std::move(fields)}};
}
const std::vector<std::string> kPeople = {"ann@x", "bob@x", "cal@x", "dan@x", "eve@x"};
const std::vector<std::string> kMembers = {"g1@x", "g2@x", "g3@x", "g4@x"};  // of a group that nobody listed

bool coin() {
    return *rc::gen::arbitrary<bool>();
}

std::vector<std::string> some_people() {
    std::vector<std::string> people;
    const int mask = *rc::gen::inRange(1, 1 << kPeople.size());
    for (std::size_t i = 0; i < kPeople.size(); ++i) {
        if ((mask >> i) & 1) people.push_back(kPeople[i]);
    }
    return people;
}

Approvers some_approvers() {
    switch (*rc::gen::inRange(0, 5)) {
        case 0:
            return {.people = {}, .groups = {"unlisted"}};
        case 1:
            return {.people = {"eve@x"}, .groups = {"listed"}};
        default:
            return {.people = some_people(), .groups = {}};
    }
}

Policy any_policy() {
    Policy policy;
    policy.name = *rc::gen::element<std::string>("contract", "Spesen über 100", "\"p\"");
    policy.version = *rc::gen::inRange(1, 100);
    const int stages = *rc::gen::inRange(1, 4);
    for (int i = 0; i < stages; ++i) {
        Stage stage{.name = "stage " + std::to_string(i + 1), .approvers = {}, .required = 1, .of = {}};
        if (*rc::gen::inRange(0, 6) > 0) stage.approvers = some_approvers();
        stage.required = *rc::gen::inRange(1, 4);
        if (*rc::gen::inRange(0, 3) == 0) stage.of = stage.required + *rc::gen::inRange(0, 3);
        policy.stages.push_back(stage);
    }
    policy.order = *rc::gen::element(StageOrder::sequential, StageOrder::parallel);
    policy.distinct_people = coin();
    policy.rejection = *rc::gen::element(RejectionRule::veto, RejectionRule::quorum);
    if (policy.rejection == RejectionRule::quorum && coin()) policy.veto = some_approvers();
    if (coin()) policy.reminders_before_seconds = {60, 3600};
    if (coin()) policy.escalation = Escalation{.after_seconds = 60, .to = some_approvers(), .extend_seconds = 5};
    policy.on_timeout = *rc::gen::element(TimeoutRule::timeout, TimeoutRule::reject);
    return policy;
}

/// A policy of people who are all known, are in several stages and few: where one has to be careful with them.
Policy tight_policy() {
    Policy policy = any_policy();
    policy.distinct_people = *rc::gen::inRange(0, 4) > 0;
    policy.escalation.reset();
    for (Stage& stage : policy.stages) {
        stage.approvers = Approvers{.people = some_people(), .groups = {}};
        stage.required = *rc::gen::inRange<std::int64_t>(1, 3);
        stage.of.reset();
    }
    if (policy.veto) policy.veto = Approvers{.people = {policy.stages[0].approvers->people[0]}, .groups = {}};
    return policy;
}

const Groups kGroups = {{"listed", {"ann@x", "bob@x"}}, {"unlisted", {}}};

/// Draws until a policy can be pinned for this requester.
PinnedPolicy usable_policy(const std::string& requester) {
    const bool tight = coin();
    for (int i = 0; i < 50; ++i) {
        const auto pinned = pin(tight ? tight_policy() : any_policy(), kGroups);
        if (pinned && check_request(*pinned, requester, 3600)) return *pinned;
    }
    return default_policy();
}

// The model.

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

struct Model {
    explicit Model(const Standing& given) : standing(given), policy(given.policy.policy) {
        said.resize(policy.stages.size());
        for (const Vote& vote : standing.votes) {
            if (vote.shown_digest != standing.versions.back().digest) continue;
            for (std::size_t i = 0; i < said.size(); ++i) {
                if (policy.stages[i].name == vote.stage) said[i][lower(vote.person)] = vote;
            }
        }
    }

    static bool names(const Approvers& approvers, const std::string& person) {
        const auto has = [&](const std::vector<std::string>& list) {
            return std::find(list.begin(), list.end(), person) != list.end();
        };
        for (const std::string& group : approvers.groups) {
            if (group == "listed" ? has(kGroups.at(group)) : person.starts_with("g")) return true;
        }
        return has(approvers.people);
    }
    bool is_approver(std::size_t stage, const std::string& person) const {
        if (person == standing.requester) return false;
        const Stage& here = policy.stages[stage];
        return !here.approvers || names(*here.approvers, person) ||
               (standing.escalated_at && policy.escalation && names(policy.escalation->to, person));
    }
    bool is_endless(std::size_t stage) const {
        const auto is_unlisted = [](const Approvers& approvers) {
            return std::find(approvers.groups.begin(), approvers.groups.end(), "unlisted") != approvers.groups.end();
        };
        const Stage& here = policy.stages[stage];
        return !here.approvers || is_unlisted(*here.approvers) ||
               (standing.escalated_at && policy.escalation && is_unlisted(policy.escalation->to));
    }
    bool rejects_alone(const Vote& vote) const {
        return policy.rejection == RejectionRule::veto || (policy.veto && names(*policy.veto, lower(vote.person)));
    }
    std::int64_t count(std::size_t stage, VoteDecision decision) const {
        return std::count_if(said[stage].begin(), said[stage].end(),
                             [&](const auto& entry) { return entry.second.decision == decision; });
    }
    bool is_complete(std::size_t stage) const {
        const bool held = std::any_of(said[stage].begin(), said[stage].end(), [&](const auto& entry) {
            return entry.second.decision == VoteDecision::changes_requested && rejects_alone(entry.second);
        });
        return !held && count(stage, VoteDecision::approved) >= policy.stages[stage].required;
    }

    /// Tries what each person could still do, one after the other: approve in one of the stages where approvals are
    /// `missing`, or nothing.
    bool reachable(const std::vector<std::int64_t>& missing, std::size_t next) const {
        if (std::all_of(missing.begin(), missing.end(), [](std::int64_t count) { return count <= 0; })) return true;
        if (next == kPeople.size()) return false;
        if (reachable(missing, next + 1)) return true;
        for (std::size_t i = 0; i < missing.size(); ++i) {
            if (missing[i] <= 0 || !may_still_approve(i, kPeople[next])) continue;
            std::vector<std::int64_t> left = missing;
            --left[i];
            if (reachable(left, next + 1)) return true;
        }
        return false;
    }
    bool may_still_approve(std::size_t stage, const std::string& person) const {
        if (!is_approver(stage, person)) return false;
        for (std::size_t i = 0; i < said.size(); ++i) {
            const auto vote = said[i].find(person);
            if (vote == said[i].end()) continue;
            if (i == stage ? vote->second.decision != VoteDecision::changes_requested : policy.distinct_people)
                return false;
        }
        return true;
    }
    bool can_be_approved() const {
        std::vector<std::int64_t> missing;
        for (std::size_t i = 0; i < said.size(); ++i) {
            std::int64_t needed = policy.stages[i].required - count(i, VoteDecision::approved);
            const auto of = policy.stages[i].of;
            const std::int64_t votes = count(i, VoteDecision::approved) + count(i, VoteDecision::rejected);
            if (of && needed > 0 && needed > *of - votes) return false;
            if (is_endless(i)) needed = 0;
            missing.push_back(needed);
            // Where people may count in several stages, no stage takes them from another.
            std::vector<std::int64_t> here(i, 0);
            here.push_back(needed);
            if (!reachable(here, 0)) return false;
        }
        return !policy.distinct_people || reachable(missing, 0);
    }

    ApprovalStatus status() const {
        for (const auto& votes : said) {
            for (const auto& [person, vote] : votes) {
                if (vote.decision == VoteDecision::rejected && rejects_alone(vote)) return ApprovalStatus::rejected;
            }
        }
        bool complete = true;
        for (std::size_t i = 0; i < said.size(); ++i) complete = complete && is_complete(i);
        if (complete) return ApprovalStatus::approved;
        if (policy.rejection == RejectionRule::quorum && !can_be_approved()) return ApprovalStatus::rejected;
        return ApprovalStatus::pending;
    }

    const Standing& standing;
    const Policy& policy;
    std::vector<std::map<std::string, Vote>> said;  // in each stage, the last word of each person
};

// Lives of requests.

struct Taken {
    Ballot ballot;
    Accepted answer;
};

class Life {
public:
    Life() {
        standing_.approval_id = "A";
        standing_.requester = *rc::gen::element<std::string>("ann@x", "eve@x", "zed@x");
        standing_.policy = usable_policy(standing_.requester);
        standing_.versions = {version(1, {{"amount", "1"}})};
        standing_.expires_at = kNow + 24h;
    }

    void run() {
        const int steps = *rc::gen::inRange(0, 12);
        for (int i = 0; i < steps; ++i) step();
        for (const Taken& taken : taken_) {
            Accepted as_before = taken.answer;
            as_before.repeated = true;
            const Verdict again = decide(standing_, taken.ballot, kNow + 48h);
            RC_ASSERT(again.has_value());
            RC_ASSERT(*again == as_before);
        }
        everybody_approves();
    }

private:
    static Identity identity(const std::string& person) {
        Identity result{.person = person, .groups = {}};
        if (person.starts_with("g")) result.groups = {"unlisted"};
        return result;
    }

    static std::string anybody() {
        if (*rc::gen::inRange(0, 3) > 0) return *rc::gen::elementOf(kPeople);
        return coin() ? *rc::gen::elementOf(kMembers) : "zed@x";
    }

    void step() {
        const int what = *rc::gen::inRange(0, 14);
        now_ += 1s;
        if (what == 0) {
            const auto number = static_cast<std::int64_t>(standing_.versions.size()) + 1;
            standing_.versions.push_back(version(number, {{"amount", "1"}}));
            if (standing_.status != ApprovalStatus::pending)
                standing_.versions.pop_back();  // nobody amends what is decided
        } else if (what == 1 && standing_.policy.policy.escalation && !standing_.escalated_at &&
                   standing_.status == ApprovalStatus::pending) {
            standing_.escalated_at = now_;
            now_ += 1s;
        } else if (what == 13 && standing_.status == ApprovalStatus::pending && *rc::gen::inRange(0, 4) == 0) {
            // Nobody decided in time.
            standing_.status = *rc::gen::element(ApprovalStatus::timeout, ApprovalStatus::rejected);
            expired_ = true;
        } else {
            vote();
        }
    }

    void vote() {
        Ballot ballot;
        ballot.voter = identity(anybody());
        ballot.decision = *rc::gen::element(VoteDecision::approved, VoteDecision::approved, VoteDecision::rejected,
                                            VoteDecision::changes_requested);
        ballot.comments = "c";
        ballot.idempotency_key = std::to_string(++keys_);
        ballot.shown_digest = standing_.versions[*rc::gen::inRange<std::size_t>(0, standing_.versions.size())].digest;
        if (*rc::gen::inRange(0, 3) == 0) ballot.stage = "stage " + std::to_string(*rc::gen::inRange(1, 4));
        const auto may = may_decide(standing_, ballot.voter, now_);
        const Verdict verdict = decide(standing_, ballot, now_);
        if (expired_) {
            RC_ASSERT(!verdict.has_value());
            RC_ASSERT(verdict.error().code == (standing_.status == ApprovalStatus::timeout
                                                   ? RefusalCode::approval_expired
                                                   : RefusalCode::approval_already_decided));
            RC_ASSERT(standing_.status == ApprovalStatus::timeout ||
                      verdict.error().message.find("by its deadline") != std::string::npos);
        }
        const bool is_current = ballot.shown_digest == standing_.versions.back().digest;
        if (!ballot.stage && is_current) {
            RC_ASSERT(may.has_value() == verdict.has_value());
            if (may) {
                RC_ASSERT(verdict->vote.stage == *may);
            } else {
                RC_ASSERT(may.error() == verdict.error());
            }
        }
        if (!verdict) return;
        RC_ASSERT(is_current);
        take(ballot, *verdict);
    }

    void take(const Ballot& ballot, const Accepted& accepted) {
        RC_ASSERT(standing_.status == ApprovalStatus::pending);
        const Model before(standing_);
        const std::vector<Stage>& stages = standing_.policy.policy.stages;
        for (std::size_t i = 0; i < stages.size(); ++i) {
            if (stages[i].name == accepted.vote.stage) {
                RC_ASSERT(before.is_approver(i, ballot.voter.person));
                RC_ASSERT(!before.is_complete(i));
                break;
            }
            RC_ASSERT(standing_.policy.policy.order == StageOrder::parallel || before.is_complete(i));
        }
        const std::size_t votes = standing_.votes.size();
        standing_ = with_vote(standing_, accepted);
        RC_ASSERT(standing_.votes.size() == votes + 1);
        const Model after(standing_);
        RC_ASSERT(accepted.status == after.status());
        RC_ASSERT(tally(standing_).stages == accepted.stages);
        for (std::size_t i = 0; i < stages.size(); ++i) {
            RC_ASSERT(accepted.stages[i].approved == after.count(i, VoteDecision::approved));
        }
        taken_.push_back({ballot, accepted});
    }

    /// Nobody's approval ever leads to where no approvals help: while it is pending, it can be approved.
    void everybody_approves() {
        if (!Model(standing_).can_be_approved()) return;
        std::vector<std::string> people = kPeople;
        people.insert(people.end(), kMembers.begin(), kMembers.end());
        people.push_back("zed@x");
        for (int i = 0; i < 9; ++i) people.push_back("g" + std::to_string(i + 10));
        for (std::size_t i = 0; i < people.size(); ++i) {
            std::swap(people[i], people[*rc::gen::inRange<std::size_t>(i, people.size())]);
        }
        for (std::size_t round = 0; round < 3 * standing_.policy.policy.stages.size(); ++round) {
            for (const std::string& person : people) {
                Ballot ballot;
                ballot.voter = identity(person);
                ballot.decision = VoteDecision::approved;
                ballot.idempotency_key = std::to_string(++keys_);
                if (const Verdict verdict = decide(standing_, ballot, now_)) take(ballot, *verdict);
            }
        }
        if (standing_.status == ApprovalStatus::pending) {
            RC_FAIL(durable::to_json(standing_.policy).dump() + " votes " + durable::to_json(standing_.votes).dump() +
                    " requester " + standing_.requester);
        }
        RC_CLASSIFY(standing_.status == ApprovalStatus::approved);
    }

    Standing standing_;
    std::vector<Taken> taken_;
    int keys_ = 0;
    bool expired_ = false;
    TimePoint now_ = kNow;
};

TEST(DecidingProperties, OutcomesAreThoseOfTryingEverything) {
    EXPECT_TRUE(rc::check([] { Life().run(); }));
}

// Policies.

TEST(PolicyProperties, ComeBackFromJsonAsTheyWere) {
    EXPECT_TRUE(rc::check([] {
        const Policy policy = any_policy();
        const Json json = Json::parse(durable::to_json(policy).dump());
        const auto read = read_policy(json);
        RC_ASSERT(read.has_value());
        RC_ASSERT(*read == policy);
        const PinnedPolicy pinned = usable_policy("zed@x");
        RC_ASSERT(durable::from_json<PinnedPolicy>(Json::parse(durable::to_json(pinned).dump())) == pinned);
        const auto again = pin(read_policy(Json::parse(canonical(durable::to_json(pinned.policy)))).value(), kGroups);
        RC_ASSERT(again.has_value());
        RC_ASSERT(again->digest == pinned.digest);
        RC_ASSERT(!describe(pinned, false).empty());
    }));
}

/// Whether `needs` from `at` on can be met by people who are not `taken`, trying all.
bool can_be_met(const std::vector<Need>& needs, std::size_t at, std::int64_t left, std::set<std::string> taken) {
    if (at == needs.size()) return true;
    if (left == 0 || !needs[at].people) {
        return can_be_met(needs, at + 1, at + 1 < needs.size() ? needs[at + 1].count : 0, taken);
    }
    for (const std::string& person : *needs[at].people) {
        if (!taken.insert(person).second) continue;
        if (can_be_met(needs, at, left - 1, taken)) return true;
        taken.erase(person);
    }
    return false;
}

TEST(PeopleProperties, PeopleAreFoundWhereThereAreEnough) {
    EXPECT_TRUE(rc::check([] {
        std::vector<Need> needs;
        const int count = *rc::gen::inRange(1, 4);
        for (int i = 0; i < count; ++i) {
            Need need{.count = *rc::gen::inRange(0, 3)};
            const auto people = some_people();
            if (*rc::gen::inRange(0, 8) > 0) need.people = std::set<std::string>(people.begin(), people.end());
            needs.push_back(need);
        }
        const auto unmet = first_unmet(needs);
        RC_ASSERT(unmet.has_value() != can_be_met(needs, 0, needs[0].count, {}));
        if (!unmet) return;
        const std::vector<Need> before(needs.begin(), needs.begin() + static_cast<std::ptrdiff_t>(*unmet));
        RC_ASSERT(!first_unmet(before).has_value());
    }));
}

TEST(PeopleProperties, CaseAndWhiteSpaceMakeNoOtherPerson) {
    EXPECT_TRUE(rc::check([] {
        const std::string person = *rc::gen::elementOf(kPeople);
        std::string other =
            *rc::gen::element<std::string>("", " ", "\t") + person + *rc::gen::element<std::string>("", " \n");
        for (char& c : other) {
            if (coin()) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        RC_ASSERT(is_same_person(person, other));
        RC_ASSERT(!is_same_person(person, other + "x"));
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
