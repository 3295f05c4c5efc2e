// OpenTelemetry: which spans a collector is sent, with which ids, and what becomes of it when it does not take them.
#include "sdk/opentelemetry/opentelemetry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <map>
#include <set>
#include <sstream>

#include "base/encoding.hpp"
#include "sdk/opentelemetry/spans.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

namespace json = boost::json;
namespace net = holdpoint::net;
namespace otel = detail::opentelemetry;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

/// A collector that keeps what it is sent.
class Collector {
public:
    std::function<std::expected<net::Response, net::TransportError>()> answer = [] { return net::Response{}; };

    [[nodiscard]] std::unique_ptr<net::Transport> transport() { return std::make_unique<Connection>(*this); }
    [[nodiscard]] const std::vector<net::Request>& requests() const { return requests_; }
    /// Those of all requests.
    [[nodiscard]] std::vector<json::object> spans() const {
        std::vector<json::object> all;
        for (const net::Request& request : requests_) {
            const json::value body = json::parse(request.body);
            for (const json::value& span : body.at_pointer("/resourceSpans/0/scopeSpans/0/spans").as_array()) {
                all.push_back(span.as_object());
            }
        }
        return all;
    }
    /// The only one of that name.
    [[nodiscard]] json::object span(std::string_view name) const {
        std::vector<json::object> found = spans();
        std::erase_if(found, [&](const json::object& span) { return span.at("name").as_string() != name; });
        EXPECT_THAT(found, SizeIs(1)) << name;
        return found.empty() ? json::object{} : found.front();
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const json::object& span : spans()) names.emplace_back(span.at("name").as_string());
        return names;
    }

private:
    struct Connection final : net::Transport {
        explicit Connection(Collector& to) : collector(to) {}
        std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                               const net::Timeouts&) override {
            collector.requests_.push_back(request);
            return collector.answer();
        }
        Collector& collector;
    };
    std::vector<net::Request> requests_;
};

using Variables = std::map<std::string, std::string>;

otel::Settings settings(const OpenTelemetryOptions& options, const Variables& variables = {}) {
    return otel::make_settings(options, [&](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

std::shared_ptr<Plugin> plugin(Collector& collector, const OpenTelemetryOptions& options = {},
                               const Variables& variables = {}) {
    return otel::make_plugin(settings(options, variables), collector.transport(),
                             std::make_shared<holdpoint::ManualClock>(holdpoint::from_epoch_ms(1'767'225'600'500)));
}

std::string text(const json::object& span, std::string_view member) {
    const auto* value = span.if_contains(member);
    return value == nullptr ? "" : std::string(value->as_string());
}

/// The value of an attribute as text; empty when there is none.
std::string attribute(const json::object& of, std::string_view name) {
    for (const json::value& attribute : of.at("attributes").as_array()) {
        if (attribute.at("key").as_string() != name) continue;
        const json::value& value = attribute.at("value").as_object().begin()->value();
        return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    }
    return {};
}

std::string first16(const std::string& text) {
    return holdpoint::to_hex(holdpoint::sha256(text)).substr(0, 16);
}

TEST(OpenTelemetry, AWaitOverTwoInvocationsIsOneTrace) {
    Collector collector;
    LocalService runner(
        [](Context& context, Json) {
            context.step("charge", [] {});
            context.wait("pause", 10s);
        },
        {.plugins = {plugin(collector)}});
    runner.start();
    EXPECT_THAT(collector.names(), ElementsAre("attempt 1", "charge", "invocation"));
    runner.advance(10s);
    ASSERT_THAT(collector.requests(), SizeIs(2));
    EXPECT_THAT(collector.names(),
                ElementsAre("attempt 1", "charge", "invocation", "pause", "invocation", ::testing::_));

    const std::string arn = attribute(collector.span("charge"), "durable.execution.arn");
    const std::string root = first16("workflow:" + arn);
    std::set<std::string> ids;
    for (const json::object& span : collector.spans()) {
        EXPECT_EQ(text(span, "traceId"), "6955b900" + holdpoint::to_hex(holdpoint::sha256(arn)).substr(0, 24));
        EXPECT_TRUE(ids.insert(text(span, "spanId")).second) << text(span, "name");
    }
    const json::object charge = collector.span("charge");
    EXPECT_EQ(text(charge, "spanId"), first16(arn + ":" + attribute(charge, "durable.operation.id")));
    EXPECT_EQ(text(charge, "parentSpanId"), root);
    EXPECT_EQ(text(collector.span("attempt 1"), "parentSpanId"), text(charge, "spanId"));

    const json::object pause = collector.span("pause");
    EXPECT_EQ(text(pause, "startTimeUnixNano"), "1767225600000000000");
    EXPECT_EQ(text(pause, "endTimeUnixNano"), "1767225610000000000");
    EXPECT_EQ(attribute(pause, "durable.operation.type"), "WAIT");
    EXPECT_EQ(attribute(pause, "durable.operation.subtype"), "Wait");
    EXPECT_EQ(attribute(pause, "durable.operation.status"), "SUCCEEDED");

    const json::object execution = collector.spans().back();
    EXPECT_EQ(text(execution, "spanId"), root);
    EXPECT_EQ(text(execution, "parentSpanId"), "");
    EXPECT_EQ(text(execution, "startTimeUnixNano"), "1767225600000000000");
    EXPECT_EQ(attribute(execution, "durable.execution.status"), "SUCCEEDED");
    const json::object first = collector.spans()[2];
    EXPECT_EQ(text(first, "parentSpanId"), root);
    EXPECT_EQ(attribute(first, "durable.invocation.status"), "PENDING");
    EXPECT_EQ(attribute(first, "durable.invocation.first"), "true");
    EXPECT_EQ(attribute(collector.spans()[4], "durable.invocation.first"), "false");
}

TEST(OpenTelemetry, OperationsAreUnderTheirContexts) {
    Collector collector;
    LocalService runner(
        [](Context& context, Json) {
            context.run_in_child_context("outer", [](Context& child) {
                child.step("before", [] {});
                child.wait("pause", 1s);
                child.step("after", [] {});
            });
        },
        {.plugins = {plugin(collector)}});
    runner.start();
    runner.advance(1s);
    const std::string outer = text(collector.span("outer"), "spanId");
    for (const char* name : {"before", "pause", "after"}) {
        EXPECT_EQ(text(collector.span(name), "parentSpanId"), outer) << name;
    }
}

TEST(OpenTelemetry, FailuresSayWhy) {
    Collector collector;
    LocalService runner(
        [](Context& context, Json) {
            context.step("flaky",
                         [](StepContext& step) {
                             if (step.attempt() == 1) throw Error("NotYet", "no luck");
                         },
                         {.retry = retry::fixed({.pause = 5s})});
            context.step("broken", [] { throw Error("Broken", "bad \xff luck"); }, {.retry = retry::none()});
        },
        {.plugins = {plugin(collector)}});
    runner.start();
    runner.advance(5s);
    const json::object failed = collector.spans().front();
    EXPECT_EQ(attribute(failed, "durable.attempt.outcome"), "FAILED");
    EXPECT_EQ(attribute(failed, "durable.attempt.number"), "1");
    EXPECT_EQ(failed.at("status"), json::value({{"code", 2}, {"message", "no luck"}}));
    const json::object event = failed.at("events").as_array().at(0).as_object();
    EXPECT_EQ(event.at("name"), "exception");
    EXPECT_EQ(attribute(event, "exception.type"), "NotYet");
    EXPECT_EQ(attribute(event, "exception.message"), "no luck");
    EXPECT_EQ(attribute(collector.span("attempt 2"), "durable.attempt.outcome"), "SUCCEEDED");
    EXPECT_FALSE(collector.span("flaky").contains("status"));
    EXPECT_EQ(collector.span("broken").at("status").at("code"), 2);
    EXPECT_EQ(collector.spans().back().at("status").at("code"), 2);
    EXPECT_EQ(attribute(collector.spans().back(), "durable.execution.status"), "FAILED");
    EXPECT_TRUE(holdpoint::is_utf8(collector.requests().back().body));
}

TEST(OpenTelemetry, AnAttemptThatCouldNotBeRecordedIsASpanOfItsOwn) {
    Collector collector;
    LocalService runner([](Context& context, Json) { context.step("s", [] {}); }, {.plugins = {plugin(collector)}});
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 1) return holdpoint::Error{"ServiceException", 500, "later", {}};
        return std::nullopt;
    };
    runner.start();
    runner.advance(1min);
    EXPECT_THAT(collector.names(),
                ElementsAre("attempt 1", "invocation", "attempt 1", "s", "invocation", ::testing::_));
    const auto spans = collector.spans();
    EXPECT_NE(text(spans[0], "spanId"), text(spans[2], "spanId"));
    EXPECT_EQ(text(spans[0], "parentSpanId"), text(spans[3], "spanId"));
    EXPECT_EQ(attribute(spans[1], "durable.invocation.status"), "RETRYING");
}

TEST(OpenTelemetry, BranchesAtTheSameTimeKeepTheirAttemptsApart) {
    Collector collector;
    LocalService runner(
        [](Context& context, Json) {
            (void)context.map("m", std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8},
                              [](Context& item, int) { item.step("s", [] {}); });
        },
        {.plugins = {plugin(collector)}});
    runner.start();
    std::map<std::string, int> attempts;
    for (const json::object& span : collector.spans()) {
        if (text(span, "name") == "attempt 1") ++attempts[text(span, "parentSpanId")];
    }
    EXPECT_THAT(attempts, SizeIs(8));
}

TEST(OpenTelemetry, LogLinesNameTheSpanThatTheyBelongTo) {
    Collector collector;
    LocalService runner(
        [](Context& context, Json) {
            context.logger().info("outside");
            context.step("s", [](StepContext& step) { step.logger().info("inside"); });
        },
        {.plugins = {plugin(collector)}});
    ::testing::internal::CaptureStdout();
    runner.start();
    std::istringstream lines(::testing::internal::GetCapturedStdout());
    std::string outside;
    std::string inside;
    std::getline(lines, outside);
    std::getline(lines, inside);
    const json::object invocation = collector.span("invocation");
    EXPECT_EQ(json::parse(outside).at("trace_id"), invocation.at("traceId"));
    EXPECT_EQ(json::parse(outside).at("span_id"), invocation.at("spanId"));
    EXPECT_EQ(json::parse(inside).at("span_id"), collector.span("attempt 1").at("spanId"));
}

TEST(OpenTelemetry, AnXRayTraceIsTakenUpAndItsSamplingHonoured) {
    const auto sampled =
        otel::parse_trace_header("Root=1-5759e988-BD862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1");
    EXPECT_EQ(sampled.trace_id, "5759e988bd862e3fe1be46a994272793");
    EXPECT_TRUE(sampled.is_sampled);
    EXPECT_FALSE(otel::parse_trace_header("Root=1-5759e988-bd862e3fe1be46a994272793; Sampled=0").is_sampled);
    for (const char* odd : {"", "Root=", "Root=1-5759e988-bd862e3fe1be46a99427279g", "Root=1-5759e988",
                            "Root=2-5759e988-bd862e3fe1be46a994272793"}) {
        EXPECT_EQ(otel::parse_trace_header(odd).trace_id, "") << odd;
        EXPECT_TRUE(otel::parse_trace_header(odd).is_sampled) << odd;
    }
    EXPECT_EQ(otel::parse_trace_header("Root=1-00000000-000000000000000000000000").trace_id,
              "00000000000000000000000000000001");
}

TEST(OpenTelemetry, WhatIsNotSampledIsNotSent) {
    Collector collector;
    const auto traced = plugin(collector);
    struct NoOperations final : Operations {
        [[nodiscard]] std::size_t size() const override { return 0; }
        [[nodiscard]] std::optional<OperationInfo> find(const std::string&) const override { return std::nullopt; }
        void for_each(const std::function<void(const OperationInfo&)>&) const override {}
    } const operations;
    const std::vector<OperationInfo> updated;
    InvocationInfo info{.execution_arn = "arn",
                        .request_id = "r",
                        .trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
                        .is_first_invocation = true,
                        .execution_started_at = {},
                        .operations = operations,
                        .updated = updated};
    traced->invocation_start(info);
    traced->invocation_end({.invocation = info, .status = InvocationStatus::succeeded, .error = {}});
    EXPECT_THAT(collector.requests(), IsEmpty());
    info.trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    traced->invocation_start(info);
    traced->invocation_end({.invocation = info, .status = InvocationStatus::succeeded, .error = {}});
    EXPECT_EQ(text(collector.span("invocation"), "traceId"), "5759e988bd862e3fe1be46a994272793");
}

TEST(OpenTelemetry, TheEnvironmentSaysWhereAndWho) {
    const Variables variables{{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example/base/"},
                              {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, other = c,broken"},
                              {"OTEL_EXPORTER_OTLP_TIMEOUT", "250"},
                              {"OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attributes,team=x"},
                              {"AWS_LAMBDA_FUNCTION_NAME", "function"}};
    const auto from = settings({}, variables);
    ASSERT_TRUE(from.target);
    EXPECT_EQ(from.target->endpoint, (net::Endpoint{.tls = true, .host = "collector.example", .port = "443"}));
    EXPECT_EQ(from.target->path, "/base/v1/traces");
    EXPECT_THAT(from.headers,
                ElementsAre(Pair("api-key", "a b"), Pair("other", "c"), Pair("Content-Type", "application/json")));
    EXPECT_EQ(from.timeout, 250ms);
    EXPECT_THAT(from.resource, UnorderedElementsAre(Pair("service.name", "from-attributes"),
                                                    Pair("faas.name", "function"), Pair("team", "x")));
    EXPECT_THAT(from.problems, IsEmpty());

    Variables narrower = variables;
    narrower["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://traces:9";
    narrower["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] = "99";
    narrower["OTEL_SERVICE_NAME"] = "named";
    EXPECT_EQ(settings({}, narrower).target->path, "/");
    EXPECT_EQ(settings({}, narrower).timeout, 99ms);
    EXPECT_EQ(settings({}, narrower).resource.front().second, "named");

    const OpenTelemetryOptions options{.endpoint = "http://mine:1/v1/traces",
                                       .headers = {{"other", "d"}},
                                       .service_name = "mine",
                                       .resource_attributes = {{"team", "y"}},
                                       .timeout = 5ms};
    const auto own = settings(options, narrower);
    EXPECT_EQ(own.url, "http://mine:1/v1/traces");
    EXPECT_EQ(own.headers[1].second, "d");
    EXPECT_EQ(own.timeout, 5ms);
    EXPECT_THAT(own.resource,
                UnorderedElementsAre(Pair("service.name", "mine"), Pair("faas.name", "function"), Pair("team", "y")));
    EXPECT_EQ(settings({}).url, "http://localhost:4318/v1/traces");
    EXPECT_EQ(settings({}).resource.front().second, "unknown_service");
}

TEST(OpenTelemetry, SettingsThatCannotBeAreToldAndChangeNothingElse) {
    const Variables variables{{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
                              {"OTEL_EXPORTER_OTLP_HEADERS", "fine=1,evil=a%0d%0aHost: b"},
                              {"OTEL_EXPORTER_OTLP_TIMEOUT", "1s"},
                              {"OTEL_RESOURCE_ATTRIBUTES", "team=%ff"}};
    EXPECT_THAT(settings({}, variables).problems,
                ElementsAre(HasSubstr("'collector:4318"), HasSubstr("'evil'"), HasSubstr("'1s'"), HasSubstr("UTF-8")));
    Collector collector;
    ::testing::internal::CaptureStderr();
    LocalService runner([](Context&, Json) { return 1; }, {.plugins = {plugin(collector, {}, variables)}});
    runner.start();
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("no spans are sent"));
    EXPECT_EQ(runner.result(), "1");
    EXPECT_THAT(collector.requests(), IsEmpty());
}

TEST(OpenTelemetry, ItCanBeSwitchedOffFromOutside) {
    Collector collector;
    LocalService runner([](Context&, Json) {}, {.plugins = {plugin(collector, {}, {{"OTEL_SDK_DISABLED", "true"}})}});
    runner.start();
    EXPECT_THAT(collector.requests(), IsEmpty());
}

TEST(OpenTelemetry, ACollectorThatDoesNotTakeSpansIsToldOfOnceUntilItDoes) {
    Collector collector;
    LocalService runner(
        [](Context& context, Json) {
            for (int i = 0; i < 5; ++i) context.wait("pause", 1s);
            return 1;
        },
        {.plugins = {plugin(collector)}});
    const auto told = [&](const std::function<void()>& what) {
        ::testing::internal::CaptureStderr();
        what();
        return ::testing::internal::GetCapturedStderr();
    };
    const auto step = [&] { runner.advance(1s); };
    collector.answer = [] { return std::unexpected(net::TransportError{.message = "cannot connect"}); };
    EXPECT_THAT(told([&] { runner.start(); }), HasSubstr("(cannot connect)"));
    collector.answer = [] { return net::Response{.status = 503, .headers = {}, .body = "later"}; };
    EXPECT_EQ(told(step), "");
    collector.answer = [] { return net::Response{}; };
    EXPECT_THAT(told(step), HasSubstr("takes spans again"));
    EXPECT_EQ(told(step), "");
    collector.answer = [] {
        return net::Response{.status = 200, .headers = {}, .body = R"({"partialSuccess":{"rejectedSpans":"2"}})"};
    };
    EXPECT_THAT(told(step), HasSubstr("it rejected 2 of them"));
    collector.answer = [] {
        return net::Response{.status = 200, .headers = {}, .body = R"({"partialSuccess":{"rejectedSpans":"0"}})"};
    };
    EXPECT_THAT(told(step), HasSubstr("takes spans again"));
    EXPECT_EQ(runner.result(), "1");
    EXPECT_THAT(collector.requests(), SizeIs(6));
}

TEST(OpenTelemetry, ACollectorThatHangsCostsNoMoreThanTheLimit) {
    std::mutex mutex;
    std::condition_variable changed;
    bool may_go_on = false;
    Collector collector;
    collector.answer = [&] {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return may_go_on; });
        return net::Response{};
    };
    LocalService runner(
        [](Context& context, Json) {
            context.wait("pause", 1s);
            return 1;
        },
        {.plugins = {plugin(collector, {.timeout = 1ms})}});
    ::testing::internal::CaptureStderr();
    runner.start();
    runner.advance(1s);  // while the first request is under way
    EXPECT_EQ(runner.result(), "1");
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("no answer within 1 ms"));
    const std::lock_guard lock(mutex);
    may_go_on = true;
    changed.notify_all();
}

TEST(OpenTelemetry, LargeErrorsAreShortened) {
    otel::Span span;
    span.has_failed = true;
    span.error = ErrorInfo{.type = "Large", .message = std::string(1'000'000, 'x'), .data = {}, .stack = {}};
    EXPECT_LT(otel::to_text(span).size(), 32UL * 1024);
}

TEST(OpenTelemetry, WhatAnInvocationKeepsIsBounded) {
    Collector collector;
    const auto traced = plugin(collector);
    LocalService runner(
        [&](Context&, Json) {
            OperationInfo large;
            large.id = "id";
            large.error = ErrorInfo{.type = "Large", .message = std::string(10'000, 'x'), .data = {}, .stack = {}};
            for (int i = 0; i < 1000; ++i) traced->operation_end(large);
        },
        {.plugins = {traced}});
    ::testing::internal::CaptureStderr();
    runner.start();
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("more spans than are sent at once"));
    EXPECT_LT(collector.requests().front().body.size(), 17UL * 1024 * 1024);
    EXPECT_THAT(collector.names(), ::testing::Contains("invocation"));
}

}  // namespace
}  // namespace durable::testing
