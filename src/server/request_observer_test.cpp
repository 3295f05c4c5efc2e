// The line of a request: which execution it was about, and no secret.
#include "server/request_observer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"

namespace holdpoint::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RequestObserverTest : public ::testing::Test {
protected:
    void SetUp() override { log::set_up(log::Level::debug, log::Format::text); }
    void TearDown() override { log::set_up(log::Level::info, log::Format::text); }

    std::string line(const std::string& method, const std::string& target, int status = 200) {
        ::testing::internal::CaptureStderr();
        observed(
            {.method = method, .target = target, .headers = {}, .body = {}}, [](const net::Response&) {},
            meters_)({.status = status, .headers = {{"x-amzn-RequestId", "r"}}, .body = {}});
        return ::testing::internal::GetCapturedStderr();
    }

    RequestMeters meters_;
};

TEST_F(RequestObserverTest, NamesTheExecutionWhateverIsAskedOfIt) {
    const std::string path = "/2025-12-01/durable-executions/arn%3Aaws";
    for (const char* action : {"", "/history", "/state"})
        EXPECT_THAT(line("GET", path + action), HasSubstr(" execution=arn:aws\n")) << action;
    for (const char* action : {"/checkpoint", "/stop"})
        EXPECT_THAT(line("POST", path + action), HasSubstr(" execution=arn:aws\n")) << action;
}

TEST_F(RequestObserverTest, ShowsNoCallbackId) {
    EXPECT_THAT(line("POST", "/2025-12-01/durable-execution-callbacks/secret/succeed"),
                AllOf(HasSubstr("operation=SendDurableExecutionCallbackSuccess"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace holdpoint::server
