#include "approvals/web/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "approvals/domain/names.hpp"
#include "approvals/domain/reading.hpp"
#include "base/text.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::string_view kInvalid = "INVALID_REQUEST";
constexpr std::size_t kTokenMax = 16'384;
constexpr std::size_t kCommentsMax = 4096;
constexpr std::size_t kKeyMax = 128;
constexpr std::size_t kDigestMax = 128;
constexpr std::size_t kSearchMax = 256;
constexpr std::int64_t kLimit = 50;
constexpr std::int64_t kLimitMax = 100;

std::unexpected<Error> invalid(std::string message) {
    return fail(kInvalid, 400, std::move(message));
}

Result<Json> parse(const std::string& body) {
    try {
        return Json::parse(body);
    } catch (const durable::SerdesError& error) {
        return invalid(std::string("body: ") + error.what());
    }
}

/// The value of an enum, or the first when nothing is asked for.
template <class Enum>
Result<Enum> choice(const std::map<std::string, std::string>& query, const std::string& name) {
    const auto found = query.find(name);
    Enum value{};
    if (found == query.end() || boost::describe::enum_from_string(found->second.c_str(), value)) return value;
    std::vector<std::string> names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
        [&](auto enumerator) { names.emplace_back(enumerator.name); });
    return invalid(fmt::format("{}: expected {}, found {}.", name, choices(names), in_quotes(found->second)));
}

}  // namespace

Result<SignInRequest> read_sign_in(const std::string& body) {
    const auto json = parse(body);
    if (!json) return std::unexpected(json.error());
    Reader::Problem problem;
    const Reader reader(&*json, "body", problem);
    reader.only({"token", "link"});
    SignInRequest request;
    if (reader.has("token")) request.token = reader.member("token").text(kTokenMax);
    if (reader.has("link")) request.link = reader.member("link").text(kTokenMax);
    if (!problem && reader.has("token") == reader.has("link")) reader.refuse("must have either token or link.");
    if (problem) return invalid(*problem);
    return request;
}

Result<InboxRequest> read_inbox_request(const std::map<std::string, std::string>& query) {
    InboxRequest request;
    request.list.limit = kLimit;
    const auto status = choice<ApprovalStatus>(query, "status");
    if (!status) return std::unexpected(status.error());
    request.list.status = *status;
    const auto order = choice<ListOrder>(query, "order");
    if (!order) return std::unexpected(order.error());
    request.list.order = *order;
    for (const auto& [name, value] : query) {
        if (name == "q") {
            if (value.size() > kSearchMax) return invalid(fmt::format("q: is longer than {} bytes.", kSearchMax));
            request.text = name_key(value);
        } else if (name == "mine") {
            if (value != "true" && value != "false")
                return invalid(fmt::format("mine: expected true or false, found {}.", in_quotes(value)));
            request.mine = value == "true";
        } else if (name == "limit") {
            const auto limit = read_number<std::int64_t>(value);
            if (!limit || *limit < 1 || *limit > kLimitMax)
                return invalid(
                    fmt::format("limit: expected a whole number from 1 to {}, found {}.", kLimitMax, in_quotes(value)));
            request.list.limit = *limit;
        } else if (name == "next_token") {
            request.list.next_token = value;
        }
    }
    return request;
}

bool matches(const InboxRequest& request, const ApprovalRequest& approval) {
    if (request.text.empty()) return true;
    return std::ranges::any_of(
        std::array{&approval.document_name, &approval.document_id, &approval.requester},
        [&](const std::string* field) { return name_key(*field).find(request.text) != std::string::npos; });
}

Result<Ballot> read_ballot(const std::string& body, const Identity& voter) {
    const auto json = parse(body);
    if (!json) return std::unexpected(json.error());
    Reader::Problem problem;
    const Reader reader(&*json, "body", problem);
    reader.only({"decision", "comments", "shown_digest", "idempotency_key"});
    Ballot ballot{.voter = voter, .comments = {}, .stage = {}, .shown_digest = {}, .idempotency_key = {}};
    ballot.decision = reader.member("decision").choice<VoteDecision>();
    ballot.shown_digest = reader.member("shown_digest").text(kDigestMax);
    ballot.idempotency_key = reader.member("idempotency_key").text(kKeyMax);
    if (problem) return invalid(*problem);
    if (const Json* comments = json->find("comments"); comments != nullptr) {
        const auto* said = comments->get_if<std::string>();
        if (said == nullptr) return invalid(fmt::format("comments: expected text, found {}.", found(comments)));
        if (said->size() > kCommentsMax)
            return invalid(fmt::format("comments: at most {} bytes, found {}.", kCommentsMax, said->size()));
        ballot.comments = *said;
    }
    if (ballot.decision != VoteDecision::approved && trimmed(ballot.comments).empty())
        return invalid("comments: expected a reason, found nothing.");
    return ballot;
}

Result<Amendment> read_document_change(const std::string& body, const Identity& requester) {
    const auto json = parse(body);
    if (!json) return std::unexpected(json.error());
    Reader::Problem problem;
    Reader(&*json, "body", problem).only({"document_name", "link", "fields", "shown_digest"});
    if (problem) return invalid(*problem);
    return read_amendment(*json, requester);
}

}  // namespace holdpoint::approvals
