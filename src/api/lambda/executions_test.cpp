// Executions as the Lambda service lists, shows and deletes them.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <utility>

#include "api/lambda/test_service.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"
#include "core/rows.hpp"

namespace holdpoint::api {
namespace {

using namespace test;
using namespace engine::test;

// A marker is a key: one of another function's would have listed that function's executions.
TEST_F(LambdaServiceTest, AMarkerNeverLeadsToAnotherFunction) {
    for (int i = 0; i < 3; ++i) (void)start("f", "f" + std::to_string(i));
    (void)start("other", "secret");
    const auto page = listed("f", "MaxItems=2");
    ASSERT_TRUE(page.contains("NextMarker"));
    const std::string marker(page.at("NextMarker").as_string());
    EXPECT_EQ(listed("f", "MaxItems=2&Marker=" + percent_encode(marker)).at("DurableExecutions").as_array().size(), 1U);
    std::string beyond;
    append_key_part(beyond, "zzz");
    const std::string crafted = make_page_token("durable-executions/f", beyond);
    for (const std::string& wrong : {crafted, base64_encode(beyond), std::string("!")}) {
        for (const char* order : {"&ReverseOrder=true", ""}) {
            const auto response =
                call("GET", "/2025-12-01/functions/f/durable-executions?Marker=" + percent_encode(wrong) + order);
            EXPECT_EQ(error_of(response), "400 InvalidParameterValueException") << response.body;
        }
    }
}

TEST_F(LambdaServiceTest, ListsBeginWithTheNewestAndHistoriesWithTheOldest) {
    const std::string older = start("f", "older");
    clock_.advance(1s);
    (void)start("f", "newer");
    const auto first_of = [this](const std::string& query) {
        return json::serialize(listed("f", query).at("DurableExecutions").at(0).at("DurableExecutionName"));
    };
    EXPECT_EQ(first_of(""), "\"newer\"");
    EXPECT_EQ(first_of("ReverseOrder=false"), "\"newer\"");
    EXPECT_EQ(first_of("ReverseOrder=true"), "\"older\"");
    const std::string execution = "/2025-12-01/durable-executions/" + percent_encode(older);
    ASSERT_EQ(call("POST", execution + "/stop").status, 200);
    const auto first_event_of = [&](const std::string& query) {
        const auto body = json::parse(call("GET", execution + "/history?" + query).body);
        return json::serialize(body.at("Events").at(0).at("EventType"));
    };
    EXPECT_EQ(first_event_of(""), "\"ExecutionStarted\"");
    EXPECT_EQ(first_event_of("ReverseOrder=true"), "\"ExecutionStopped\"");
}

// A page that looked until it was full would hold its thread for as long as there are executions.
TEST_F(LambdaServiceTest, WhatIsRareAmongManyIsFoundOverSeveralPages) {
    constexpr std::uint64_t kMany = 10001;
    Box<bool> written;
    writer_.submit([&](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
        for (std::uint64_t number = 1; number <= kMany; ++number) {
            core::Head head;
            head.number = number;
            head.id = core::make_execution_id(number, "c0ffee00-1234-4abc-8def-0123456789ab");
            head.name = "n" + std::to_string(number);
            head.function = "f";
            head.version = "$LATEST";
            head.started_at = from_epoch_ms(static_cast<long long>(number));
            if (number == 1) head.status = wire::ExecutionStatus::failed;
            rows.apply(core::start_writes(head));
        }
        return [&] { written.put(true); };
    });
    ASSERT_TRUE(written.take());
    const json::object page = listed("f", "Statuses=FAILED");
    EXPECT_TRUE(page.at("DurableExecutions").as_array().empty());
    ASSERT_TRUE(page.contains("NextMarker"));
    const std::string marker(page.at("NextMarker").as_string());
    const json::object next = listed("f", "Statuses=FAILED&Marker=" + percent_encode(marker));
    EXPECT_EQ(next.at("DurableExecutions").as_array().size(), 1U);
    EXPECT_FALSE(next.contains("NextMarker"));
    // Whoever knows its name has it at once.
    for (const auto& [query, count] : {std::pair{"", 1U}, {"&Statuses=FAILED", 1U}, {"&Statuses=RUNNING", 0U}}) {
        const json::object named = listed("f", std::string("DurableExecutionName=n1") + query);
        EXPECT_EQ(named.at("DurableExecutions").as_array().size(), count) << query;
        EXPECT_FALSE(named.contains("NextMarker")) << query;
    }
    EXPECT_TRUE(listed("f", "DurableExecutionName=none").at("DurableExecutions").as_array().empty());
    EXPECT_TRUE(listed("other", "DurableExecutionName=n1").at("DurableExecutions").as_array().empty());
}

TEST_F(LambdaServiceTest, AnArnInThePathMayBeEncodedOrAsItIs) {
    const std::string arn = start("f", "a");
    for (const std::string& written : {arn, percent_encode(arn)}) {
        for (const char* action : {"", "/history"}) {
            const auto response = call("GET", "/2025-12-01/durable-executions/" + written + action);
            EXPECT_EQ(response.status, 200) << written << action << ": " << response.body;
        }
    }
}

// Nothing here is ever paused or being deleted; who asks for everything that has not ended asks for those, too.
TEST_F(LambdaServiceTest, ListsTakeEveryStatusOfTheModel) {
    const std::string arn = start("f", "a");
    EXPECT_EQ(
        listed("f", "Statuses=PAUSED&Statuses=PAUSING&Statuses=DELETING").at("DurableExecutions").as_array().size(),
        0U);
    EXPECT_EQ(listed("f", "Statuses=PAUSED&Statuses=RUNNING").at("DurableExecutions").as_array().size(), 1U);
    std::string statuses = "Statuses=RUNNING";
    for (int i = 1; i < 10; ++i) statuses += "&Statuses=RUNNING";
    EXPECT_EQ(listed("f", statuses).at("DurableExecutions").as_array().size(), 1U);
    const auto refused = call("GET", "/2025-12-01/functions/f/durable-executions?Statuses=RUNNING&" + statuses);
    EXPECT_EQ(error_of(refused), "400 ValidationException") << refused.body;
}

TEST_F(LambdaServiceTest, AnExecutionThatHasEndedCanBeDeleted) {
    const std::string target = "/2025-12-01/durable-executions/" + percent_encode(start("f", "a"));
    EXPECT_EQ(error_of(call("DELETE", target)), "409 ResourceConflictException") << "it runs";
    denied_ = "lambda:DeleteDurableExecution";
    EXPECT_EQ(error_of(call("DELETE", target)), "403 AccessDeniedException");
    denied_.clear();
    EXPECT_EQ(call("POST", target + "/stop").status, 200);
    // The process that has it never asks for its work here; it is given up when it does not begin.
    EXPECT_EQ(error_of(call("DELETE", target)), "409 ResourceConflictException") << "a process still has it";
    EXPECT_EQ(error_of(call("DELETE", target.substr(0, target.size() - 1) + "x")), "404 ResourceNotFoundException");
}

TEST_F(LambdaServiceTest, ATimeInAQueryIsSecondsOrIso8601OrRefused) {
    (void)start("f", "a");
    const std::string path = "/2025-12-01/functions/f/durable-executions?StartedAfter=";
    EXPECT_EQ(listed("f", "StartedAfter=1799999999.5").at("DurableExecutions").as_array().size(), 1U);
    EXPECT_EQ(listed("f", "StartedAfter=2027-01-15T08:00:01Z").at("DurableExecutions").as_array().size(), 0U);
    for (const std::string& wrong :
         {std::string("."), std::string("1.2.3"), std::string(400, '9'), std::string("99999999999999999999"),
          std::string("nan"), std::string("inf"), std::string("-1"), std::string("1e300"), std::string("tomorrow")}) {
        EXPECT_EQ(error_of(call("GET", path + wrong)), "400 SerializationException") << wrong;
    }
}

}  // namespace
}  // namespace holdpoint::api
