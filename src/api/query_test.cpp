// Members of Query requests: anybody may send one, since its action is counted before it is known who asks.
#include "api/query.hpp"

#include <gtest/gtest.h>

#include "base/meters.hpp"

namespace holdpoint::api {
namespace {

net::Request form(std::string body) {
    return {.method = "POST", .target = "/", .headers = {}, .body = std::move(body)};
}

TEST(Query, IsReadFromAFormAsFromAnAddress) {
    const net::Request address{.method = "GET", .target = "/?Action=a+b&x=c%2Bd%20e&y", .headers = {}, .body = "no=1"};
    const std::vector<std::pair<std::string, std::string>> expected{{"Action", "a b"}, {"x", "c+d e"}, {"y", ""}};
    EXPECT_EQ(query_parameters(address), expected);
    EXPECT_EQ(query_parameters(form("Action=a+b&x=c%2Bd%20e&y")), expected);
    EXPECT_EQ(query_parameter(address, "x"), "c+d e");
    EXPECT_EQ(query_parameter(address, "z"), "");
}

// Each plus moved all that stood behind it: two megabytes of them held an I/O thread for half a minute.
TEST(Query, AFormOfPlusesTakesNoLongerThanAnother) {
    constexpr std::size_t kPluses = 1'000'000;
    const net::Request request = form("Action=" + std::string(kPluses, '+'));
    const Stopwatch watch;
    EXPECT_EQ(query_parameter(request, "Action"), std::string(kPluses, ' '));
    EXPECT_LT(watch.elapsed(), std::chrono::seconds(10));
}

}  // namespace
}  // namespace holdpoint::api
