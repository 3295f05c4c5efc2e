// Races: deciders and the deadline at once, in every order in which their reads and writes can happen.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "approvals/domain/deciding.hpp"

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;
using durable::Json;

const TimePoint kNow = from_epoch_ms(1'000'000'000);

DocumentVersion version(std::int64_t number, std::vector<DocumentField> fields) {
    return {.digest = "version " + std::to_string(number),
            .document = ShownDocument{.name = "Report", .link = {}, .fields = std::move(fields)}};
}

enum class Part { decider, deadline, escalation, requester };

/// Reads the record, decides, and writes where the record is still as it has to be; else does it again.
struct Actor {
    Part part = Part::deadline;
    std::optional<Ballot> ballot;  // of a decider
    std::optional<Standing> read;
    std::optional<Verdict> heard;
    bool done = false;
};

struct World {
    Standing record;
    std::vector<Actor> actors;
    int endings = 0;
    bool by_deadline = false;
};

void write(World& world, Standing next) {
    EXPECT_EQ(world.record.status, ApprovalStatus::pending) << "what is decided was written again";
    if (next.status != ApprovalStatus::pending) ++world.endings;
    world.record = std::move(next);
}

/// Whoever read another revision than the record has now reads again.
void decide_or_amend(World& world, Actor& actor, const Standing& read) {
    Standing next = read;
    if (actor.part == Part::decider) {
        const Verdict verdict = decide(read, *actor.ballot, kNow);
        actor.heard = verdict;
        actor.done = true;
        if (!verdict) return;
        next = with_vote(read, *verdict);
    } else {
        actor.done = true;
        if (why_closed(read, kNow)) return;
        next.versions.push_back(version(std::ssize(next.versions) + 1, {}));
        ++next.revision;
    }
    actor.done = read.revision == world.record.revision && world.record.status == ApprovalStatus::pending;
    if (actor.done) {
        write(world, std::move(next));
    } else {
        actor.heard.reset();
    }
}

/// The workflow changes what it is about, whatever else was written meanwhile, while the request is pending.
void act_in_time(World& world, Actor& actor) {
    actor.done = true;
    Standing next = world.record;
    if (next.status != ApprovalStatus::pending) return;
    if (actor.part == Part::escalation) {
        next.escalated_at = kNow;
        next.expires_at += 1h;
        ++next.revision;
    } else {
        next.status =
            next.policy.policy.on_timeout == TimeoutRule::reject ? ApprovalStatus::rejected : ApprovalStatus::timeout;
        world.by_deadline = true;
    }
    write(world, std::move(next));
}

/// One read, or one write with what comes of it.
void step(World& world, Actor& actor) {
    if (actor.part == Part::deadline || actor.part == Part::escalation) return act_in_time(world, actor);
    if (!actor.read) {
        actor.read = world.record;
        return;
    }
    const Standing read = *std::exchange(actor.read, std::nullopt);
    decide_or_amend(world, actor, read);
}

/// Approvals of the document as it is now, counted by hand.
std::ptrdiff_t approvals_now(const Standing& record) {
    return std::count_if(record.votes.begin(), record.votes.end(), [&](const Vote& vote) {
        return vote.decision == VoteDecision::approved && vote.shown_digest == record.versions.back().digest;
    });
}

void check_end(const World& world) {
    ASSERT_EQ(world.endings, 1);
    std::size_t accepted = 0;
    for (const Actor& actor : world.actors) {
        if (!actor.ballot) continue;
        ASSERT_TRUE(actor.heard);
        if (!*actor.heard) {
            const RefusalCode code = actor.heard->error().code;
            ASSERT_TRUE(code == RefusalCode::approval_already_decided || code == RefusalCode::approval_expired ||
                        (code == RefusalCode::document_changed && world.record.versions.size() > 1) ||
                        (code == RefusalCode::not_an_approver && world.record.policy.policy.escalation))
                << actor.heard->error().message;
            continue;
        }
        ++accepted;
        const Accepted& answer = **actor.heard;
        ASSERT_EQ(std::count(world.record.votes.begin(), world.record.votes.end(), answer.vote), 1);
        ASSERT_TRUE(!answer.is_final() || answer.status == world.record.status);
        ASSERT_TRUE(!answer.is_final() || !world.by_deadline);
    }
    ASSERT_EQ(accepted, world.record.votes.size());
    ASSERT_EQ(tally(world.record).status, world.by_deadline ? ApprovalStatus::pending : world.record.status);
    if (world.record.status == ApprovalStatus::approved) {
        ASSERT_GE(approvals_now(world.record), world.record.policy.policy.stages[0].required);
    }
}

std::string text_of(const Standing& record) {
    std::string text = to_string(record.status) + std::to_string(record.revision) + "/" +
                       std::to_string(record.versions.size()) + (record.escalated_at ? "e" : "");
    for (const Vote& vote : record.votes) text += " " + vote.person + "@" + vote.shown_digest;
    return text;
}

/// All that the rest depends on: the record, and what each actor has read and heard.
std::string text_of(const World& world) {
    std::string text = text_of(world.record) + (world.by_deadline ? "!" : "");
    for (const Actor& actor : world.actors) {
        text += actor.done ? " done" : actor.read ? " [" + text_of(*actor.read) + "]" : " -";
        if (actor.heard) {
            text += *actor.heard ? "+" + to_string((*actor.heard)->status)
                                 : "!" + std::string(to_string(actor.heard->error().code));
        }
    }
    return text;
}

/// Every order, by trying each actor next; what comes after a state is looked at once. Answers how many orders there
/// are.
std::int64_t explore(const World& world, std::map<std::string, std::int64_t>& known) {
    const std::string text = text_of(world);
    if (const auto before = known.find(text); before != known.end()) return before->second;
    std::int64_t orders = 0;
    for (std::size_t i = 0; i < world.actors.size(); ++i) {
        if (world.actors[i].done) continue;
        World next = world;
        step(next, next.actors[i]);
        orders += explore(next, known);
    }
    if (orders == 0) {
        check_end(world);
        orders = 1;
    }
    known[text] = orders;
    return orders;
}

std::int64_t race(const std::string& policy, const std::vector<VoteDecision>& decisions,
                  const std::vector<Part>& others) {
    World world;
    world.record.approval_id = "A";
    world.record.requester = "req@x";
    if (!policy.empty()) world.record.policy = pin(read_policy(Json::parse(policy)).value(), {}).value();
    world.record.versions = {version(1, {})};
    world.record.expires_at = kNow + 1h;
    const std::vector<std::string> people = {"ann@x", "bob@x", "cal@x"};
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        Ballot ballot;
        ballot.voter.person = people[i];
        ballot.decision = decisions[i];
        ballot.shown_digest = world.record.versions[0].digest;
        world.actors.push_back({.part = Part::decider, .ballot = ballot, .read = {}, .heard = {}});
    }
    for (const Part part : others) world.actors.push_back({.part = part, .ballot = {}, .read = {}, .heard = {}});
    std::map<std::string, std::int64_t> known;
    return explore(world, known);
}

std::int64_t race(const std::string& policy, const std::vector<VoteDecision>& decisions) {
    return race(policy, decisions, {Part::deadline});
}

constexpr auto kYes = VoteDecision::approved;
constexpr auto kNo = VoteDecision::rejected;

TEST(DecidingRace, OneOfTwoDecidersOrTheDeadlineWins) {
    for (const auto& decisions : {std::vector{kYes, kYes}, {kYes, kNo}, {kNo, kNo}}) EXPECT_GE(race("", decisions), 80);
}

TEST(DecidingRace, TwoApprovalsOrOneRejectionOrTheDeadline) {
    const std::string both = R"({"name":"p","stages":[{"name":"a","required":2}]})";
    const std::string stages = R"({"name":"p","order":"parallel","stages":[
        {"name":"a","approvers":{"people":["ann@x"]}},{"name":"b","approvers":{"people":["bob@x"]}}]})";
    for (const auto& decisions : {std::vector{kYes, kYes}, {kYes, kNo}, {kNo, kNo}}) {
        race(both, decisions);
        race(stages, decisions);
    }
}

TEST(DecidingRace, ThreeOfAQuorumAndTheDeadline) {
    const std::string quorum = R"({"name":"p","rejection":"quorum","stages":[
        {"name":"a","approvers":{"people":["ann@x","bob@x","cal@x"]},"required":2}]})";
    for (const auto& decisions : {std::vector{kYes, kYes, kYes}, {kYes, kYes, kNo}, {kYes, kNo, kNo}}) {
        EXPECT_GE(race(quorum, decisions), 2520);
    }
}

TEST(DecidingRace, WhatNobodyDecidesIsRejectedOnceOrDecidedByVotes) {
    const std::string reject = R"({"name":"p","stages":[{"name":"a","required":2}],"on_timeout":"reject"})";
    for (const auto& decisions : {std::vector{kYes, kYes}, {kYes, kNo}}) EXPECT_GE(race(reject, decisions), 20);
}

TEST(DecidingRace, AnAmendmentMeetsVotesAndTheDeadline) {
    const std::string both = R"({"name":"p","stages":[{"name":"a","required":2}]})";
    for (const auto& decisions : {std::vector{kYes, kYes}, {kYes, kNo}}) {
        EXPECT_GE(race("", decisions, {Part::deadline, Part::requester}), 100);
        EXPECT_GE(race(both, decisions, {Part::deadline, Part::requester, Part::requester}), 100);
    }
}

TEST(DecidingRace, AnEscalationMeetsVotesAnAmendmentAndTheDeadline) {
    const std::string escalating =
        R"({"name":"p","stages":[{"name":"a","approvers":{"people":["ann@x","cal@x"]},"required":2}],
        "on_timeout":"reject","escalation":{"after_seconds":60,"to":{"people":["bob@x"]},"extend_seconds":60}})";
    EXPECT_GE(race(escalating, {kYes, kYes}, {Part::deadline, Part::escalation}), 100);
    EXPECT_GE(race(escalating, {kYes, kYes, kYes}, {Part::deadline, Part::escalation, Part::requester}), 1000);
}

}  // namespace
}  // namespace holdpoint::approvals
