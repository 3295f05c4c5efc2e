// Probes and metrics: what watchers of the server get to see.
#include "server/probes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "server/exposition.hpp"
#include "server/request_meters.hpp"

namespace holdpoint::server {
namespace {

using ::testing::HasSubstr;

net::Request get(std::string target) {
    return {.method = "GET", .target = std::move(target), .headers = {}, .body = {}};
}

TEST(Probes, HealthSaysWhyNot) {
    Probes probes;
    std::string problem;
    EXPECT_EQ(probes.answer(get("/health"), true)->status, 503);
    EXPECT_THAT(probes.answer(get("/health"), true)->body, HasSubstr("starting"));
    EXPECT_EQ(probes.answer(get("/metrics"), true)->status, 503);
    probes.ready([] { return "page"; }, [&] { return problem; });
    EXPECT_EQ(probes.answer(get("/health"), true)->status, 200);
    EXPECT_EQ(probes.answer(get("/metrics"), true)->body, "page");
    problem = "the disk is slow";
    EXPECT_EQ(probes.answer(get("/health"), true)->status, 503);
    EXPECT_THAT(probes.answer(get("/health?x=1"), true)->body, HasSubstr("the disk is slow"));
    probes.drain();
    EXPECT_THAT(probes.answer(get("/health"), true)->body, HasSubstr("draining"));
}

TEST(Probes, OthersAreNotTheirs) {
    const Probes probes;
    EXPECT_FALSE(probes.answer(get("/metrics"), false));
    EXPECT_FALSE(probes.answer(get("/healthy"), true));
    net::Request post = get("/health");
    post.method = "POST";
    EXPECT_EQ(probes.answer(post, true)->status, 405);
}

TEST(Exposition, WritesWhatPrometheusReads) {
    constexpr std::array<std::uint64_t, 2> kBounds{1000, 2000000};
    Histogram histogram(kBounds);
    histogram.observe(500);
    histogram.observe(1500000);
    Exposition page;
    page.metric("a_total", "counter", "All a.");
    page.sample("", 3);
    page.metric("b_seconds", "histogram", "How long.");
    page.histogram(R"(x="y")", histogram, 1e-6);
    EXPECT_EQ(page.text(),
              "# HELP a_total All a.\n# TYPE a_total counter\na_total 3\n"
              "# HELP b_seconds How long.\n# TYPE b_seconds histogram\n"
              "b_seconds_bucket{x=\"y\",le=\"0.001\"} 1\nb_seconds_bucket{x=\"y\",le=\"2\"} 2\n"
              "b_seconds_bucket{x=\"y\",le=\"+Inf\"} 2\nb_seconds_sum{x=\"y\"} 1.5005\nb_seconds_count{x=\"y\"} 2\n");
}

std::string name_of(ServiceId service, std::string method, std::string target, net::Headers headers = {}) {
    const net::Request request{
        .method = std::move(method), .target = std::move(target), .headers = std::move(headers), .body = {}};
    return std::string(operation_names().at(operation_of(service, request)).name);
}

TEST(OperationNames, AreAwssAndFromAClosedList) {
    EXPECT_EQ(name_of(ServiceId::lambda, "POST", "/2015-03-31/functions/f%3A1/invocations"), "Invoke");
    EXPECT_EQ(name_of(ServiceId::lambda, "GET", "/2015-03-31/functions/"), "ListFunctions");
    EXPECT_EQ(name_of(ServiceId::lambda, "GET", "/2015-03-31/functions/f"), "GetFunction");
    EXPECT_EQ(name_of(ServiceId::lambda, "PUT", "/2015-03-31/functions/f/aliases/a"), "UpdateAlias");
    EXPECT_EQ(name_of(ServiceId::lambda, "POST", "/2025-12-01/durable-executions/arn%3Aaws/checkpoint?x=y"),
              "CheckpointDurableExecution");
    EXPECT_EQ(name_of(ServiceId::lambda, "GET", "/2025-12-01/durable-executions/arn%3Aaws"), "GetDurableExecution");
    EXPECT_EQ(name_of(ServiceId::lambda, "POST", "/2025-12-01/durable-execution-callbacks/secret/succeed"),
              "SendDurableExecutionCallbackSuccess");
    EXPECT_EQ(name_of(ServiceId::lambda, "PATCH", "/2015-03-31/functions/f/made-up"), "other");
    EXPECT_EQ(name_of(ServiceId::dynamodb, "POST", "/", {{"X-Amz-Target", "DynamoDB_20120810.PutItem"}}), "PutItem");
    EXPECT_EQ(name_of(ServiceId::dynamodb, "POST", "/", {{"X-Amz-Target", "DynamoDB_20120810.MadeUp"}}), "other");
    EXPECT_EQ(name_of(ServiceId::sns, "GET", "/?Action=Publish"), "Publish");
    EXPECT_EQ(name_of(ServiceId::stacks, "POST", "/holdpoint/deploy"), "deploy");
}

TEST(OperationNames, EachStandsOnThePage) {
    std::ifstream file(HOLDPOINT_SOURCE_FOLDER "/docs/aws-operations.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    for (const OperationName& operation : operation_names()) {
        if (operation.service == ServiceId::stacks || operation.name == "other") continue;
        EXPECT_TRUE(std::regex_search(page, std::regex(fmt::format("\\b{}\\b", operation.name)))) << operation.name;
    }
}

TEST(RequestMeters, CountByStatusAndTheRestTogether) {
    RequestMeters meters;
    meters.count(0, 200, std::chrono::microseconds(50));
    meters.count(0, 418, std::chrono::microseconds(50));
    EXPECT_EQ(meters.of(0).by_status.front().value(), 1U);
    EXPECT_EQ(meters.of(0).by_status.back().value(), 1U);
    EXPECT_EQ(meters.of(0).latency.read().counts.front(), 2U);
}

}  // namespace
}  // namespace holdpoint::server
