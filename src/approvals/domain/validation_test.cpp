// Validation: what may come in, and what is said about anything else.
#include "approvals/domain/validation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using durable::Json;
using ::testing::HasSubstr;
using namespace std::string_literals;

/// What is said about an event with these members, too; empty: nothing.
std::string about_event(const std::string& members) {
    const std::string event = R"({"document_id":"d","document_name":"n","requester":"r")" + members + "}";
    const auto read = read_event(Json::parse(event), 300, 3600);
    return read ? "" : read.error().message;
}

std::string about_decision(const std::string& members, const std::string& approver = R"("approver":"a")") {
    const std::string decision =
        R"({"action":"decide","approval_id":"i","decision":"approved",)" + approver + members + "}";
    const auto read = read_decision(Json::parse(decision));
    return read ? "" : read.error().message;
}

std::string about_amendment(const std::string& members) {
    const auto read = read_amendment(Json::parse("{" + members + "}"), Identity{.person = "r", .groups = {}});
    return read ? "" : read.error().message;
}

Json text_of(const std::string& value) {
    return Json(Json::Data(value));
}

std::string about(const std::string& member, const std::string& value) {
    Json::Object event{{"document_id", text_of("d")}, {"document_name", text_of("n")}, {"requester", text_of("r")}};
    for (auto& [name, given] : event) {
        if (name == member) given = text_of(value);
    }
    const auto read = read_event(Json(Json::Data(event)), 300, 3600);
    return read ? "" : read.error().message;
}

TEST(ReadEvent, ControlCharactersAreRefused) {
    for (const std::string& bad : {"a\0b"s, "a\nb"s, "a\n"s, "\x7f"s, "a\u0085"s}) {
        EXPECT_THAT(about("requester", bad), HasSubstr("requester: expected text of 1 to 256 characters, found "));
        EXPECT_THAT(about("document_id", bad), HasSubstr("found control characters")) << bad;
        EXPECT_THAT(about("document_name", bad), HasSubstr("found control characters")) << bad;
    }
    EXPECT_THAT(about("requester", "\u202egnp.nna"), HasSubstr("a control character (U+202E)"));
    EXPECT_THAT(about("requester", "\u200b\u00a0"), HasSubstr("found blank text"));
    EXPECT_THAT(about("requester", "ann\xff"), HasSubstr("UTF-8"));
    EXPECT_THAT(about("requester", std::string(257, 'x')), HasSubstr("found 257 characters"));
    EXPECT_EQ(about("requester", "Jörg Müller"), "");
    EXPECT_EQ(about("document_name", "\u200fعقد"), "") << "a document's name may have a direction mark";
    // "00.001 EUR" that is read as "RUE 100.00".
    EXPECT_THAT(about("document_name", "Train: \u202eRUE 00.001"), HasSubstr("found control characters"));
    EXPECT_THAT(about_event(R"(,"fields":{"amount":"\u202d00.001"})"), HasSubstr("event.fields.amount: expected text"));
    EXPECT_EQ(about_event(R"(,"fields":{"name":"\u2067عقد\u2069"})"), "") << "nor is one that keeps to itself";
}

TEST(ReadEvent, AMisspeltMemberIsNotIgnored) {
    const std::string policy = R"({"name":"p","stages":[{"name":"s"}]})";
    EXPECT_EQ(about_event(R"(,"polices":)" + policy), "polices: no such member; did you mean policy?");
    for (const std::string misspelt :
         {"Policy", "policies", "polcy", "poilcy", "pol-icy", "policy_", "Fields", "fileds", "field", "lnk", "links",
          "lnik", "Kind", "kindd", "timeoutSeconds", "timeout-second"}) {
        EXPECT_THAT(about_event(",\"" + misspelt + "\":{}"), HasSubstr(misspelt + ": no such member; did you mean "))
            << misspelt;
    }
    EXPECT_EQ(about_event(R"(,"Document-Name":"another")"),
              "Document-Name: no such member; did you mean document_name?")
        << "which of the two is meant?";
    EXPECT_EQ(read_event(Json::parse(R"({"document_id":"d","document_name":"n","requestor":"r"})"), 300, 3600)
                  .error()
                  .message,
              "requestor: no such member; did you mean requester?");
}

TEST(WhatIsRead, HasNoMemberTwice) {
    EXPECT_EQ(about_event(R"(,"policy":{"name":"p","stages":[{"name":"s"}]},"policy":"other")"),
              "policy: stands twice; expected one.");
    EXPECT_EQ(about_event(R"(,"requester":"somebody else")"), "requester: stands twice; expected one.");
    EXPECT_EQ(about_event(R"(,"policy":{"name":"p","stages":[{"name":"s"}],"name":"q"})"),
              "policy: 'name' is there twice.");
    EXPECT_EQ(about_event(R"(,"trace":1,"trace":2)"), "") << "data of the caller's own";
    EXPECT_EQ(about_decision(R"(,"decision":"rejected")"), "decision: stands twice; expected one.");
    EXPECT_EQ(about_amendment(R"("link":"https://a","link":null)"), "link: stands twice; expected one.");
}

TEST(ReadEvent, NoMemberIsMisspeltUnseen) {
    int members = 0;
    boost::mp11::mp_for_each<boost::describe::describe_members<WorkflowEvent, boost::describe::mod_public>>(
        [&](auto member) {
            const std::string name = member.name;
            if (name == "policy_name") return;  // what we make of a policy that is a name
            ++members;
            std::string capital = name;
            capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
            for (const std::string& misspelt : {capital, name + "_"}) {
                EXPECT_THAT(about_event(",\"" + misspelt + "\":false"), HasSubstr(misspelt + ": no such member"))
                    << name;
            }
        });
    EXPECT_EQ(members, 9);
    EXPECT_EQ(about_event(R"(,"amendible":false)"), "amendible: no such member; did you mean amendable?");
    EXPECT_EQ(about_event(R"(,"amendable":false)"), "");
}

TEST(ReadEvent, NamesOfFieldsAreOneLineThatReadsInOneDirection) {
    for (const std::string& bad : {"a\\nLINK: b"s, "a\\r\\nb"s, "a\\tb"s, "a\\u0000"s, "a\\u009f"s, "c\\u202ed"s,
                                   "c\\u202ad"s, "c\\u2066d"s, "c\\u2069"s, "c\\u2028d"s}) {
        EXPECT_THAT(about_event(R"(,"fields":{")" + bad + R"(":"x"})"),
                    HasSubstr("event.fields: expected names of 1 to 1024 characters, found a control character (U+"))
            << bad;
        EXPECT_THAT(about_amendment(R"("fields":{")" + bad + R"(":"x"})"),
                    HasSubstr("fields: expected names of 1 to 1024 characters, found a control character (U+"))
            << bad;
        EXPECT_EQ(about_amendment(R"("fields":{")" + bad + R"(":null})"), "") << "what is there already can go";
    }
    EXPECT_THAT(about_event(R"(,"fields":{" ":"x"})"), HasSubstr("found blank text"));
    EXPECT_THAT(about_event(R"(,"fields":{"":"x"})"), HasSubstr("found blank text"));
    EXPECT_EQ(about_event(R"(,"fields":{"\u200fعقد":"x"})"), "")
        << "it may have a direction mark, as a document's name";
}

TEST(ReadAmendment, AMisspeltMemberIsNotIgnored) {
    EXPECT_EQ(about_amendment(R"("document_name":"n","Link":"https://x")"), "Link: no such member; did you mean link?");
    EXPECT_EQ(about_amendment(R"("document_name":"n","feilds":{})"), "feilds: no such member; did you mean fields?");
    EXPECT_EQ(about_amendment(R"("action":"amend","approval_id":"a","requester":"r","document_name":"n","trace":1)"),
              "");
}

TEST(ReadEvent, WhatCallersPassBesidesIsIgnored) {
    for (const std::string other :
         {"id", "request_id", "document", "trace", "tenant", "callback_url", "requested", "a", ""}) {
        EXPECT_EQ(about_event(",\"" + other + "\":1"), "") << other;
    }
    EXPECT_EQ(about_event(R"(,"policy":{"name":"p","stages":[{"name":"s"}]},"police":"no")"), "");
}

TEST(ReadDecision, AMisspeltMemberIsNotIgnored) {
    EXPECT_EQ(about_decision(R"(,"comment":"no")"), "comment: no such member; did you mean comments?");
    EXPECT_EQ(about_decision(R"(,"Comments":"no")"), "Comments: no such member; did you mean comments?");
    EXPECT_EQ(about_decision(R"(,"x":1)", R"("aprover":"a")"), "aprover: no such member; did you mean approver?");
    EXPECT_EQ(about_decision("", R"("decidedBy":"a")"), "decidedBy: no such member; did you mean decided_by?");
    EXPECT_EQ(about_decision(R"(,"decided_at":1,"approved":true,"id":2)"), "");
    EXPECT_EQ(about_decision(R"(,"decided_by":"a","comments":"")"), "");
    EXPECT_EQ(about_decision(R"(,"approved":true)", R"("decided_by":"a")"), "");
    EXPECT_EQ(about_decision(R"(,"Stage":"s")"), "Stage: no such member; did you mean stage?");
}

TEST(ReadDecision, NamesHoldNoControlCharacters) {
    EXPECT_EQ(about_decision("", R"("approver":"ann\u0000")"),
              "approver: expected text of 1 to 256 characters, found a control character (U+0000).");
    EXPECT_THAT(about_decision("", R"("decided_by":"a\nb")"), HasSubstr("decided_by: expected"));
    EXPECT_FALSE(read_person(Json::parse(R"({"requester":"a\u202eb"})"), "requester"));
    EXPECT_TRUE(read_person(Json::parse(R"({"requester":" Ann"})"), "requester"));
}

}  // namespace
}  // namespace holdpoint::approvals
