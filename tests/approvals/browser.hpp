// Browser: what tests of the inbox do as somebody who has the page open.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "approvals/domain/links.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {

using durable::Json;

/// One browser, with the cookies that it was given; its page is that of the last sign-in.
class Browser {
public:
    explicit Browser(World& world) : world_(world) {}

    HttpAnswer get(const std::string& path, std::map<std::string, std::string> query = {}) {
        return send(
            {.method = "GET", .path = path, .query = std::move(query), .headers = headers, .cookies = {}, .body = {}});
    }
    HttpAnswer post(const std::string& path, const std::string& body) {
        return send({.method = "POST", .path = path, .query = {}, .headers = headers, .cookies = {}, .body = body});
    }
    Json json(const HttpAnswer& answer) { return Json::parse(answer.body); }
    /// A member as text; "approval.status" reaches into the body.
    std::string text(const HttpAnswer& answer, const std::string& path) {
        Json at = json(answer);
        for (std::size_t begin = 0; begin <= path.size();) {
            const std::size_t end = std::min(path.find('.', begin), path.size());
            const Json* member = at.find(path.substr(begin, end - begin));
            if (member == nullptr) return "(none)";
            at = Json(*member);
            begin = end + 1;
        }
        const auto* value = at.get_if<std::string>();
        return value == nullptr ? at.dump() : *value;
    }

    HttpAnswer sign_in_as(const std::string& person, std::chrono::seconds for_how_long = std::chrono::hours(1),
                          const std::vector<std::string>& groups = {"finance"}) {
        const KeyRing keys = world_.keys().current().value();
        return sign_in("token", make_token(keys, {.person = person,
                                                  .groups = groups,
                                                  .expires = to_epoch_ms(now() + for_how_long) / 1000,
                                                  .token_id = "t-" + person,
                                                  .issued = to_epoch_ms(now())}));
    }
    HttpAnswer sign_in_by_link(const std::string& person, const std::string& approval_id,
                               const std::string& link_id = "9999999999-a") {
        const KeyRing keys = world_.keys().current().value();
        return sign_in("link", make_link(keys, {.approval_id = approval_id,
                                                .person = person,
                                                .expires = to_epoch_ms(now() + std::chrono::hours(1)) / 1000,
                                                .link_id = link_id,
                                                .issued = to_epoch_ms(now())}));
    }
    HttpAnswer sign_in(const std::string& how, const std::string& secret) {
        HttpAnswer answer = post("/api/sign-in", R"({")" + how + R"(":")" + secret + R"("})");
        if (answer.status != 200) return answer;
        headers["x-csrf-token"] = text(answer, "csrf_token");
        headers.erase("x-holdpoint-approval");
        if (how == "link") headers["x-holdpoint-approval"] = text(answer, "only_approval");
        return answer;
    }

    HttpAnswer decide(const std::string& id, const std::string& decision, const std::string& comments = {},
                      std::string digest = {}, const std::string& key = "k1") {
        if (digest.empty()) digest = text(get("/api/approvals/" + id), "approval.shown_digest");
        return post("/api/approvals/" + id + "/decision",
                    Json(Json::Data(Json::Object{{"decision", Json(Json::Data(decision))},
                                                 {"comments", Json(Json::Data(comments))},
                                                 {"shown_digest", Json(Json::Data(digest))},
                                                 {"idempotency_key", Json(Json::Data(key))}}))
                        .dump());
    }

    std::map<std::string, std::string> headers{{"content-type", "application/json"}};
    std::map<std::string, std::string> cookies;
    std::string source_ip = "192.0.2.1";

private:
    TimePoint now() const { return world_.services().clock.now(); }

    HttpAnswer send(HttpRequest request) {
        request.cookies = cookies;
        request.source_ip = source_ip;
        HttpAnswer answer = world_.web(request);
        for (const std::string& cookie : answer.cookies) {
            const std::size_t middle = cookie.find('=');
            cookies[cookie.substr(0, middle)] = cookie.substr(middle + 1, cookie.find(';') - middle - 1);
        }
        return answer;
    }

    World& world_;
};

class Inbox : public ::testing::Test {
protected:
    void SetUp() override {
        alone.world.start(
            R"({"document_id":"doc-1","document_name":"Budget <b>2027</b>","requester":"olga@example.com","timeout_seconds":300,
                "kind":"document","link":"https://docs.example/1","fields":{"amount":"120.00 EUR","cost centre":"4711"}})");
        id = alone.world.approval_id();
    }

    Alone alone{WaitMode::callback};
    World& world = alone.world;
    Browser ann{world};
    std::string id;
};

}  // namespace holdpoint::approvals::testing
