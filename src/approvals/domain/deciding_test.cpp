// Deciding: each refusal's text, and what votes come to.
#include "approvals/domain/deciding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using namespace std::chrono_literals;
using durable::Json;

const TimePoint kNow = parse_iso8601("2026-11-26T08:00:00Z").value();

DocumentVersion version(std::int64_t number, std::vector<DocumentField> fields) {
    return {.digest = "version " + std::to_string(number),
            .document = ShownDocument{.name = "Report", .link = {}, .fields = std::move(fields)}};
}

PinnedPolicy policy_of(const std::string& json, const Groups& groups = {}) {
    return pin(read_policy(Json::parse(json)).value(), groups).value();
}

Standing request(PinnedPolicy policy) {
    Standing standing;
    standing.approval_id = "A-1";
    standing.requester = "req@x";
    standing.policy = std::move(policy);
    standing.versions = {version(1, {{"name", "Report"}, {"amount", "100"}})};
    standing.expires_at = kNow + 1h;
    return standing;
}

/// Finance, two of three; then legal, whose members are not listed.
Standing two_stages() {
    return request(policy_of(R"({"name":"contract","stages":[
        {"name":"finance","approvers":{"groups":["finance"]},"required":2},
        {"name":"legal","approvers":{"groups":["legal"]}}]})",
                             {{"finance", {"ann@x", "bob@x", "cal@x"}}, {"legal", {}}}));
}

Standing quorum_of_three(const std::string& more = "") {
    return request(
        policy_of(R"({"name":"q","rejection":"quorum",)" + more +
                  R"("stages":[{"name":"board","approvers":{"people":["ann@x","bob@x","cal@x"]},"required":2}]})"));
}

Ballot ballot(const std::string& person, VoteDecision decision = VoteDecision::approved) {
    Ballot result;
    result.voter.person = person;
    result.decision = decision;
    if (decision != VoteDecision::approved) result.comments = "because";
    return result;
}

Accepted cast(Standing& standing, const Ballot& given, TimePoint at = kNow) {
    const Verdict verdict = decide(standing, given, at);
    if (!verdict) throw std::runtime_error(verdict.error().message);
    standing = with_vote(standing, *verdict);
    return *verdict;
}

Refusal refused(const Standing& standing, const Ballot& given, TimePoint at = kNow) {
    const Verdict verdict = decide(standing, given, at);
    return verdict ? Refusal{.code = RefusalCode::invalid_request, .message = "accepted"} : verdict.error();
}

std::string said(const Standing& standing, const Ballot& given, TimePoint at = kNow) {
    const Refusal refusal = refused(standing, given, at);
    return std::string(to_string(refusal.code)) + " " + refusal.message;
}

std::string details(const Refusal& refusal) {
    return Json(Json::Data(refusal.details)).dump();
}

TEST(Deciding, WithoutAPolicyOneWordOfAnyoneDecides) {
    for (const VoteDecision decision : {VoteDecision::approved, VoteDecision::rejected}) {
        Standing standing = request(default_policy());
        const Accepted accepted = cast(standing, ballot(" Anyone@x ", decision));
        EXPECT_TRUE(accepted.is_final());
        EXPECT_EQ(accepted.vote.person, "Anyone@x");
        EXPECT_EQ(accepted.vote.stage, "approval");
        EXPECT_EQ(standing.status,
                  decision == VoteDecision::approved ? ApprovalStatus::approved : ApprovalStatus::rejected);
        EXPECT_EQ(standing.revision, 1);
    }
}

/// "finance pending, opens legal": the stage, what the request is then, and which stage opens.
std::string foreseen(const Standing& standing, const std::string& person, VoteDecision decision,
                     const std::vector<std::string>& groups = {}) {
    const auto then = foresee(standing, {.person = person, .groups = groups}, decision, kNow);
    if (!then) return std::string(to_string(then.error().code));
    return then->stage + " " + to_string(then->status) + (then->opens.empty() ? "" : ", opens " + then->opens);
}

TEST(Deciding, WhatAVoteComesToIsKnownBeforeItIsCast) {
    constexpr auto approved = VoteDecision::approved;
    constexpr auto rejected = VoteDecision::rejected;
    Standing standing = two_stages();
    EXPECT_EQ(foreseen(standing, "ann@x", approved), "finance pending");
    EXPECT_EQ(foreseen(standing, "ann@x", rejected), "finance rejected");
    EXPECT_EQ(foreseen(standing, "req@x", approved), "OWN_REQUEST");
    cast(standing, ballot("ann@x"));
    EXPECT_EQ(foreseen(standing, "bob@x", approved), "finance pending, opens legal");
    cast(standing, ballot("cal@x", VoteDecision::changes_requested));
    EXPECT_EQ(foreseen(standing, "bob@x", approved), "finance pending") << "it waits for whoever wants changes";
    EXPECT_EQ(foreseen(standing, "cal@x", approved), "finance pending, opens legal");
    cast(standing, ballot("cal@x"));
    EXPECT_EQ(foreseen(standing, "lea@x", approved, {"legal"}), "legal approved");

    Standing quorum = quorum_of_three();
    EXPECT_EQ(foreseen(quorum, "ann@x", rejected), "board pending") << "the others can still approve";
    cast(quorum, ballot("ann@x", rejected));
    EXPECT_EQ(foreseen(quorum, "bob@x", rejected), "board rejected") << "too few are left";

    Standing parallel = request(policy_of(R"({"name":"p","order":"parallel","stages":[
        {"name":"a","approvers":{"people":["ann@x"]}},{"name":"b","approvers":{"people":["bob@x"]}}]})"));
    EXPECT_EQ(foreseen(parallel, "bob@x", approved), "b pending");
    cast(parallel, ballot("bob@x"));
    EXPECT_EQ(foreseen(parallel, "ann@x", approved), "a approved");
}

TEST(Deciding, NobodyDecidesTheirOwnRequest) {
    EXPECT_EQ(said(two_stages(), ballot(" REQ@x")),
              "OWN_REQUEST REQ@x made the request A-1; somebody else has to decide it.");
}

TEST(Deciding, OnlyApproversDecide) {
    const Refusal refusal = refused(two_stages(), ballot("zed@x"));
    EXPECT_EQ(said(two_stages(), ballot("zed@x")),
              "NOT_AN_APPROVER zed@x may not decide approval A-1. It takes: 2 of 3 from finance, then 1 of legal; one "
              "rejection rejects.");
    EXPECT_EQ(details(refusal), R"({"policy":"2 of 3 from finance, then 1 of legal; one rejection rejects"})");
    Ballot named = ballot("ann@x");
    named.stage = "legal";
    EXPECT_EQ(refused(two_stages(), named).code, RefusalCode::not_an_approver);
    Ballot claims = ballot("zed@x");
    claims.voter.groups = {"finance"};
    EXPECT_EQ(refused(two_stages(), claims).code, RefusalCode::not_an_approver) << "finance is listed";
}

TEST(Deciding, ALaterStageOpensWhenTheOnesBeforeAreApproved) {
    Standing standing = two_stages();
    Ballot lawyer = ballot("lea@x");
    lawyer.voter.groups = {"legal"};
    EXPECT_EQ(said(standing, lawyer), "STAGE_NOT_OPEN Stage legal is not open yet: finance comes first.");
    EXPECT_EQ(details(refused(standing, lawyer)), R"({"stage":"legal"})");
    EXPECT_FALSE(cast(standing, ballot("ann@x")).is_final());
    const Accepted second = cast(standing, ballot("bob@x"));
    EXPECT_EQ(second.stages[0], (StageStanding{"finance", StageState::approved, 2, 2, 3}));
    EXPECT_EQ(second.stages[1], (StageStanding{"legal", StageState::open, 0, 1, std::nullopt}));
    EXPECT_EQ(said(standing, ballot("cal@x")), "STAGE_NOT_OPEN Stage finance is approved already.");
    EXPECT_EQ(may_decide(standing, lawyer.voter, kNow), "legal");
    EXPECT_EQ(cast(standing, lawyer).status, ApprovalStatus::approved);
}

TEST(Deciding, NobodyVotesTwice) {
    Standing standing = two_stages();
    cast(standing, ballot("ann@x"));
    const Ballot again = ballot("Ann@X ", VoteDecision::rejected);
    EXPECT_EQ(said(standing, again), "ALREADY_VOTED ann@x approved stage finance at 2026-11-26T08:00:00.000Z already.");
    EXPECT_EQ(details(refused(standing, again)),
              R"({"stage":"finance","decision":"approved","at":"2026-11-26T08:00:00.000Z"})");
    cast(standing, ballot("bob@x"));
    Ballot lawyer = ballot("ann@x", VoteDecision::rejected);
    lawyer.voter.groups = {"legal"};
    EXPECT_EQ(
        said(standing, lawyer),
        "ALREADY_VOTED ann@x approved stage finance at 2026-11-26T08:00:00.000Z already, and each person counts in one "
        "stage only.");
    standing.policy.policy.distinct_people = false;
    EXPECT_EQ(cast(standing, lawyer).status, ApprovalStatus::rejected);
}

TEST(Deciding, WhatIsDecidedStaysDecided) {
    Standing standing = two_stages();
    cast(standing, ballot("ann@x", VoteDecision::rejected));
    EXPECT_EQ(said(standing, ballot("bob@x")),
              "APPROVAL_ALREADY_DECIDED Approval A-1 was rejected by ann@x at 2026-11-26T08:00:00.000Z.");
    EXPECT_EQ(details(refused(standing, ballot("bob@x"))),
              R"({"decision":"rejected","approver":"ann@x","decided_at":"2026-11-26T08:00:00.000Z"})");
    Standing by_deadline = two_stages();
    cast(by_deadline, ballot("ann@x"));
    by_deadline.status = ApprovalStatus::rejected;
    EXPECT_EQ(said(by_deadline, ballot("bob@x")),
              "APPROVAL_ALREADY_DECIDED Approval A-1 was rejected by its deadline at 2026-11-26T09:00:00.000Z.");
}

TEST(Deciding, TimeIsUpAtTheDeadlineAndNotBefore) {
    EXPECT_TRUE(decide(two_stages(), ballot("ann@x"), kNow + 1h - 1ms));
    EXPECT_EQ(said(two_stages(), ballot("ann@x"), kNow + 1h),
              "APPROVAL_EXPIRED Approval A-1 expired at 2026-11-26T09:00:00.000Z.");
    Standing timed_out = two_stages();
    timed_out.status = ApprovalStatus::timeout;
    EXPECT_EQ(details(refused(timed_out, ballot("ann@x"))), R"({"expired_at":"2026-11-26T09:00:00.000Z"})");
}

TEST(Deciding, NobodyDecidesWhatHasNoDeadlineThatCanBeRead) {
    ApprovalRequest approval;
    approval.expires_at = "2026-11-26T08:00:00Z";
    EXPECT_FALSE(why_closed(standing_of(approval), kNow - 1ms));
    approval.expires_at = "tomorrow";
    EXPECT_TRUE(why_closed(standing_of(approval), kNow));
}

TEST(Deciding, WhoSawAnotherDocumentLooksAgain) {
    Standing standing = two_stages();
    Ballot old = ballot("ann@x");
    old.shown_digest = standing.versions[0].digest;
    standing.versions.push_back(version(2, {{"amount", "120"}, {"name", "Report"}, {"note", "urgent"}}));
    EXPECT_EQ(said(standing, old),
              "DOCUMENT_CHANGED The document of approval A-1 is not the one that was shown: amount, "
              "note. Look at it again, then decide.");
    EXPECT_EQ(details(refused(standing, old)), R"({"shown_digest":")" + standing.versions[1].digest +
                                                   R"(","changes":[{"name":"amount","before":"100","after":"120"},)"
                                                   R"({"name":"note","before":null,"after":"urgent"}]})");
    old.shown_digest = "no such digest";
    EXPECT_EQ(said(standing, old),
              "DOCUMENT_CHANGED The document of approval A-1 is not the one that was shown. Look at it "
              "again, then decide.");
    standing.versions.clear();
    EXPECT_EQ(refused(standing, old).code, RefusalCode::document_changed);
}

TEST(Deciding, VotesOnAnOlderDocumentStayButDoNotCount) {
    Standing standing = two_stages();
    cast(standing, ballot("ann@x"));
    Ballot changes = ballot("bob@x", VoteDecision::changes_requested);
    EXPECT_TRUE(cast(standing, changes).changes_requested);
    standing.versions.push_back(version(2, {{"amount", "90"}}));
    const Tally now = tally(standing);
    EXPECT_FALSE(now.changes_requested);
    EXPECT_EQ(now.stages[0].approved, 0);
    EXPECT_EQ(standing.votes.size(), 2U);
    cast(standing, ballot("ann@x"));
    EXPECT_EQ(cast(standing, ballot("bob@x")).stages[0].state, StageState::approved);
    // Changed back is another version.
    standing.versions.push_back(version(3, {{"name", "Report"}, {"amount", "100"}}));
    EXPECT_EQ(tally(standing).stages[0].approved, 0);
}

TEST(Deciding, ARequestForChangesHoldsItsStageUntilItsPersonVotesAgain) {
    Standing standing = two_stages();
    cast(standing, ballot("ann@x", VoteDecision::changes_requested));
    cast(standing, ballot("bob@x"));
    const Accepted held = cast(standing, ballot("cal@x"));
    EXPECT_EQ(held.stages[0], (StageStanding{"finance", StageState::open, 2, 2, 3}));
    EXPECT_TRUE(held.changes_requested);
    EXPECT_EQ(cast(standing, ballot("ann@x")).stages[0], (StageStanding{"finance", StageState::approved, 3, 2, 3}));
    Standing anyone = request(default_policy());
    cast(anyone, ballot("ann@x", VoteDecision::changes_requested));
    EXPECT_FALSE(cast(anyone, ballot("bob@x")).is_final());
    EXPECT_EQ(
        said(anyone, ballot("cal@x")),
        "STAGE_NOT_OPEN Stage approval has its approvals and waits for those who requested changes: for another vote "
        "of theirs, or for the changes.");
    anyone.amendable = false;
    EXPECT_EQ(said(anyone, ballot("cal@x")),
              "STAGE_NOT_OPEN Stage approval has its approvals and waits for those who requested changes: for another "
              "vote of theirs.");
    EXPECT_EQ(cast(anyone, ballot("ann@x", VoteDecision::rejected)).status, ApprovalStatus::rejected);
    // Where one rejection does not reject, one request for changes does not hold.
    Standing quorum = quorum_of_three();
    cast(quorum, ballot("ann@x", VoteDecision::changes_requested));
    cast(quorum, ballot("bob@x"));
    EXPECT_EQ(cast(quorum, ballot("cal@x")).status, ApprovalStatus::approved);
    Ballot silent = ballot("ann@x", VoteDecision::changes_requested);
    silent.comments = " ";
    EXPECT_EQ(said(two_stages(), silent), "INVALID_REQUEST comments: expected what has to change, found nothing.");
}

TEST(Deciding, AQuorumEndsAsSoonAsItIsCertain) {
    Standing standing = quorum_of_three();
    EXPECT_FALSE(cast(standing, ballot("ann@x", VoteDecision::rejected)).is_final());
    const Accepted second = cast(standing, ballot("bob@x", VoteDecision::rejected));
    EXPECT_EQ(second.status, ApprovalStatus::rejected);
    EXPECT_EQ(second.stages[0].state, StageState::rejected);
    Standing with_veto = quorum_of_three(R"("veto":{"people":["cal@x"]},)");
    EXPECT_FALSE(cast(with_veto, ballot("ann@x", VoteDecision::rejected)).is_final());
    EXPECT_EQ(cast(with_veto, ballot("CAL@x", VoteDecision::rejected)).status, ApprovalStatus::rejected);
    // The requester is one of them: two are left, and both are needed.
    Standing own = quorum_of_three();
    own.requester = "Cal@x";
    EXPECT_EQ(tally(own).stages[0].of, 2);
    EXPECT_EQ(cast(own, ballot("ann@x", VoteDecision::rejected)).status, ApprovalStatus::rejected);
}

TEST(Deciding, AQuorumOfPeopleWhoAreNotListedEndsWithTheVotesThatItHas) {
    Standing standing = request(policy_of(
        R"({"name":"q","rejection":"quorum","stages":[{"name":"board","approvers":{"groups":["board"]},"required":2,"of":3}]})",
        {{"board", {}}}));
    const auto no = [](const std::string& person) {
        Ballot ballot_of_one = ballot(person, VoteDecision::rejected);
        ballot_of_one.voter.groups = {"board"};
        return ballot_of_one;
    };
    EXPECT_FALSE(cast(standing, no("ann@x")).is_final());
    EXPECT_EQ(cast(standing, no("bob@x")).status, ApprovalStatus::rejected)
        << "one of three is left, for two approvals";
}

TEST(Deciding, WhoIsNeededElsewhereDoesNotVoteHere) {
    const Standing standing = request(policy_of(R"({"name":"p","order":"parallel","stages":[
        {"name":"a","approvers":{"people":["ann@x","bob@x"]}},{"name":"b","approvers":{"people":["ann@x"]}}]})"));
    EXPECT_EQ(may_decide(standing, {.person = "ann@x", .groups = {}}, kNow), "b");
    Ballot named = ballot("ann@x");
    named.stage = "a";
    EXPECT_EQ(said(standing, named),
              "STAGE_NOT_OPEN ann@x is needed in another stage than a: each person counts in one "
              "stage only, and not all stages could be approved.");
    named.stage = "c";
    EXPECT_EQ(said(standing, named), "INVALID_REQUEST stage: expected a or b, found 'c'.");
    EXPECT_EQ(said(standing, ballot(" ")), "INVALID_REQUEST approver: expected somebody's name, found nothing.");
}

TEST(Deciding, AQuorumIsLostWhenOnePersonIsLeftForTwoStages) {
    Standing standing = request(policy_of(R"({"name":"p","order":"parallel","rejection":"quorum","stages":[
        {"name":"a","approvers":{"people":["ann@x","bob@x"]}},{"name":"b","approvers":{"people":["ann@x","cal@x"]}}]})"));
    EXPECT_FALSE(cast(standing, ballot("bob@x", VoteDecision::rejected)).is_final());
    EXPECT_EQ(cast(standing, ballot("cal@x", VoteDecision::rejected)).status, ApprovalStatus::rejected);
}

TEST(Deciding, EscalationLetsOthersApproveToo) {
    Standing standing = request(policy_of(
        R"({"name":"p","stages":[{"name":"a","approvers":{"people":["ann@x"]}}],
            "escalation":{"after_seconds":60,"to":{"groups":["bosses"]}}})"));
    Ballot boss = ballot("boss@x");
    boss.voter.groups = {"bosses"};
    EXPECT_EQ(refused(standing, boss).code, RefusalCode::not_an_approver);
    EXPECT_TRUE(refused(standing, boss).message.ends_with("; later bosses may approve, too."));
    standing.escalated_at = kNow - 1min;
    EXPECT_TRUE(refused(standing, ballot("cal@x")).message.ends_with("rejects; bosses may approve, too."));
    EXPECT_EQ(cast(standing, boss).status, ApprovalStatus::approved);
}

TEST(Deciding, ABallotThatComesAgainIsAnsweredAsItWas) {
    Standing standing = two_stages();
    Ballot first = ballot("ann@x");
    first.idempotency_key = "key-1";
    Accepted before = cast(standing, first);
    before.repeated = true;
    cast(standing, ballot("bob@x", VoteDecision::rejected));
    EXPECT_EQ(decide(standing, first, kNow + 2h), before) << "also when it is decided, and too late";
    EXPECT_EQ(with_vote(standing, before), standing);
    first.comments = "other";
    EXPECT_EQ(said(standing, first),
              "INVALID_REQUEST idempotency_key: was sent before with another decision; a new "
              "decision needs a new key.");
    first.comments.clear();
    first.voter.person = "cal@x";
    EXPECT_EQ(refused(standing, first).code, RefusalCode::approval_already_decided) << "a key is its sender's own";
    // Without a key, what it says is its key.
    const Verdict again = decide(standing, ballot("BOB@x", VoteDecision::rejected), kNow);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->status, ApprovalStatus::rejected);
}

TEST(Deciding, ALinkDecidesOnceAlsoWhereItsPersonMayDecideAgain) {
    Standing standing = request(policy_of(R"({"name":"p","stages":[{"name":"a"},{"name":"b"}]})"));
    Ballot first = ballot("ann@x", VoteDecision::changes_requested);
    first.voter.proof = "link";
    first.voter.credential = "1-a";
    first.idempotency_key = "key-1";
    EXPECT_EQ(cast(standing, first).vote.credential, "1-a");
    Ballot second = first;
    second.decision = VoteDecision::approved;
    second.idempotency_key = "key-2";
    const Refusal refusal = refused(standing, second);
    EXPECT_EQ(refusal.code, RefusalCode::link_used);
    EXPECT_EQ(
        refusal.message,
        "This link was used by ann@x at 2026-11-26T08:00:00.000Z: it requested changes in the request, and decides "
        "once.");
    EXPECT_EQ(Json(Json::Data(refusal.details)).dump(),
              R"({"used_by":"ann@x","used_at":"2026-11-26T08:00:00.000Z","decision":"changes_requested"})");
    EXPECT_EQ(may_decide(standing, second.voter, kNow).error().code, RefusalCode::link_used);
    EXPECT_TRUE(decide(standing, first, kNow + 1min)->repeated) << "the same ballot is answered as it was";
    // Another link, or a token of that name, is another credential.
    second.voter.credential = "1-b";
    EXPECT_TRUE(decide(standing, second, kNow));
    second.voter.credential = "1-a";
    second.voter.proof = "token";
    EXPECT_TRUE(decide(standing, second, kNow));
}

TEST(Deciding, EveryRefusalHasAStatus) {
    EXPECT_EQ(http_status(RefusalCode::invalid_request), 400);
    EXPECT_EQ(http_status(RefusalCode::own_request), 403);
    EXPECT_EQ(http_status(RefusalCode::not_an_approver), 403);
    EXPECT_EQ(http_status(RefusalCode::stage_not_open), 409);
    EXPECT_EQ(http_status(RefusalCode::link_used), 409);
}

TEST(Deciding, LongCommentsEndBeforeTheRecordIsFull) {
    Standing standing = request(policy_of(R"({"name":"many","stages":[{"name":"all","required":200}]})"));
    int voters = 0;
    const auto say = [&](std::size_t size) {
        Ballot given = ballot("voter" + std::to_string(voters) + "@x");
        given.comments = std::string(size, 'c');
        const Verdict verdict = decide(standing, given, kNow);
        if (!verdict) return said(standing, given);
        standing = with_vote(standing, *verdict);
        ++voters;
        return std::string();
    };
    std::string answer;
    while (answer.empty()) answer = say(4096);
    EXPECT_GE(voters, 80) << "of 4,096 bytes each, in an item of 400 KB";
    EXPECT_EQ(answer,
              "INVALID_REQUEST comments: the votes of approval A-1 leave room for comments of 256 bytes at most, found "
              "4096.");
    const int with_long_comments = voters;
    while (say(256).empty()) {
    }
    EXPECT_GE(voters, with_long_comments + 50);
    // What was taken is still answered.
    Ballot first = ballot("voter0@x");
    first.comments = std::string(4096, 'c');
    EXPECT_TRUE(decide(standing, first, kNow)->repeated);
}

}  // namespace
}  // namespace holdpoint::approvals
