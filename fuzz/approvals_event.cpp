// The approval API function, whatever it is invoked with. Input: lines, done one after another beside a workflow that
// waits. "{…}": an event, as it comes; "<PATH": a GET of somebody who is signed in; ">PATH BODY": a POST of theirs;
// "+N": N seconds go by; anything else: the event of a workflow that begins, once. @ID@ and @DIGEST@ are the request's.
#include <charconv>

#include "approvals/domain/links.hpp"
#include "base/encoding.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/json.hpp"
#include "world.hpp"

namespace {

using namespace holdpoint;
using namespace holdpoint::approvals;

std::string replaced(std::string text, std::string_view mark, std::string_view value) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size()) {
        text.replace(at, mark.size(), value);
    }
    return text;
}

/// What may be told to anybody: never that the function is at fault.
durable::Json send(approvals::testing::World& world, const durable::Json& event) {
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    durable::Json answer = handle_event(event, world.web_services(), durable::Logger({}, silent));
    const durable::Json* status = answer.find("statusCode");
    FUZZ_CHECK(status != nullptr && status->get_if<std::int64_t>() != nullptr, "an answer has no status");
    const std::int64_t code = *status->get_if<std::int64_t>();
    FUZZ_CHECK(code >= 200 && code < 500, "the function says that it is at fault");
    return answer;
}

class Approver {
public:
    explicit Approver(approvals::testing::World& world) : world_(world) {
        const KeyRing keys = world.keys().current().value();
        const std::int64_t now = to_epoch_ms(world.services().clock.now());
        const std::string token = make_token(keys, {.person = "ann@example.com",
                                                    .groups = {"finance"},
                                                    .expires = now / 1000 + 30'000,
                                                    .token_id = "t-1",
                                                    .issued = now});
        const auto answer = ask("POST", "/api/sign-in", R"({"token":")" + token + R"("})");
        const auto body = durable::Json::parse(answer.body);
        csrf_token_ = *body.find("csrf_token")->get_if<std::string>();
        const std::string& cookie = answer.cookies.at(0);
        const std::size_t middle = cookie.find('=');
        cookies_[cookie.substr(0, middle)] = cookie.substr(middle + 1, cookie.find(';') - middle - 1);
    }

    /// An event is JSON, so an address is text; a body may be any bytes.
    HttpAnswer ask(const std::string& method, std::string_view given, const std::string& body) {
        const std::string text = as_utf8(given);
        const std::string_view target = text;
        HttpRequest request{.method = method,
                            .path = std::string(target.substr(0, target.find('?'))),
                            .query = {},
                            .headers = {{"content-type", "application/json"}, {"x-csrf-token", csrf_token_}},
                            .cookies = cookies_,
                            .body = body,
                            .source_ip = "192.0.2.1"};
        fuzz::Input query(target.substr(std::min(target.size(), request.path.size() + 1)));
        while (!query.empty()) {
            fuzz::Input pair(query.until('&'));
            const std::string_view name = pair.until('=');
            request.query[std::string(name)] = pair.rest();
        }
        HttpAnswer answer = world_.web(request);
        FUZZ_CHECK(answer.status >= 200 && answer.status < 500, "the function says that it is at fault");
        return answer;
    }

private:
    approvals::testing::World& world_;
    std::map<std::string, std::string> cookies_;
    std::string csrf_token_;
};

class Session {
public:
    void act(std::string_view given) {
        const std::string line = replaced(std::string(given), "@ID@", world().approval_id());
        const auto record = world().record();
        const std::string whole = replaced(line, "@DIGEST@", record ? shown_digest(*record) : "");
        if (whole.empty()) return;  // also "@ID@" where nothing was requested
        const char kind = whole.front();
        const std::string_view rest = std::string_view(whole).substr(1);
        if (kind == '+') {
            unsigned short seconds = 0;
            (void)std::from_chars(rest.data(), rest.data() + rest.size(), seconds);
            if (has_begun_) world().runner.advance(std::chrono::seconds(seconds));
        } else if (kind == '<') {
            (void)approver_.ask("GET", rest, {});
        } else if (kind == '>') {
            const std::string_view target = rest.substr(0, rest.find(' '));
            (void)approver_.ask("POST", target, std::string(rest.substr(std::min(rest.size(), target.size() + 1))));
        } else if (kind == '{') {
            if (auto event = fuzz::durable_json_of(whole)) (void)send(world(), *event);
        } else if (!std::exchange(has_begun_, true)) {
            if (fuzz::durable_json_of(rest)) world().start(std::string(rest));
        }
        check();
    }

private:
    approvals::testing::World& world() { return alone_.world; }

    void check() {
        if (world().approval_id().empty()) return;
        FUZZ_CHECK(verify_chain(world().trail()).empty(), "the audit trail is broken");
        const auto record = world().record();
        FUZZ_CHECK(record.has_value(), "the request is gone");
        FUZZ_CHECK(!ended_as_ || *ended_as_ == record->status, "a decision changed");
        if (record->status != ApprovalStatus::pending) ended_as_ = record->status;
    }

    approvals::testing::Alone alone_{WaitMode::callback};
    Approver approver_{world()};
    bool has_begun_ = false;
    std::optional<ApprovalStatus> ended_as_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    Session session;
    for (int i = 0; i < 8 && !input.empty(); ++i) session.act(input.line());
    return 0;
}
