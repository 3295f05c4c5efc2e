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

/// Reads the record, decides, and writes where the revision is still the one that was read; else does it again. Without
/// a ballot it is the deadline's timer.
struct Actor {
    std::optional<Ballot> ballot;
    std::optional<Standing> read;
    std::optional<Verdict> heard;  // done
    bool done = false;
};

struct World {
    Standing record;
    std::vector<Actor> actors;
    int endings = 0;
};

void write(World& world, const Actor& actor, Standing next) {
    EXPECT_EQ(world.record.status, ApprovalStatus::pending) << "what is decided was written again";
    EXPECT_EQ(next.votes.size(), world.record.votes.size() + (actor.ballot ? 1 : 0));
    if (next.status != ApprovalStatus::pending) ++world.endings;
    world.record = std::move(next);
}

/// One read, or one write with what comes of it.
void step(World& world, Actor& actor) {
    if (!actor.read) {
        actor.read = world.record;
        return;
    }
    const Standing read = *std::exchange(actor.read, std::nullopt);
    Standing next = read;
    if (actor.ballot) {
        const Verdict verdict = decide(read, *actor.ballot, kNow);
        actor.heard = verdict;
        actor.done = true;
        if (!verdict) return;
        next = with_vote(read, *verdict);
    } else {
        actor.done = true;
        if (read.status != ApprovalStatus::pending) return;
        next.status = ApprovalStatus::timeout;
        ++next.revision;
    }
    actor.done = read.revision == world.record.revision;
    if (actor.done) {
        write(world, actor, std::move(next));
    } else {
        actor.heard.reset();  // the condition did not hold: read again
    }
}

void check_end(const World& world) {
    ASSERT_EQ(world.endings, 1);
    std::size_t accepted = 0;
    for (const Actor& actor : world.actors) {
        if (!actor.ballot) continue;
        ASSERT_TRUE(actor.heard);
        if (!*actor.heard) {
            const RefusalCode code = actor.heard->error().code;
            ASSERT_TRUE(code == RefusalCode::approval_already_decided || code == RefusalCode::approval_expired)
                << actor.heard->error().message;
            continue;
        }
        ++accepted;
        const Accepted& answer = **actor.heard;
        ASSERT_EQ(std::count(world.record.votes.begin(), world.record.votes.end(), answer.vote), 1);
        ASSERT_TRUE(!answer.is_final() || answer.status == world.record.status);
    }
    ASSERT_EQ(accepted, world.record.votes.size());
    const ApprovalStatus by_votes = tally(world.record).status;
    ASSERT_EQ(by_votes, world.record.status == ApprovalStatus::timeout ? ApprovalStatus::pending : world.record.status);
}

/// All that the rest depends on: who has written, and what each actor has read and heard.
std::string text_of(const World& world) {
    std::string text = to_string(world.record.status);
    for (const Vote& vote : world.record.votes) text += " " + vote.person;
    for (const Actor& actor : world.actors) {
        text += actor.done ? " done" : actor.read ? " " + std::to_string(actor.read->revision) : " -";
        if (actor.heard) text += *actor.heard ? "+" + to_string((*actor.heard)->status) : "!";
    }
    return text;
}

/// Every order, by trying each actor next; what comes after a state is looked at once. Answers how many orders there
/// are.
int explore(const World& world, std::map<std::string, int>& known) {
    const std::string text = text_of(world);
    if (const auto before = known.find(text); before != known.end()) return before->second;
    int orders = 0;
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

int race(const std::string& policy, const std::vector<VoteDecision>& decisions) {
    World world;
    world.record.approval_id = "A";
    world.record.requester = "req@x";
    if (!policy.empty()) world.record.policy = pin(read_policy(Json::parse(policy)).value(), {}).value();
    world.record.versions = {make_version("A", 1, {})};
    world.record.expires_at = kNow + 1h;
    const std::vector<std::string> people = {"ann@x", "bob@x", "cal@x"};
    for (std::size_t i = 0; i < decisions.size(); ++i) {
        Ballot ballot;
        ballot.voter.person = people[i];
        ballot.decision = decisions[i];
        world.actors.push_back({.ballot = ballot, .read = {}, .heard = {}});
    }
    world.actors.push_back({});
    std::map<std::string, int> known;
    return explore(world, known);
}

constexpr auto kYes = VoteDecision::approved;
constexpr auto kNo = VoteDecision::rejected;

TEST(DecidingRace, OneOfTwoDecidersOrTheDeadlineWins) {
    for (const auto& decisions : {std::vector{kYes, kYes}, {kYes, kNo}, {kNo, kNo}}) EXPECT_GE(race("", decisions), 90);
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

}  // namespace
}  // namespace holdpoint::approvals
