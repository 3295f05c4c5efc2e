// The approval API function: its events, what it lists, and how it asks Lambda for workflows.
#include "approvals/api/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string wrapped(const std::string& body, const std::string& more = {}) {
    return R"({"body":)" + Json(body).dump() + more + "}";
}

TEST(ApprovalApi, TakesARequestAsItIsAndAsTheBodyOfAnEvent) {
    Alone alone(WaitMode::polling);
    const std::string list = R"({"action":"list"})";
    for (const std::string& event : {list, wrapped(list), wrapped(list, R"(,"isBase64Encoded":false)"),
                                     wrapped(base64_encode(list), R"(,"isBase64Encoded":true)")}) {
        EXPECT_EQ(alone.world.api(event).status, 200) << event;
    }
    for (const auto& [event, problem] :
         std::initializer_list<std::pair<std::string, std::string>>{{R"({"body":7})", "body: expected JSON text"},
                                                                    {wrapped("{"), "body: "},
                                                                    {wrapped("{}"), "action: expected 'decide'"}}) {
        const Answer answer = alone.world.api(event);
        EXPECT_EQ(answer.status, 400) << event;
        EXPECT_EQ(answer.text("error.code"), "INVALID_REQUEST");
        EXPECT_THAT(answer.text("error.message"), HasSubstr(problem));
    }
}

TEST(ApprovalApi, WhoStatesAnotherDocumentThanThereIsIsRefused) {
    Alone alone(WaitMode::polling);
    alone.world.start(300);
    const Answer answer =
        alone.world.api(R"({"action":"decide","decision":"approved","approver":"boss","shown_digest":")" +
                        std::string(64, '0') + R"(","approval_id":")" + alone.world.approval_id() + R"("})");
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.text("error.code"), "DOCUMENT_CHANGED");
    EXPECT_EQ(alone.world.record()->status, ApprovalStatus::pending);
}

TEST(ApprovalApi, WhatIsNotThereIsSaid) {
    Alone alone(WaitMode::polling);
    const Answer answer = alone.world.api(R"({"action":"get","approval_id":"none"})");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.text("error.code"), "APPROVAL_NOT_FOUND");
}

TEST(ApprovalApi, APageNamesTheNextAndTheLastNamesNone) {
    Alone alone(WaitMode::polling);
    ApprovalRequest approval;
    approval.created_at = approval.updated_at = to_iso8601(alone.clock.now());
    approval.expires_at = to_iso8601(alone.clock.now() + 1h);
    for (const auto* id : {"a", "b"}) {
        approval.approval_id = id;
        ASSERT_TRUE(alone.world.services().repository.create(approval));
    }
    const Answer first = alone.world.api(R"({"action":"list","limit":1})");
    ASSERT_NE(first.text("next_token"), "");
    const Answer last =
        alone.world.api(R"({"action":"list","next_token":)" + Json(first.text("next_token")).dump() + "}");
    EXPECT_EQ(last.body.find("approvals")->get_if<Json::Array>()->size(), 1U);
    EXPECT_EQ(last.body.find("next_token"), nullptr);
}

/// Lambda, which answers everything the same.
class Lambda final : public net::Transport {
public:
    std::expected<net::Response, net::TransportError> send(const net::Endpoint& /*endpoint*/,
                                                           const net::Request& /*request*/,
                                                           const net::Timeouts& /*timeouts*/) override {
        return answer;
    }
    net::Response answer;
};

TEST(LambdaWorkflows, OneThatIsNotKnownOrEndedRunsNotAndWhatCannotBeToldIsAnError) {
    ManualClock clock(from_epoch_ms(0));
    SeededRandom random(1);
    Lambda lambda;
    aws::Client client(configuration_of_tests(), lambda, clock, random, [](std::chrono::milliseconds) {});
    LambdaWorkflows workflows(client);
    const auto refuse = [&](int status, const std::string& name) {
        lambda.answer = {.status = status, .headers = {{"x-amzn-ErrorType", name}}, .body = "{}"};
    };
    for (const auto& [body, runs] : std::initializer_list<std::pair<std::string, bool>>{
             {R"({"Status":"RUNNING"})", true}, {R"({"Status":"STOPPED"})", false}, {"{}", false}}) {
        lambda.answer = {.status = 200, .headers = {}, .body = body};
        EXPECT_EQ(workflows.is_running("arn"), runs) << body;
    }
    refuse(404, "ResourceNotFoundException");
    EXPECT_EQ(workflows.is_running("arn"), false);
    refuse(403, "AccessDeniedException");
    EXPECT_EQ(workflows.is_running("arn").error().name, "AccessDeniedException");
    EXPECT_EQ(workflows.resume("token", "approved").error().name, "AccessDeniedException");
    refuse(400, "CallbackTimeoutException");
    EXPECT_TRUE(workflows.resume("token", "approved")) << "it was answered before";
}

}  // namespace
}  // namespace holdpoint::approvals::testing
