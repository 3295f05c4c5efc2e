#include "approvals/repository/ended_sessions.hpp"

#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

/// Each session has a CSRF token of its own. The item's name does not show it.
durable::Json name_of(const SessionClaims& session) {
    return durable::Json("ended-session/" + to_hex(sha256(session.csrf_token)));
}

}  // namespace

Result<bool> EndedSessions::contain(const SessionClaims& session) {
    const auto item = table_.find(durable::Json(durable::Json::Object{{"name", name_of(session)}}));
    if (!item) return std::unexpected(item.error());
    return item->has_value();
}

Result<void> EndedSessions::add(const SessionClaims& session) {
    const auto written = table_.put(
        durable::Json(durable::Json::Object{{"name", name_of(session)}, {"ttl", durable::Json(session.expires)}}),
        {.expression = "attribute_not_exists(#name)", .names = {{"#name", durable::Json("name")}}});
    if (!written) return std::unexpected(written.error());
    return {};
}

}  // namespace holdpoint::approvals
