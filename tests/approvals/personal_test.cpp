// Personal messages: who gets one, what it says, and how they go out.
#include "approvals/notifications/personal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/links.hpp"
#include "base/encoding.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TimePoint kNow = from_epoch_ms(1'795'694'400'000);

ApprovalRequest request_with(const std::string& policy, const Groups& groups = {}) {
    ApprovalRequest approval;
    approval.approval_id = "a-1";
    approval.document_id = "doc-1";
    approval.document_name = "Travel";
    approval.requester = "olga@example.com";
    approval.created_at = to_iso8601(kNow);
    approval.expires_at = to_iso8601(kNow + std::chrono::hours(1));
    approval.policy = pin(read_policy(durable::Json::parse(policy)).value(), groups).value();
    return approval;
}

Vote vote_of(const std::string& person, const ApprovalRequest& approval) {
    return {.person = person,
            .groups = {},
            .stage = "finance",
            .decision = VoteDecision::approved,
            .at = to_iso8601(kNow),
            .comments = {},
            .proof = "link",
            .shown_digest = shown_digest(approval),
            .idempotency_key = {}};
}

constexpr std::string_view kTwoStages = R"({"name": "p", "stages": [
    {"name": "finance", "approvers": {"people": ["Ann@Example.com", "olga@example.com", "Bob@example.com"]}},
    {"name": "legal", "approvers": {"groups": ["legal"]}}],
    "escalation": {"to": {"people": ["chef@example.com"]}, "extend_seconds": 600}, "on_timeout": "escalate"})";

TEST(PersonalMessagesTest, ArePersonalToEverybodyWhomThePolicyNames) {
    const Groups groups{{"legal", {"Lea@example.com", "ann@example.com"}}};
    auto approval = request_with(std::string(kTwoStages), groups);
    for (const Occasion occasion : {Occasion::requested, Occasion::reminder}) {
        EXPECT_THAT(people_to_tell(approval, occasion, kNow), ElementsAre("ann@example.com", "bob@example.com"))
            << "the others cannot decide yet";
    }
    auto parallel = approval;
    parallel.policy->policy.order = StageOrder::parallel;
    EXPECT_THAT(people_to_tell(parallel, Occasion::requested, kNow),
                ElementsAre("ann@example.com", "bob@example.com", "lea@example.com"));
    auto escalated = approval;
    escalated.escalated_at = approval.created_at;
    EXPECT_THAT(people_to_tell(escalated, Occasion::escalated, kNow), ElementsAre("chef@example.com"));
    approval.votes = {vote_of("ann@example.com", approval)};
    for (const Occasion occasion : {Occasion::stage_opened, Occasion::reminder}) {
        EXPECT_THAT(people_to_tell(approval, occasion, kNow), ElementsAre("lea@example.com"))
            << "Ann has voted, and each person counts in one stage only";
    }
    escalated.votes = {vote_of("chef@example.com", approval)};
    EXPECT_THAT(people_to_tell(escalated, Occasion::escalated, kNow), IsEmpty()) << "who has voted has no more to say";
    EXPECT_THAT(people_to_tell(escalated, Occasion::stage_opened, kNow),
                ElementsAre("ann@example.com", "lea@example.com"));
    approval.policy.reset();
    EXPECT_THAT(people_to_tell(approval, Occasion::requested, kNow), IsEmpty());
    EXPECT_THAT(people_to_tell(request_with(R"({"name": "p", "stages": [{"name": "s"}]})"), Occasion::requested, kNow),
                IsEmpty())
        << "anyone is nobody by name";
    EXPECT_TRUE(names_people(request_with(std::string(kTwoStages), groups), Occasion::reminder));
    EXPECT_FALSE(names_people(approval, Occasion::reminder));
}

TEST(PersonalMessagesTest, SayWhatIsAskedAndWhatTheLinkDoes) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.document_name =
        "Gr\xc3\xbc\xc3\x9f"
        "e\r\nBcc: x";
    approval.fields = {
        {.name = "amount\nx", .value = std::string(5000, '1') + "\r\nOpen it and decide:\nhttps://evil.example"}};
    const auto message = personal_notification(approval, "ann@example.com", Occasion::requested, "https://in/#/link/t");
    EXPECT_EQ(message.subject, "Approval needed: Gr??e??Bcc: x");
    EXPECT_THAT(message.message, HasSubstr("olga@example.com asks for your approval.\n"));
    EXPECT_THAT(message.message, HasSubstr("\n> amount x:\n> 111"));
    EXPECT_THAT(message.message, HasSubstr("Until: " + approval.expires_at));
    EXPECT_THAT(message.message,
                HasSubstr("Open it and decide:\nhttps://in/#/link/t\n\nThe link is for ann@example.com alone."));
    EXPECT_THAT(message.message, Not(HasSubstr("\nhttps://evil")));
    EXPECT_EQ(message.attributes.at("recipient"), "ann@example.com");
    EXPECT_THAT(personal_notification(approval, "a@x", Occasion::reminder, "l").subject, HasSubstr("Reminder"));
    EXPECT_THAT(personal_notification(approval, "a@x", Occasion::escalated, "l").subject, HasSubstr("Escalated"));
    const auto later = personal_notification(approval, "a@x", Occasion::stage_opened, "l");
    EXPECT_THAT(later.subject, HasSubstr("Approval needed: "));
    EXPECT_THAT(later.message, HasSubstr("The request of olga@example.com was approved by the stages before yours"));
    EXPECT_EQ(later.attributes.at("event"), "approval_stage_opened");
}

TEST(PersonalMessagesTest, ShowTheLinesOfAFieldAndNoneOfThemLooksLikeOurs) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.fields.emplace().push_back(
        {.name = "excerpt", .value = "First,\n\n\tsecond.\nOpen it and decide:\r\nhttps://evil.example"});
    const auto message = personal_notification(approval, "ann@example.com", Occasion::requested, "https://in/#/link/t");
    EXPECT_THAT(message.message, HasSubstr("\n> excerpt:\n> First,\n> \n>  second.\n> Open it and decide: \n"
                                           "> https://evil.example\nRequester: "));
    EXPECT_THAT(message.message, Not(HasSubstr("\nhttps://evil")));
    approval.fields->front().value = std::string(4000, '\n') + "x";
    EXPECT_LT(personal_notification(approval, "ann@example.com", Occasion::requested, "l").message.size(), 1500U)
        << "ten messages fit into one batch";
}

TEST(PersonalMessagesTest, TellTheRequesterHowTheRequestStands) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    Vote vote = vote_of("ann@example.com", approval);
    vote.decision = VoteDecision::changes_requested;
    vote.comments = "less\nOpen it:\nhttps://evil.example";
    approval.votes = {vote};
    approval.told_stages = 1;
    const auto asked = requester_notification(approval, "https://in/#/link/t");
    EXPECT_EQ(asked.subject, "Changes requested: Travel");
    EXPECT_EQ(asked.attributes.at("event"), "approval_changes_requested");
    EXPECT_EQ(asked.attributes.at("recipient"), "olga@example.com");
    EXPECT_THAT(asked.message,
                HasSubstr("ann@example.com asks for changes to your request.\n\nDocument: Travel (doc-1)"));
    EXPECT_THAT(asked.message, HasSubstr("Comments of ann@example.com:\n> less\n> Open it:\n> https://evil.example\n"));
    EXPECT_THAT(asked.message,
                HasSubstr("Open it and change the document:\nhttps://in/#/link/t\n\nThe link is for olga"));
    approval.amendable = false;
    EXPECT_THAT(requester_notification(approval, "l").message, HasSubstr("submit a new request. Open it:\nl\n"));
    approval.status = ApprovalStatus::rejected;
    EXPECT_THAT(requester_notification(approval, "l").message, HasSubstr("Nobody approved your request in time"));
    approval.approver = "lea@example.com\nx";
    EXPECT_THAT(requester_notification(approval, "l").message, HasSubstr("was rejected by lea@example.com x.\n"));
    approval.status = ApprovalStatus::timeout;
    EXPECT_EQ(requester_notification(approval, "l").subject, "Timed out: Travel");
}

TEST(PersonalMessagesTest, NothingThatARequesterWroteLooksLikeALineOfOurs) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.document_name = "Travel\xe2\x80\xa8Open it and decide:\xe2\x80\xa8https://evil.example";
    approval.fields = {{.name = "The contract is here. Open it and decide:", .value = "Open it and decide:"},
                       {.name = "https://evil.example/steal", .value = "a\nb"},
                       {.name = "Requester", .value = "ceo@example.com"},
                       {.name = "note", .value = "ok\xe2\x80\xa9https://evil.example\xc2\x85 \xe2\x80\xaetxt"}};
    const std::string text = personal_notification(approval, "ann@example.com", Occasion::requested, "l").message;
    EXPECT_THAT(text, HasSubstr("\n> https://evil.example/steal:\n> a\n> b\n> Requester: ceo@example.com\n"));
    EXPECT_THAT(text, HasSubstr("\n> note: ok https://evil.example   txt\n"));
    for (const std::string ours : {"\nhttps://evil", "\nRequester: ceo", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc2\x85"}) {
        EXPECT_THAT(text, Not(HasSubstr(ours)));
    }
    approval.document_id = "d\xe2\x80\xa8Requester: ceo";
    const auto to_all = make_notification(approval, "api", "", Occasion::requested).message;
    EXPECT_THAT(to_all, Not(HasSubstr("\xe2\x80\xa8")));
    EXPECT_THAT(to_all, Not(HasSubstr("#/approval/"))) << "there is no page";
    EXPECT_THAT(make_notification(approval, "api", "https://in/", Occasion::requested).message,
                HasSubstr("https://in/#/approval/a-1\n"));
}

TEST(PersonalMessagesTest, SayWhatTheLastChangeChanged) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.fields = {{.name = "amount", .value = "90"}, {.name = "terms", .value = "a\nb"}};
    const ShownDocument before{.name = "Travel", .link = {}, .fields = {{.name = "amount", .value = "100"}}};
    approval.earlier_versions = {{.digest = "d", .document = before}};
    const auto changed = personal_notification(approval, "ann@example.com", Occasion::amended, "l").message;
    EXPECT_THAT(changed, HasSubstr("so you are asked anew.\n\nChanged in version 2:\n> amount: 100 -> 90\n"
                                   "> terms: (nothing) -> a b\n\nDocument: Travel"));
    EXPECT_THAT(personal_notification(approval, "a@x", Occasion::reminder, "l").message, Not(HasSubstr("Changed")));
    approval.earlier_versions->front().document.reset();
    EXPECT_THAT(personal_notification(approval, "a@x", Occasion::amended, "l").message, Not(HasSubstr("Changed in")));
}

TEST(PersonalMessagesTest, TellTheRequesterWhatEverybodySaid) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    Vote ann = vote_of("ann@example.com", approval);
    ann.decision = VoteDecision::rejected;
    ann.comments = std::string(2000, 'a');
    Vote bob = vote_of("bob@example.com", approval);
    bob.decision = VoteDecision::rejected;
    bob.comments = "too late";
    approval.votes = {ann, bob};
    approval.status = ApprovalStatus::rejected;
    approval.approver = "bob@example.com";
    const auto text = requester_notification(approval, "l").message;
    EXPECT_THAT(text, HasSubstr("Comments of ann@example.com:\n> " + ann.comments + "\n"));
    EXPECT_THAT(text, HasSubstr("Comments of bob@example.com:\n> too late\n"));
    approval.status = ApprovalStatus::pending;
    approval.told_stages = 1;
    for (Vote& vote : *approval.votes) vote.decision = VoteDecision::changes_requested;
    EXPECT_THAT(requester_notification(approval, "l").message, HasSubstr("2 people ask for changes to your request."));
    approval.told_votes = 1;
    EXPECT_THAT(requester_notification(approval, "l").message,
                ::testing::AllOf(HasSubstr("bob@example.com asks for changes"), Not(HasSubstr("Comments of ann"))));
}

TEST(PersonalMessagesTest, WhoSaysNothingTakesNoPlaceFromWhoDoes) {
    auto approval = request_with(R"({"name": "p", "stages": [{"name": "finance", "required": 21}]})");
    approval.votes.emplace();
    for (int i = 0; i < 21; ++i) approval.votes->push_back(vote_of(fmt::format("p{}@x", i), approval));
    approval.votes->back().comments = "only this once";
    approval.status = ApprovalStatus::approved;
    approval.approver = approval.votes->back().person;
    EXPECT_THAT(requester_notification(approval, "l").message, HasSubstr("Comments of p20@x:\n> only this once\n"));
}

TEST(PersonalMessagesTest, AreForThoseWhoMayBeAskedAsItStands) {
    auto approval = request_with(std::string(kTwoStages));
    approval.policy->policy.order = StageOrder::parallel;
    EXPECT_THAT(people_to_tell(approval, Occasion::requested, kNow), ElementsAre("ann@example.com", "bob@example.com"))
        << "a group that nobody lists has no names";
    EXPECT_THAT(people_to_tell(approval, Occasion::requested, kNow + std::chrono::hours(2)),
                ElementsAre("ann@example.com", "bob@example.com"))
        << "what is made late, and escalates then";
    EXPECT_THAT(people_to_tell(approval, Occasion::reminder, kNow + std::chrono::hours(2)), IsEmpty());
    approval.escalated_at = approval.created_at;
    EXPECT_THAT(people_to_tell(approval, Occasion::reminder, kNow),
                ElementsAre("ann@example.com", "bob@example.com", "chef@example.com"));
    auto unlisted = request_with(R"({"name": "p", "stages": [{"name": "s", "approvers": {"groups": ["legal"]}}],
        "escalation": {"to": {"people": ["chef@example.com"]}, "extend_seconds": 600}, "on_timeout": "escalate"})");
    EXPECT_FALSE(names_people(unlisted, Occasion::reminder));
    EXPECT_TRUE(names_people(unlisted, Occasion::escalated));
    unlisted.escalated_at = unlisted.created_at;
    EXPECT_TRUE(names_people(unlisted, Occasion::reminder));
}

TEST(PersonalMessagesTest, SayWhoDecidesAndWhereTheDocumentIsOnOneLine) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.link = "https://example.com/1\xe2\x80\xa8https://evil.example";
    const auto text = personal_notification(approval, "a@x", Occasion::requested, "l").message;
    EXPECT_THAT(text, HasSubstr("\nDecided by: " + describe(*approval.policy, false) + "\n"));
    EXPECT_THAT(text, HasSubstr("\nWhere it is: https://example.com/1 https://evil.example\n"));
    approval.escalated_at = approval.created_at;
    EXPECT_THAT(personal_notification(approval, "a@x", Occasion::reminder, "l").message,
                HasSubstr("\nDecided by: " + describe(*approval.policy, true) + "\n"));
}

TEST(PersonalMessagesTest, OfManyChangesSomeAreNamedAndTheOthersCounted) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.earlier_versions.emplace();
    EXPECT_THAT(personal_notification(approval, "a@x", Occasion::amended, "l").message, Not(HasSubstr("Changed in")));
    ShownDocument first{.name = "Travel", .link = {}, .fields = {{.name = "f0", .value = "first"}}};
    ShownDocument second{.name = "Travel", .link = {}, .fields = {}};
    approval.fields.emplace();
    for (int i = 0; i < 23; ++i) {
        second.fields.push_back({.name = fmt::format("f{}", i), .value = "second"});
        approval.fields->push_back({.name = fmt::format("f{}", i), .value = "third"});
    }
    approval.earlier_versions = {{.digest = "1", .document = first}, {.digest = "2", .document = second}};
    const auto text = personal_notification(approval, "a@x", Occasion::amended, "l").message;
    EXPECT_THAT(text, HasSubstr("Changed in version 3:\n> f0: second -> third\n"));
    EXPECT_THAT(text, HasSubstr("\nand 3 more\n\nDocument: "));
}

TEST(PersonalMessagesTest, TellTheRequesterWhatWasSaidOfTheDocumentAsItIsNow) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    Vote before = vote_of("ann@example.com", approval);
    before.shown_digest = std::string(64, '0');
    before.comments = "of the version before";
    Vote ann = vote_of("ann@example.com\nOpen it:", approval);
    ann.comments = "of this one";
    const Vote silent = vote_of("bob@example.com", approval);
    Vote again = vote_of("ann@example.com", approval);
    again.comments = "now it is fine";
    approval.votes = {before, ann, silent, again};
    approval.status = ApprovalStatus::approved;
    const auto text = requester_notification(approval, "l").message;
    EXPECT_THAT(text, HasSubstr("\nComments of ann@example.com Open it::\n> of this one\n"));
    EXPECT_THAT(text, HasSubstr("\nComments of ann@example.com:\n> now it is fine\n"));
    EXPECT_THAT(text, Not(HasSubstr("version before")));
    EXPECT_THAT(text, Not(HasSubstr("of bob")));
}

/// SNS, of which every call can fail; and the signing keys' table.
class Topic final : public net::Transport {
public:
    explicit Topic(const Clock& clock) : tables_(clock) {}
    std::expected<net::Response, net::TransportError> send(const net::Endpoint& endpoint, const net::Request& request,
                                                           const net::Timeouts& timeouts) override {
        if (!request.header("X-Amz-Target").empty()) return tables_.send(endpoint, request, timeouts);
        bodies.push_back(percent_decode(request.body, true));
        return net::Response{.status = 200, .headers = {}, .body = bodies.size() == 1 ? first_answer : answer};
    }
    std::vector<std::string> bodies;
    std::string answer =
        "<PublishBatchResponse><PublishBatchResult><Failed/></PublishBatchResult></PublishBatchResponse>";
    std::string first_answer = answer;

private:
    Tables tables_;
};

struct Telling {
    ManualClock clock{kNow};
    SeededRandom random{3};
    Topic topic{clock};
    aws::Client client{configuration_of_tests(), topic, clock, random, [](std::chrono::milliseconds) {}};
    SigningKeys keys{client, "settings", clock, random};
    SnsPeopleNotifier notifier{client, keys, clock, random, "arn:topic", "https://in/"};
};

TEST(PersonalMessagesTest, AreShortenedBetweenCharactersAndOnlyWhereTheyAreTooLong) {
    EXPECT_EQ(shortened("12345", 5), "12345");
    EXPECT_EQ(shortened("123456", 5), "12...");
    EXPECT_EQ(shortened("1\xc3\xa4 456", 5), "1...");
}

TEST(PersonalMessagesTest, GoOutInBatchesOfTenEachWithALinkOfItsOwn) {
    Telling telling;
    std::string people;
    for (int i = 10; i < 31; ++i) people += fmt::format(R"({}"p{}@x")", people.empty() ? "" : ",", i);
    const auto approval =
        request_with(R"({"name": "p", "stages": [{"name": "s", "approvers": {"people": [)" + people + R"(]}}]})");
    EXPECT_EQ(telling.notifier.tell(approval, Occasion::requested), 21U);
    ASSERT_EQ(telling.topic.bodies.size(), 3U);
    EXPECT_THAT(telling.topic.bodies[2], HasSubstr("PublishBatchRequestEntries.member.1.Id=0"));
    EXPECT_THAT(telling.topic.bodies[2], Not(HasSubstr("member.2.")));
    const std::string& body = telling.topic.bodies[2];
    const auto start = body.find("#/link/") + 7;
    const auto claims =
        read_link(telling.keys.current().value(), body.substr(start, body.find('\n', start) - start), kNow);
    ASSERT_TRUE(claims);
    // The deadline, and a week in which it says what became of the request.
    const std::int64_t expires = to_epoch_ms(kNow) / 1000 + 3600 + 7 * 86400;
    EXPECT_EQ(claims->approval_id, "a-1");
    EXPECT_EQ(claims->person, "p30@x");
    EXPECT_EQ(claims->expires, expires);
    EXPECT_EQ(claims->issued, to_epoch_ms(kNow)) << "so that what was issued before can be taken back";
    ASSERT_TRUE(claims->link_id);
    EXPECT_EQ(expiry_of_credential(*claims->link_id), expires);
}

/// SNS takes a batch, and a message, of so many bytes. (AWS API, PublishBatch)
constexpr std::size_t kSnsMax = 262'144;

TEST(PersonalMessagesTest, NoBatchIsLargerThanSnsTakesHoweverMuchThereIsToSay) {
    Telling telling;
    std::string people;
    for (int i = 10; i < 30; ++i) people += fmt::format(R"({}"p{}@x")", people.empty() ? "" : ",", i);
    auto approval =
        request_with(R"({"name": "p", "stages": [{"name": "s", "approvers": {"people": [)" + people + R"(]}}]})");
    approval.fields.emplace();
    ShownDocument before{.name = "Travel", .link = {}, .fields = {}};
    for (int i = 0; i < 50; ++i) {
        approval.fields->push_back({.name = fmt::format("{:0>100}", i), .value = std::string(4000, 'n')});
        before.fields.push_back({.name = fmt::format("{:0>100}", i), .value = std::string(600, 'o')});
    }
    approval.earlier_versions = {{.digest = "d", .document = before}};
    EXPECT_EQ(telling.notifier.tell(approval, Occasion::amended), 20U);
    std::size_t told = 0;
    for (const std::string& body : telling.topic.bodies) {
        EXPECT_LE(body.size(), kSnsMax);
        for (auto at = body.find("The link is for"); at != std::string::npos; at = body.find("The link is for", at + 1))
            ++told;
    }
    EXPECT_EQ(told, 20U);
}

TEST(PersonalMessagesTest, NoMessageIsLargerThanSnsTakesHoweverManyLinesItQuotes) {
    auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    approval.fields.emplace();
    for (int i = 0; i < 50; ++i)
        approval.fields->push_back({.name = fmt::format("f{}", i), .value = "a" + std::string(4000, '\n') + "b"});
    approval.votes.emplace();
    for (int i = 0; i < 20; ++i) {
        Vote vote = vote_of(fmt::format("p{}@x", i), approval);
        vote.decision = VoteDecision::rejected;
        vote.comments = "a" + std::string(4094, '\n') + "b";
        approval.votes->push_back(vote);
    }
    approval.status = ApprovalStatus::rejected;
    EXPECT_LE(requester_notification(approval, std::string(1000, 'l')).message.size(), kSnsMax);
}

TEST(PersonalMessagesTest, TheRequesterOfASimpleRequestHasALinkOfTheirOwn) {
    Telling telling;
    auto approval = request_with(R"({"name": "p", "stages": [{"name": "s"}]})");
    approval.policy.reset();
    approval.status = ApprovalStatus::approved;
    ASSERT_TRUE(telling.notifier.tell_requester(approval));
    ASSERT_EQ(telling.topic.bodies.size(), 1U);
    const std::string& body = telling.topic.bodies[0];
    const auto start = body.find("#/link/") + 7;
    const auto claims =
        read_link(telling.keys.current().value(), body.substr(start, body.find('\n', start) - start), kNow);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->person, "olga@example.com");
    EXPECT_EQ(claims->approval_id, "a-1");
}

TEST(PersonalMessagesTest, AFailureOfOneBatchIsOneOfAll) {
    Telling telling;
    telling.topic.first_answer =
        "<R><Failed><member><Id>0</Id><Code>InternalError</Code><Message>no</Message></member></Failed></R>";
    std::string people;
    for (int i = 10; i < 21; ++i) people += fmt::format(R"({}"p{}@x")", people.empty() ? "" : ",", i);
    const auto approval =
        request_with(R"({"name": "p", "stages": [{"name": "s", "approvers": {"people": [)" + people + R"(]}}]})");
    EXPECT_EQ(telling.notifier.tell(approval, Occasion::requested).error().name, "InternalError");
    telling.topic.answer = "<R><Failed></Failed></R>";
    EXPECT_EQ(telling.notifier.tell(approval, Occasion::requested), 11U) << "nothing is in it";
}

TEST(PersonalMessagesTest, ALinkLastsAsLongAsAnEscalationMayMoveTheDeadline) {
    Telling telling;
    const auto approval = request_with(std::string(kTwoStages), {{"legal", {"lea@example.com"}}});
    ASSERT_TRUE(telling.notifier.tell_requester(approval));
    const std::string& body = telling.topic.bodies.at(0);
    const auto start = body.find("#/link/") + 7;
    const auto claims =
        read_link(telling.keys.current().value(), body.substr(start, body.find('\n', start) - start), kNow);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->expires, to_epoch_ms(kNow) / 1000 + 3600 + 600 + 7 * 86400);
}

TEST(PersonalMessagesTest, AMessageThatDidNotGoOutIsAFailure) {
    Telling telling;
    telling.topic.first_answer =
        "<R><Failed><member><Id>0</Id><Code>InternalError</Code><Message>no</Message></member></Failed></R>";
    const auto approval =
        request_with(R"({"name": "p", "stages": [{"name": "s", "approvers": {"people": ["ann@x"]}}]})");
    EXPECT_EQ(telling.notifier.tell(approval, Occasion::requested).error().name, "InternalError");
    EXPECT_EQ(telling.notifier.tell(approval, Occasion::escalated), 0U) << "nobody to escalate to, nothing is sent";
    EXPECT_EQ(telling.topic.bodies.size(), 1U);
}

}  // namespace
}  // namespace holdpoint::approvals::testing
