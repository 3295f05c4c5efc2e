#include "approvals/web/web.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals/api/abandoned.hpp"
#include "approvals/api/amendments.hpp"
#include "approvals/api/api.hpp"
#include "approvals/domain/people.hpp"
#include "approvals/web/assets.hpp"
#include "approvals/web/requests.hpp"
#include "approvals/web/views.hpp"
#include "base/encoding.hpp"
#include "base/ip.hpp"
#include "base/text.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::string_view kApprovals = "/api/approvals";
constexpr std::size_t kIdMax = 64;
/// The list looks at no more requests than this for one page, however few of them match.
constexpr std::size_t kLookedAtMax = 500;

constexpr std::string_view kNotSignedIn =
    R"(<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Not signed in</title><link rel="stylesheet" href="{back}assets/app.css">
<main><h1>You are not signed in</h1><p>{reason}</p><p><a href="{back}">Back to the inbox</a></p></main></html>
)";

HttpAnswer json_answer(int status, const Json& body) {
    return {.status = status,
            .body = body.dump(),
            .headers = {{"content-type", "application/json"}, {"cache-control", "no-store"}}};
}

HttpAnswer refused(const ApiRefusal& refusal) {
    HttpAnswer answer{.status = refusal.status,
                      .body = body_of(refusal),
                      .headers = {{"content-type", "application/json"}, {"cache-control", "no-store"}}};
    for (const auto& [name, value] : refusal.details) {
        if (name == "retry_after_seconds") answer.headers.emplace_back("retry-after", value.dump());
    }
    return answer;
}

/// Refuses what comes too often; nothing when it may go on.
std::optional<HttpAnswer> too_often(RateLimiter& limit, const std::string& key) {
    const Milliseconds wait = limit.take(key);
    if (wait == Milliseconds(0)) return std::nullopt;
    const std::int64_t seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return refused(
        {.status = 429,
         .code = "TOO_MANY_REQUESTS",
         .message = fmt::format("Too much at once. Try again in {} second{}.", seconds, seconds == 1 ? "" : "s"),
         .details = {{"retry_after_seconds", Json(seconds)}}});
}

/// The answer with its tag, which leaves `now` out; 304 when the browser has it already.
HttpAnswer tagged(const HttpRequest& request, Json::Object body, TimePoint now) {
    const std::string tag = '"' + to_hex(sha256(Json(body).dump())).substr(0, 32) + '"';
    if (request.header("if-none-match") == tag) return {.status = 304, .headers = {{"etag", tag}}};
    body.emplace_back("now", Json(to_iso8601(now)));
    HttpAnswer answer = json_answer(200, Json(std::move(body)));
    answer.headers.emplace_back("etag", tag);
    return answer;
}

class Web {
public:
    Web(const HttpRequest& request, const WebServices& services, const durable::Logger& logger)
        : request_(request), services_(services), logger_(logger) {}

    HttpAnswer handle() {
        const std::string_view path = request_.path;
        const bool is_reading = request_.method == "GET" || request_.method == "HEAD";
        if (path == "/") return is_reading ? asset("index.html") : wrong_method();
        if (path.starts_with("/assets/")) return is_reading ? asset(path.substr(8)) : wrong_method();
        if (path == "/api/sign-in") return request_.method == "POST" ? sign_in() : wrong_method();
        if (path == "/api/sign-out") return request_.method == "POST" ? sign_out() : wrong_method();
        if (services_.single_sign_on != nullptr && path.starts_with("/api/sign-in/oidc"))
            return single_sign_on(path.substr(std::string_view("/api/sign-in/oidc").size()));
        if (path == "/metrics") return is_reading ? metrics() : wrong_method();
        if (!path.starts_with("/api/")) return nothing_here();

        if (auto refusal = why_nobody()) return std::move(*refusal);
        session_.identity.address = request_.source_ip;
        if (auto refusal = too_often(services_.limits.requests, person_key(session_.identity.person))) return *refusal;
        if (path == "/api/me") return is_reading ? json_answer(200, me()) : wrong_method();
        // The page of somebody who is not signed in any more, because another tab signed in somebody else.
        if (is_reading && !request_.header("x-csrf-token").empty() && !brings_token()) return wrong_token();
        if (path == "/api/outbox") return is_reading ? outbox() : wrong_method();
        if (path == "/api/service-levels") return is_reading ? levels() : wrong_method();
        if (path == kApprovals) return is_reading ? list() : wrong_method();
        if (!path.starts_with(kApprovals) || path[kApprovals.size()] != '/') return nothing_here();
        return one(path.substr(kApprovals.size() + 1));
    }

private:
    /// Who asks: whoever a token that the request brings is for, else whoever the browser's cookie says. Why it is
    /// nobody, if so.
    std::optional<HttpAnswer> why_nobody() {
        if (bearer()) return why_no_bearer();
        auto session = services_.sessions.find(request_);
        if (!session) return refused(failed(logger_, session.error()));
        if (!*session) return refused(nobody_is_signed_in());
        session_ = std::move(**session);
        return std::nullopt;
    }

    /// What a request brings as its bearer's; nothing when it brings no such thing. (RFC 6750, section 2.1)
    std::optional<std::string> bearer() const {
        constexpr std::string_view kScheme = "bearer ";
        const std::string_view brought = request_.header("authorization");
        if (!equal_ignoring_case(brought.substr(0, kScheme.size()), kScheme)) return std::nullopt;
        return std::string(trimmed(brought.substr(kScheme.size())));
    }

    /// Of programs, which have no cookie: a person's token with each request.
    std::optional<HttpAnswer> why_no_bearer() {
        const auto token = bearer();
        auto signed_in = services_.sessions.sign_in(request_, token.value_or(""), "");
        if (!signed_in) return refused(failed(logger_, signed_in.error()));
        if (!*signed_in) {
            if (auto refusal = too_often(services_.limits.failed_sign_ins, counted_as(request_.source_ip)))
                return refusal;
            HttpAnswer answer = refused(
                {.status = 401,
                 .code = "UNAUTHENTICATED",
                 .message = token ? signed_in->error().message
                                  : "Authorization: expected Bearer and a token of holdpoint approvals token."});
            answer.headers.emplace_back("www-authenticate", "Bearer");
            return answer;
        }
        session_ = std::move((*signed_in)->session);
        is_bearer_ = true;
        return std::nullopt;
    }

    HttpAnswer nothing_here() const {
        return refused({.status = 404, .code = "NOT_FOUND", .message = "There is nothing at this address."});
    }

    HttpAnswer wrong_method() const {
        return refused({.status = 405,
                        .code = "METHOD_NOT_ALLOWED",
                        .message = fmt::format("This address takes no {}.", as_utf8(request_.method.substr(0, 16)))});
    }

    HttpAnswer asset(std::string_view name) const {
        const Asset* found = find_asset(name);
        if (found == nullptr) return nothing_here();
        const bool is_gzipped = request_.accepts_gzip();
        const std::string tag = etag_of(*found, is_gzipped);
        // Asked again each time, so that a new version of the function has a new page at once.
        std::vector<std::pair<std::string, std::string>> headers{
            {"etag", tag}, {"cache-control", "no-cache"}, {"vary", "accept-encoding"}};
        if (request_.header("if-none-match") == tag) return {.status = 304, .headers = std::move(headers)};
        headers.emplace_back("content-type", content_type(name));
        if (is_gzipped) headers.emplace_back("content-encoding", "gzip");
        return {.status = 200,
                .body = std::string(is_gzipped ? found->gzipped : found->content),
                .headers = std::move(headers),
                .is_binary = is_gzipped};
    }

    /// What a form of another site cannot send without asking first. (Fetch standard, "CORS-safelisted request-header")
    bool brings_json() const { return request_.header("content-type").starts_with("application/json"); }

    HttpAnswer not_json() const {
        return refused({.status = 415,
                        .code = "UNSUPPORTED_MEDIA_TYPE",
                        .message = fmt::format("Content-Type: expected application/json, found {}.",
                                               as_utf8(request_.header("content-type").substr(0, 64)))});
    }

    /// No browser adds a bearer's token by itself, so that no other site can send anything in their name.
    bool brings_token() const {
        return is_bearer_ || equal_constant_time(request_.header("x-csrf-token"), session_.csrf_token);
    }

    HttpAnswer wrong_token() const {
        return refused({.status = 403,
                        .code = "CSRF",
                        .message = "X-CSRF-Token: expected the token that /api/me answers, found another."});
    }

    HttpAnswer sign_in() {
        if (!brings_json()) return not_json();
        const auto wanted = read_sign_in(request_.body);
        if (!wanted) return refused(refusal_of(wanted.error()));
        const auto signed_in = services_.sessions.sign_in(request_, wanted->token, wanted->link);
        if (!signed_in) return refused(failed(logger_, signed_in.error()));
        if (!*signed_in) {
            // Whoever has a good token or link comes in all the same, so nobody can lock others out.
            if (auto refusal = too_often(services_.limits.failed_sign_ins, counted_as(request_.source_ip)))
                return *refusal;
            return refused({.status = 401,
                            .code = "SIGN_IN_REFUSED",
                            .message = signed_in->error().message,
                            .details = {{"reason", Json(signed_in->error().reason)}}});
        }
        session_ = (*signed_in)->session;
        logger_.info("signed in", {{"person", session_.identity.person}, {"proof", session_.identity.proof}});
        HttpAnswer answer = json_answer(200, me());
        answer.cookies = (*signed_in)->cookies;
        return answer;
    }

    ApiRefusal nobody_is_signed_in() const {
        ApiRefusal refusal{.status = 401, .code = "UNAUTHENTICATED", .message = "Nobody is signed in."};
        if (services_.single_sign_on != nullptr) {
            refusal.details.emplace_back("oidc", Json(Json::Object{{"name", Json(services_.single_sign_on->name())},
                                                                   {"url", Json("api/sign-in/oidc")}}));
        }
        return refusal;
    }

    /// Where a browser goes to, not the page: it is answered with places to go to, and pages to read.
    HttpAnswer single_sign_on(std::string_view rest) {
        if (rest != "" && rest != "/callback") return nothing_here();
        if (request_.method != "GET") return wrong_method();
        oidc::SingleSignOn& sso = *services_.single_sign_on;
        if (rest.empty()) {
            const auto departure = sso.begin(request_);
            if (!departure) return not_signed_on(departure.error(), "../../");
            return {.status = 302,
                    .headers = {{"location", departure->location}, {"cache-control", "no-store"}},
                    .cookies = {departure->cookie}};
        }
        auto arrived = sso.finish(request_);
        if (!arrived) return not_signed_on(arrived.error(), "../../../");
        const std::string path = sso.api_path();
        auto begun = services_.sessions.begin(request_, std::move(*arrived),
                                              {.path = path, .is_secure = sso.is_secure(request_)});
        if (!begun) return not_signed_on(begun.error(), "../../../");
        logger_.info("signed in", {{"person", begun->session.identity.person}, {"proof", "oidc"}});
        begun->cookies.push_back(sso.ending_cookie(request_));
        // Relative: it leads to the inbox, wherever that is, and nowhere else.
        return {.status = 303,
                .headers = {{"location", "../../../"}, {"cache-control", "no-store"}},
                .cookies = std::move(begun->cookies)};
    }

    HttpAnswer not_signed_on(const Error& error, std::string_view back) {
        const bool is_other = error.name == "OidcOtherSignIn";
        const bool is_refused = is_other || error.name == "OidcRefused";
        const bool is_told = is_refused || error.name == "OidcUnavailable";
        logger_.warn("single sign-on was refused",
                     {{"error", error.name}, {"message", error.message}, {"details", error.details_json}});
        if (is_refused) {
            if (auto refusal = too_often(services_.limits.failed_sign_ins, counted_as(request_.source_ip)))
                return *refusal;
        }
        const std::string reason = xml_escape(is_told ? error.message : "Something that is needed could not be used.");
        HttpAnswer answer{.status = is_told ? error.http_status : 500,
                          .body = fmt::format(kNotSignedIn, fmt::arg("back", back), fmt::arg("reason", reason)),
                          .headers = {{"content-type", "text/html; charset=utf-8"}, {"cache-control", "no-store"}}};
        // An answer to another sign-in, of another tab or site, does not end the one that this browser waits for.
        if (!is_other) answer.cookies = {services_.single_sign_on->ending_cookie(request_)};
        return answer;
    }

    HttpAnswer sign_out() const {
        // A form of another site brings no session, but its answer would make the browser forget the one there is.
        if (!brings_json()) return not_json();
        auto cookies = services_.sessions.end(request_);
        if (!cookies) return refused(failed(logger_, cookies.error()));
        return {.status = 204, .cookies = std::move(*cookies)};
    }

    Json me() const {
        const Identity& identity = session_.identity;
        Json::Array groups;
        for (const std::string& group : identity.groups) groups.emplace_back(group);
        Json::Object me{
            {"identity",
             Json(Json::Object{
                 {"name", Json(identity.person)},
                 {"display_name", Json(session_.display_name.empty() ? identity.person : session_.display_name)},
                 {"groups", Json(std::move(groups))},
                 {"proof", Json(identity.proof)}})},
            {"csrf_token", Json(session_.csrf_token)}};
        if (!session_.only_approval.empty()) {
            me.emplace_back("only_approval", Json(session_.only_approval));
            me.emplace_back("issued_to", Json(identity.person));
        }
        return Json(std::move(me));
    }

    bool is_wanted(const InboxRequest& wanted, const ApprovalRequest& approval, TimePoint now) const {
        if (!matches(wanted, approval)) return false;
        return !wanted.mine || may_decide(standing_of(approval), session_.identity, now);
    }

    /// The list of a link's session, which sees one request alone.
    HttpAnswer only_one(const InboxRequest& wanted, TimePoint now) {
        auto found = services_.api.repository.find(session_.only_approval);
        if (!found) return refused(failed(logger_, found.error()));
        if (*found) end_abandoned(services_.api, logger_, **found);
        Json::Array views;
        if (*found && (*found)->status == wanted.list.status && is_wanted(wanted, **found, now)) {
            views.emplace_back(summary_view(**found, session_.identity, now));
        }
        return tagged(request_, {{"approvals", Json(std::move(views))}}, now);
    }

    HttpAnswer levels() {
        if (!session_.only_approval.empty()) {
            return refused({.status = 403,
                            .code = "FORBIDDEN",
                            .message = "A link shows one request; service levels are for who has a token."});
        }
        const auto found = services_.levels.current();
        if (!found) return refused(failed(logger_, found.error()));
        return tagged(request_, levels_view(found->groups, found->is_complete), services_.api.clock.now());
    }

    HttpAnswer metrics() {
        if (auto refusal = why_no_bearer()) return std::move(*refusal);
        if (auto refusal = too_often(services_.limits.requests, person_key(session_.identity.person))) return *refusal;
        const auto found = services_.levels.current();
        if (!found) return refused(failed(logger_, found.error()));
        return {
            .status = 200,
            .body = to_prometheus(found->groups, found->is_complete),
            .headers = {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}, {"cache-control", "no-store"}}};
    }

    HttpAnswer list() {
        const auto wanted = read_inbox_request(request_.query);
        if (!wanted) return refused(refusal_of(wanted.error()));
        const TimePoint now = services_.api.clock.now();
        if (!session_.only_approval.empty()) return only_one(*wanted, now);
        ListRequest page = wanted->list;
        Json::Array views;
        for (std::size_t looked_at = 0; looked_at < kLookedAtMax;) {
            auto found = services_.api.repository.list(page);
            if (!found) return refused(failed(logger_, found.error()));
            log_unreadable(logger_, *found);
            end_abandoned(services_.api, logger_, *found);
            looked_at += found->unreadable.size();
            page.next_token = found->next_token;
            for (const ApprovalRequest& approval : found->approvals) {
                ++looked_at;
                if (!is_wanted(*wanted, approval, now)) continue;
                views.emplace_back(summary_view(approval, session_.identity, now));
                if (std::ssize(views) < wanted->list.limit) continue;
                page.next_token =
                    token_after(page, approval, approval.approval_id == found->approvals.back().approval_id);
                looked_at = kLookedAtMax;
                break;
            }
            if (page.next_token.empty()) break;
        }
        Json::Object body{{"approvals", Json(std::move(views))}};
        if (!page.next_token.empty()) body.emplace_back("next_token", Json(page.next_token));
        return tagged(request_, std::move(body), now);
    }

    /// Where the next page begins: what the table says after the last of a page, else after this request.
    static std::string token_after(const ListRequest& page, const ApprovalRequest& approval, bool is_last) {
        return is_last ? page.next_token : list_token(page.order, approval);
    }

    /// What was sent to this person. Who came by a link sees what the link is for, and no other links.
    HttpAnswer outbox() {
        auto found = services_.outbox ? services_.outbox(session_.identity.person)
                                      : Result<std::optional<std::vector<OutboxMessage>>>{};
        if (!found) return refused(failed(logger_, found.error()));
        if (!*found) return nothing_here();
        if (!session_.only_approval.empty()) (*found)->clear();
        Json::Array messages;
        for (const OutboxMessage& message : **found) {
            messages.emplace_back(Json::Object{{"to", Json(message.to)},
                                               {"subject", Json(message.subject)},
                                               {"at", Json(message.at)},
                                               {"body", Json(message.text)}});
        }
        return json_answer(200, Json(Json::Object{{"messages", Json(std::move(messages))}}));
    }

    HttpAnswer one(std::string_view rest) {
        const std::size_t slash = rest.find('/');
        const std::string id(rest.substr(0, slash));
        const std::string_view what = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
        // What the table would take for no key.
        if (id.empty() || id.size() > kIdMax || !is_utf8(id)) return refused(not_found(id));
        if (what.empty() && request_.method == "GET") return detail(id);
        if (what == "decision") return request_.method == "POST" ? decide(id) : wrong_method();
        if (what == "document") return request_.method == "POST" ? amend(id) : wrong_method();
        return what.empty() ? wrong_method() : nothing_here();
    }

    ApiRefusal not_found(const std::string& id) const {
        return {.status = 404,
                .code = "APPROVAL_NOT_FOUND",
                .message = fmt::format("There is no approval {} for you to see.", as_utf8(id.substr(0, kIdMax)))};
    }

    HttpAnswer detail(const std::string& id) {
        if (!session_.only_approval.empty() && id != session_.only_approval) return refused(not_found(id));
        auto approval = services_.api.repository.find(id);
        if (!approval) return refused(failed(logger_, approval.error()));
        if (!*approval) return refused(not_found(id));
        end_abandoned(services_.api, logger_, **approval);
        return shown(**approval);
    }

    HttpAnswer shown(const ApprovalRequest& approval) {
        const auto trail = services_.api.repository.trail(approval.approval_id);
        if (!trail) return refused(failed(logger_, trail.error()));
        // Whoever brought the news may have died before they could wake the workflow.
        if (std::ranges::find(*trail, "completed", &AuditRecord::event) == trail->end()) {
            resume_workflow(services_.api, logger_, approval);
        }
        const TimePoint now = services_.api.clock.now();
        return tagged(request_, detail_view(approval, *trail, session_.identity, now), now);
    }

    /// Why this person may not change anything of this request; nothing when they may.
    std::optional<HttpAnswer> why_not_changed(const std::string& id) {
        if (!brings_json()) return not_json();
        if (!brings_token()) return wrong_token();
        if (!session_.only_approval.empty() && id != session_.only_approval) return refused(not_found(id));
        return too_often(services_.limits.decisions, person_key(session_.identity.person));
    }

    HttpAnswer decide(const std::string& id) {
        if (auto refusal = why_not_changed(id)) return std::move(*refusal);
        auto ballot = read_ballot(request_.body, session_.identity);
        if (!ballot) return refused(refusal_of(ballot.error()));
        const auto decided = take_decision(services_.api, logger_, id, *ballot);
        if (!decided) return refused(decided.error());
        return shown(*decided);
    }

    HttpAnswer amend(const std::string& id) {
        if (auto refusal = why_not_changed(id)) return std::move(*refusal);
        const auto amendment = read_document_change(request_.body, session_.identity);
        if (!amendment) return refused(refusal_of(amendment.error()));
        const auto amended = take_amendment(services_.api, logger_, id, *amendment);
        if (!amended) return refused(amended.error());
        return shown(*amended);
    }

    const HttpRequest& request_;
    const WebServices& services_;
    const durable::Logger& logger_;
    WebSession session_;
    bool is_bearer_ = false;
};

}  // namespace

HttpAnswer handle_web(const HttpRequest& request, const WebServices& services, const durable::Logger& logger) {
    return Web(request, services, logger).handle();
}

Json handle_event(const Json& event, const WebServices& services, const durable::Logger& logger) {
    // What came from outside has no other way in, whatever its body says: there a name alone is no proof.
    if (!is_http_event(event)) return durable::to_json(handle_api(event, services.api, logger));
    const auto request = read_http_event(event);
    if (!request) return to_json(refused(refusal_of(request.error())));
    return to_json(handle_web(*request, services, logger));
}

}  // namespace holdpoint::approvals
