// The service levels of a stack: who may read them, and that they say what its table does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/links.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServiceLevelsOfAStack : public ::testing::Test {
protected:
    void SetUp() override {
        world.start();
        id = world.approval_id();
    }

    /// What the cookie of somebody says who signed in by such a proof.
    std::map<std::string, std::string> signed_in(const std::string& how, const std::string& secret) {
        const HttpAnswer answer = world.web({.method = "POST",
                                             .path = "/api/sign-in",
                                             .query = {},
                                             .headers = {{"content-type", "application/json"}},
                                             .cookies = {},
                                             .body = R"({")" + how + R"(":")" + secret + R"("})"});
        if (answer.cookies.empty()) return {};
        const std::string cookie = answer.cookies.front().substr(0, answer.cookies.front().find(';'));
        return {{cookie.substr(0, cookie.find('=')), cookie.substr(cookie.find('=') + 1)}};
    }
    std::string token() {
        return make_token(world.keys().current().value(),
                          {.person = "ann@example.com", .groups = {}, .expires = in_a_minute(), .token_id = "t"});
    }
    std::string link() {
        return make_link(world.keys().current().value(),
                         {.approval_id = id, .person = "bob@example.com", .expires = in_a_minute()});
    }
    /// `of_link`: the approval whose link's session is meant.
    HttpAnswer read(const std::map<std::string, std::string>& cookies, const std::string& of_link = {}) {
        return world.web({.method = "GET",
                          .path = "/api/service-levels",
                          .query = {},
                          .headers = {{"x-holdpoint-approval", of_link}},
                          .cookies = cookies,
                          .body = {}});
    }
    HttpAnswer scrape(const std::string& authorization, const std::map<std::string, std::string>& cookies = {}) {
        return world.web({.method = "GET",
                          .path = "/metrics",
                          .query = {},
                          .headers = {{"authorization", authorization}},
                          .cookies = cookies,
                          .body = {}});
    }

    Alone alone{WaitMode::callback};
    World& world = alone.world;
    std::string id;

private:
    std::int64_t in_a_minute() const { return to_epoch_ms(world.services().clock.now()) / 1000 + 60; }
};

TEST_F(ServiceLevelsOfAStack, AreForWhoHasATokenAndReadNowAndThen) {
    EXPECT_EQ(read({}).status, 401);
    const auto ann = signed_in("token", token());
    int queries = 0;
    alone.tables.before_call = [&](const std::string& action) {
        if (action == "Query") ++queries;
        return true;
    };
    const HttpAnswer levels = read(ann);
    EXPECT_EQ(levels.status, 200);
    EXPECT_THAT(
        levels.body,
        HasSubstr(
            R"({"groups":[{"name":"anyone","pending":1,"oldest_seconds":0,"decided":0,"median_seconds":0,"p90_seconds":0,"breached":0}],"complete":true,"now":)"));
    EXPECT_EQ(queries, 4) << "one for each status";
    EXPECT_EQ(read(ann).status, 200);
    EXPECT_EQ(queries, 4);
    const HttpAnswer refused = read(signed_in("link", link()), id);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, HasSubstr("FORBIDDEN"));
}

TEST_F(ServiceLevelsOfAStack, FollowWhatIsDecidedAndWhatIsNot) {
    SeededRandom random(3);
    const TimePoint now = world.services().clock.now();
    const auto add = [&](ApprovalStatus status, std::chrono::seconds age, std::optional<std::string> approver) {
        ApprovalRequest more = *world.record();
        more.approval_id = random.uuid();
        more.status = status;
        more.created_at = to_iso8601(now - age);
        more.approver = std::move(approver);
        if (more.approver) more.decided_at = to_iso8601(now - age + std::chrono::seconds(20));
        more.policy =
            pin(read_policy(Json::parse(R"({"name":"p","stages":[{"name":"s","approvers":{"groups":["legal"]}}]})"))
                    .value(),
                {})
                .value();
        ASSERT_TRUE(world.services().repository.create(more));
    };
    using std::chrono::hours;
    add(ApprovalStatus::pending, hours(40 * 24), {});
    add(ApprovalStatus::approved, hours(2), "ann@example.com");
    add(ApprovalStatus::rejected, hours(2), {});  // its deadline did
    add(ApprovalStatus::timeout, hours(2), {});
    add(ApprovalStatus::approved, hours(40 * 24), "ann@example.com");  // too long ago
    EXPECT_THAT(
        read(signed_in("token", token())).body,
        HasSubstr(
            R"({"name":"legal","pending":1,"oldest_seconds":3456000,"decided":1,"median_seconds":20,"p90_seconds":20,"breached":2})"));
}

TEST_F(ServiceLevelsOfAStack, AreMetricsForWhoBringsAToken) {
    const auto ann = signed_in("token", token());
    for (const std::string wrong : {"", "Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi"}) {
        const HttpAnswer refused = scrape(wrong, ann);
        EXPECT_EQ(refused.status, 401) << wrong << ": a cookie is no scraper's";
        EXPECT_THAT(refused.headers, ::testing::Contains(::testing::Pair("www-authenticate", "Bearer")));
    }
    EXPECT_EQ(scrape("Bearer " + link()).status, 401);
    EXPECT_EQ(scrape("bearer  " + token()).status, 200) << "the scheme's case and spaces mean nothing";
    const HttpAnswer page = scrape("Bearer " + token());
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("holdpoint_approvals_pending{group=\"anyone\"} 1\n"));
    EXPECT_THAT(page.cookies, IsEmpty());
}

}  // namespace
}  // namespace holdpoint::approvals::testing
