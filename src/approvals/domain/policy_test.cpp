// Policies: what may be written, and what is said about anything else.
#include "approvals/domain/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "approvals/domain/reading.hpp"

namespace holdpoint::approvals {
namespace {

using durable::Json;
using ::testing::HasSubstr;

/// What is said about a policy file with this policy, in which `finance` and `legal` have members.
std::string refusal_in_file(const std::string& policy) {
    const auto file = read_policy_file(
        Json::parse(R"({"groups":{"finance":["ann@x","bob@x","cal@x"],"legal":["ann@x"],"guests":[]},"policies":[)" +
                    policy + "]}"));
    return file ? "accepted" : file.error().message;
}

std::string refusal(const std::string& policy) {
    const auto read = read_policy(Json::parse(policy));
    if (!read) return read.error().message;
    const auto pinned = pin(*read, {});
    return pinned ? "accepted" : pinned.error().message;
}

PinnedPolicy pinned(const std::string& policy, const Groups& groups = {}) {
    return pin(read_policy(Json::parse(policy)).value(), groups).value();
}

std::string with_stage(const std::string& stage, const std::string& more = "") {
    return R"({"name":"p","stages":[)" + stage + "]" + more + "}";
}

TEST(Policy, ShortestOneIsOneStageOfAnyone) {
    const PinnedPolicy policy = pinned(R"({"name":"p","stages":[{"name":"approval"}]})");
    EXPECT_EQ(policy.policy.stages, default_policy().policy.stages);
    EXPECT_EQ(describe(policy, false), "anyone; one rejection rejects");
    EXPECT_EQ(describe(default_policy(), false), "anyone; one rejection rejects");
}

TEST(Policy, NamesWherePoliciesAreWrong) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"("x")", "policy: expected an object, found text."},
        {"{}", "policy.name: expected text of 1 to 64 characters, found nothing."},
        {R"({"name":" "})", "policy.name: expected text of 1 to 64 characters, found blank text."},
        {R"({"name":"a\nb"})", "policy.name: expected text of 1 to 64 characters, found control characters."},
        {R"({"name":"p"})", "policy.stages: expected a list of 1 to 20, found nothing."},
        {R"({"name":"p","stages":[]})", "policy.stages: expected a list of 1 to 20, found one of 0."},
        {with_stage("7"), "policy.stages[0]: expected an object, found 7."},
        {with_stage(R"({"name":"a","needed":2})"),
         "policy.stages[0]: expected name, approvers, required or of, found 'needed'."},
        {with_stage(R"({"name":"a","name":"b"})"), "policy.stages[0]: 'name' is there twice."},
        {with_stage(R"({"name":"a","required":0})"),
         "policy.stages[0].required: expected a whole number from 1 to 200, found 0."},
        {with_stage(R"({"name":"a","required":"2"})"),
         "policy.stages[0].required: expected a whole number from 1 to 200, found text."},
        {with_stage(R"({"name":"a","required":3,"of":2})"),
         "policy.stages[0].required: expected at most 2, as many as vote (of), found 3."},
        {with_stage(R"({"name":"a"},{"name":"A "})"), "policy.stages[1].name: 'A' is another stage's name, too."},
        {with_stage(R"({"name":"a","approvers":{}})"),
         "policy.stages[0].approvers: expected people, groups or both, found nobody."},
        {with_stage(R"({"name":"a","approvers":{"people":["ann@x"," ANN@X"]}})"),
         "policy.stages[0].approvers.people[1]: 'ANN@X' is there twice."},
        {with_stage(R"({"name":"a"})", R"(,"order":"random")"),
         "policy.order: expected sequential or parallel, found 'random'."},
        {with_stage(R"({"name":"a"})", R"(,"distinct_people":1)"),
         "policy.distinct_people: expected true or false, found 1."},
        {with_stage(R"({"name":"a"})", R"(,"veto":{"people":["ann@x"]})"),
         "policy.veto: expected rejection 'quorum' together with veto, found 'veto', where every approver has one."},
        {with_stage(R"({"name":"a"})", R"(,"reminders_before_seconds":[60,60])"),
         "policy.reminders_before_seconds[1]: 60 is there twice."},
        {with_stage(R"({"name":"a"})", R"(,"on_timeout":"escalate")"),
         "policy.on_timeout: expected 'escalate' together with escalation, found no escalation."},
        {with_stage(R"({"name":"a"})", R"(,"on_timeout":"escalate","escalation":{"to":{"people":["b"]}})"),
         "policy.escalation.extend_seconds: expected a whole number from 1 to 31622400 with on_timeout 'escalate', "
         "found "
         "nothing."},
        {with_stage(R"({"name":"a"})", R"(,"escalation":{"to":{"people":["b"]}})"),
         "policy.escalation.after_seconds: expected a number, or on_timeout 'escalate', found nothing."},
        {with_stage(R"({"name":"a"})", R"(,"escalation":{"after_seconds":5})"),
         "policy.escalation.to: expected an object, found nothing."},
        {with_stage(R"({"name":"a"})", R"(,"urgent":true)"),
         "policy: expected name, version, stages, order, distinct_people, rejection, veto, reminders_before_seconds, "
         "escalation or on_timeout, found 'urgent'."},
    };
    for (const auto& [policy, expected] : cases) EXPECT_EQ(refusal(policy), expected) << policy;
}

TEST(Policy, RefusesWhatCanNeverBeApproved) {
    const std::string two = R"({"name":"a","approvers":{"people":["ann@x","bob@x"]},"required":)";
    EXPECT_EQ(refusal(with_stage(two + "3}")),
              "policy.stages[0].required: expected at most 2, as many as may approve here, found 3.");
    EXPECT_EQ(refusal(with_stage(two + R"(1,"of":3})")),
              "policy.stages[0].of: expected at most 2, as many as may approve here, found 3.");
    EXPECT_EQ(
        refusal(with_stage(R"({"name":"a","approvers":{"groups":["g"]}})", R"(,"rejection":"quorum")")),
        "policy.stages[0].of: expected how many people vote, which rejection 'quorum' needs where not all of them "
        "are listed, found nothing.");
    EXPECT_EQ(refusal(with_stage(two + "2}", R"(,"rejection":"quorum","veto":{"people":["zed@x"]})")),
              "policy.veto: expected people who may approve in a stage, found 'zed@x'.");
    // Two stages of the same two people: each counts once.
    const std::string again = R"({"name":"b","approvers":{"people":["ann@x"]}})";
    EXPECT_EQ(
        refusal(with_stage(two + "2}," + again)),
        "policy.stages[1].required: expected at most as many as may approve here and are not needed in another stage "
        "(distinct_people), found 1.");
    EXPECT_EQ(refusal(with_stage(two + "1}," + again)), "accepted") << "bob for the first, ann for the second";
    EXPECT_EQ(refusal(with_stage(two + "2}," + again, R"(,"distinct_people":false)")), "accepted");
    // Those who are asked later may make up the number.
    EXPECT_EQ(refusal(with_stage(two + "3}", R"(,"escalation":{"after_seconds":9,"to":{"people":["cal@x"]}})")),
              "accepted");
}

TEST(Policy, GroupsOfAFileAreAllThereAre) {
    EXPECT_EQ(refusal_in_file(with_stage(R"({"name":"a","approvers":{"groups":["finanse"]}})")),
              "policies[0].stages[0].approvers.groups[0]: expected finance, guests or legal, found 'finanse'.");
    EXPECT_EQ(refusal_in_file(with_stage(R"({"name":"a","approvers":{"groups":["legal"]},"required":2})")),
              "policies[0].stages[0].required: expected at most 1, as many as may approve here, found 2.");
    EXPECT_EQ(refusal_in_file(with_stage(R"({"name":"a","approvers":{"groups":["guests"]},"required":2})")), "accepted")
        << "nobody is listed, so nobody knows how many they are";
    EXPECT_EQ(refusal_in_file(with_stage(R"({"name":"a"})") + "," + with_stage(R"({"name":"a"})")),
              "policies[1].name: 'p' is another policy's name, too.");
    EXPECT_FALSE(read_policy_file(Json::parse(R"({"policies":[],"group":{}})")));
}

TEST(Policy, IsFoundByName) {
    const auto file = read_policy_file(Json::parse(
        R"({"policies":[{"name":"one","stages":[{"name":"a"}]},{"name":"two","version":3,"stages":[{"name":"a"}]}]})"));
    ASSERT_TRUE(file);
    EXPECT_EQ(resolve(*file, "two")->policy.version, 3);
    EXPECT_EQ(resolve(*file, "three").error().message, "policy: expected one or two, found 'three'.");
    EXPECT_EQ(resolve({}, "x").error().message, "policy: expected a policy, since none have names here, found 'x'.");
}

TEST(Policy, APinnedOneKeepsTheMembersOfItsGroups) {
    const Policy policy =
        read_policy(Json::parse(with_stage(R"({"name":"a","approvers":{"groups":["legal"]}})"))).value();
    const PinnedPolicy before = pin(policy, {{"legal", {"ann@x"}}, {"other", {"bob@x"}}}).value();
    EXPECT_EQ(before.groups, (Groups{{"legal", {"ann@x"}}})) << "no others than it names";
    EXPECT_EQ(before.digest.size(), 64U);
    EXPECT_EQ(pin(policy, {{"legal", {"ann@x"}}}).value(), before);
    EXPECT_NE(pin(policy, {{"legal", {"ann@x", "bob@x"}}}).value().digest, before.digest);
    EXPECT_TRUE(includes(before, *policy.stages[0].approvers, " Ann@X ", {}));
    EXPECT_FALSE(includes(before, *policy.stages[0].approvers, "bob@x", {"legal"}))
        << "a list is not added to by a claim";
    const PinnedPolicy unlisted = pin(policy, {}).value();
    EXPECT_TRUE(includes(unlisted, *policy.stages[0].approvers, "bob@x", {"legal"}));
    EXPECT_TRUE(includes(unlisted, *policy.stages[0].approvers, "bob@x", {"Legal "})) << "as people are compared";
    EXPECT_FALSE(includes(unlisted, *policy.stages[0].approvers, "bob@x", {"legals"}));
}

TEST(Policy, APinnedOneFitsIntoARecord) {
    Groups groups;
    for (int i = 0; i < 400; ++i) groups["legal"].push_back(std::string(200, 'x') + std::to_string(i));
    const Policy policy =
        read_policy(Json::parse(with_stage(R"({"name":"a","approvers":{"groups":["legal"]}})"))).value();
    EXPECT_THAT(pin(policy, groups).error().message,
                HasSubstr("policy: expected at most 65536 bytes with the members of its groups, found 8"));
}

TEST(Policy, ARequestMustLeaveEnoughPeople) {
    const PinnedPolicy policy =
        pinned(with_stage(R"({"name":"a","approvers":{"people":["ann@x","bob@x"]},"required":2})",
                          R"(,"escalation":{"after_seconds":60,"to":{"groups":["bosses"]}},"rejection":"veto")"));
    EXPECT_TRUE(check_request(policy, "ann@x", 61)) << "a boss may come";
    EXPECT_EQ(check_request(policy, "zed@x", 60).error().message,
              "policy.escalation.after_seconds: expected less than the 60 seconds that the request waits, found 60.");
    const PinnedPolicy alone =
        pinned(with_stage(R"({"name":"a","approvers":{"people":["ann@x","bob@x"]},"required":2})"));
    EXPECT_TRUE(check_request(alone, "zed@x", 60));
    EXPECT_EQ(
        check_request(alone, "ANN@x", 60).error().message,
        "policy.stages[0].required: expected at most 1, as many as may approve a request of ANN@x there, found 2.");
}

TEST(Policy, DescribesItselfInOneSentence) {
    const Groups groups{{"finance", {"ann@x", "bob@x", "cal@x"}}};
    const std::string finance = R"({"name":"f","approvers":{"groups":["finance"]},"required":2})";
    const std::string legal = R"({"name":"l","approvers":{"groups":["legal"]}})";
    const Policy two = read_policy(Json::parse(with_stage(finance + "," + legal))).value();
    EXPECT_EQ(describe(pin(two, {{"finance", groups.at("finance")}, {"legal", {}}}).value(), false),
              "2 of 3 from finance, then 1 of legal; one rejection rejects");
    EXPECT_EQ(
        describe(pinned(with_stage(finance, R"(,"rejection":"quorum","veto":{"people":["ann@x"]})"), groups), false),
        "2 of 3 from finance; rejected when too few are left to approve, or by ann@x alone");
    EXPECT_EQ(describe(pinned(with_stage(R"({"name":"a","approvers":{"people":["ann@x"]}},{"name":"b","required":2})",
                                         R"(,"order":"parallel","on_timeout":"reject")")),
                       false),
              "ann@x, and any 2 people, in any order; one rejection rejects; rejected when time is up");
    EXPECT_EQ(describe(std::optional(Approvers{.people = {"ann@x"}, .groups = {"legal"}})), "group legal, ann@x");
}

/// docs/policies.md: each example, and the sentence below it.
TEST(Policy, ThePagesExamplesAreGood) {
    std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "../../../docs/policies.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = "```json\n";
    int examples = 0;
    for (std::size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
        at += begin.size();
        const std::size_t end = page.find("```\n\n> ", at);
        const Json json = Json::parse(page.substr(at, end - at));
        const std::size_t sentence = end + 7;
        const auto policy = pin(read_policy(json).value(), {});
        ASSERT_TRUE(policy) << policy.error().message;
        EXPECT_EQ(describe(*policy, false), page.substr(sentence, page.find('\n', sentence) - sentence));
        ++examples;
    }
    EXPECT_EQ(examples, 4);
}

TEST(Canonical, MembersAreInOrder) {
    EXPECT_EQ(canonical(Json::parse(R"({"b":[{"d":1,"c":2}],"a":null})")), R"({"a":null,"b":[{"c":2,"d":1}]})");
}

}  // namespace
}  // namespace holdpoint::approvals
