// Test service: the Lambda service over a memory store, with functions that are deployed and processes that stay.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "api/lambda/lambda.hpp"
#include "engine/test_kit.hpp"
#include "functions/registry.hpp"

namespace holdpoint::api::test {

namespace json = boost::json;
using engine::test::Box;
using engine::test::MemoryLogs;
using engine::test::SharedClock;
using engine::test::TestFolder;

class LambdaServiceTest : public ::testing::Test {
protected:
    LambdaServiceTest() {
        deploy("f", functions::DurableConfig{.execution_timeout_seconds = 600, .retention_days = 1});
        deploy("other", functions::DurableConfig{.execution_timeout_seconds = 600, .retention_days = 1});
        deploy("plain", std::nullopt);
    }
    ~LambdaServiceTest() override {
        invoker_.stop();
        writer_.stop();
    }

    void deploy(const std::string& name, std::optional<functions::DurableConfig> durable) {
        functions::Function function;
        function.name = name;
        function.executable = name;
        function.code_sha256 = "script";
        function.durable = durable;
        function.log_group = "/aws/lambda/" + name;
        Box<bool> written;
        writer_.submit([&](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            const auto made = functions::create_function(rows, function, now, "r-" + name);
            rows.apply(made->writes);
            return [&, ok = made.has_value()] { written.put(ok); };
        });
        ASSERT_TRUE(written.take());
    }

    net::Response call(const std::string& method, const std::string& target, const std::string& body = {},
                       const net::Headers& headers = {}) {
        Box<net::Response> answered;
        service_->handle({.request = {.method = method, .target = target, .headers = headers, .body = body},
                          .caller = {.account = "000000000000", .arn = "user", .user_id = "u", .role_name = ""},
                          .authorize = [this](const std::string& name, const auto&...) -> Result<void> {
                              if (name == denied_) return fail("AccessDeniedException", 403, "no " + name);
                              return {};
                          },
                          .request_id = "request-1",
                          .respond = [&](net::Response response) { answered.put(std::move(response)); }});
        return answered.take().value_or(net::Response{.status = 0, .headers = {}, .body = "no answer"});
    }

    static std::string error_of(const net::Response& response) {
        return std::to_string(response.status) + " " + std::string(response.header("x-amzn-ErrorType"));
    }

    std::string start(const std::string& function, const std::string& name, net::Headers headers = {}) {
        headers.emplace_back("X-Amz-Invocation-Type", "Event");
        headers.emplace_back("X-Amz-Durable-Execution-Name", name);
        const auto response = call("POST", "/2015-03-31/functions/" + function + ":$LATEST/invocations", "{}", headers);
        EXPECT_EQ(response.status, 202) << response.body;
        return std::string(response.header("X-Amz-Durable-Execution-Arn"));
    }

    json::object listed(const std::string& function, const std::string& query) {
        const auto response = call("GET", "/2025-12-01/functions/" + function + "/durable-executions?" + query);
        EXPECT_EQ(response.status, 200) << response.body;
        return json::parse(response.body).as_object();
    }

    TestFolder folder_;
    SharedClock clock_;
    SystemRandom random_;
    MemoryLogs logs_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_{clock_, *store_};
    engine::Timers timers_{clock_, *store_};
    engine::Invoker invoker_ = engine::test::make_invoker(clock_, random_, logs_, engine::test::options_in(folder_));
    engine::Executions executions_{random_,     writer_,       timers_, invoker_, {}, engine::test::may_send_all,
                                   "us-east-1", "000000000000"};
    engine::EventQueue events_{random_,
                               writer_,
                               invoker_,
                               [](const functions::Function&, const std::string&) {},
                               engine::test::may_send_all,
                               "us-east-1",
                               "000000000000"};
    CodeStore code_{folder_.path(), random_};
    engine::Concurrency concurrency_{invoker_};
    std::unique_ptr<Service> service_ = make_lambda_service(
        {.clock = clock_, .random = random_, .store = *store_, .writer = writer_}, {.executions = executions_,
                                                                                    .invoker = invoker_,
                                                                                    .events = events_,
                                                                                    .code = code_,
                                                                                    .concurrency = concurrency_});
    std::string denied_;
    std::string script_ = folder_.script("script", "exec sleep 60");
};

}  // namespace holdpoint::api::test
