#include "approvals/web/http_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const std::string* text_at(const Json& event, std::initializer_list<std::string_view> path) {
    const Json* at = &event;
    for (const std::string_view name : path) {
        at = at->find(name);
        if (at == nullptr) return nullptr;
    }
    return at->get_if<std::string>();
}

std::map<std::string, std::string> texts_of(const Json* object) {
    std::map<std::string, std::string> result;
    const auto* members = object == nullptr ? nullptr : object->get_if<Json::Object>();
    if (members == nullptr) return result;
    for (const auto& [name, value] : *members) {
        if (const auto* member = value.get_if<std::string>()) result[name] = *member;
    }
    return result;
}

/// Without the stage, which an API that has a named one puts before the path.
std::string path_of(const Json& event) {
    const std::string* path = text_at(event, {"rawPath"});
    const std::string* stage = text_at(event, {"requestContext", "stage"});
    if (path == nullptr) return {};
    const std::string prefix = stage == nullptr || *stage == "$default" ? "" : "/" + *stage;
    if (prefix.empty() || !path->starts_with(prefix)) return *path;
    return path->size() == prefix.size() ? "/" : path->substr(prefix.size());
}

}  // namespace

std::string_view HttpRequest::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool HttpRequest::accepts_gzip() const {
    std::string wanted = lower_case(header("accept-encoding"));
    std::erase_if(wanted, [](char c) { return c == ' ' || c == '\t'; });
    bool accepts_any = false;
    for (const auto part : std::views::split(wanted, ',')) {
        const std::string_view coding(part.begin(), part.end());
        const std::size_t end = std::min(coding.find(';'), coding.size());
        const std::string_view name = coding.substr(0, end);
        const std::string_view weight = coding.substr(end);
        const bool is_refused =
            weight.starts_with(";q=0") && weight.find_first_of("123456789") == std::string_view::npos;
        if (name == "gzip") return !is_refused;
        if (name == "*") accepts_any = !is_refused;
    }
    return accepts_any;
}

bool is_http_event(const Json& event) {
    return event.find("requestContext") != nullptr;
}

Result<HttpRequest> read_http_event(const Json& event) {
    const std::string* method = text_at(event, {"requestContext", "http", "method"});
    HttpRequest request;
    request.path = path_of(event);
    if (method == nullptr || !request.path.starts_with('/')) {
        return fail("INVALID_REQUEST", 400,
                    "Expected an event of an HTTP API with payload format 2.0, found none of its method and path.");
    }
    request.method = *method;
    if (const std::string* ip = text_at(event, {"requestContext", "http", "sourceIp"})) request.source_ip = *ip;
    request.query = texts_of(event.find("queryStringParameters"));
    request.headers = texts_of(event.find("headers"));
    if (const Json* cookies = event.find("cookies"); cookies != nullptr) {
        const auto* list = cookies->get_if<Json::Array>();
        for (const Json& cookie : list == nullptr ? Json::Array() : *list) {
            const auto* pair = cookie.get_if<std::string>();
            const std::size_t middle = pair == nullptr ? std::string::npos : pair->find('=');
            if (middle != std::string::npos) request.cookies[pair->substr(0, middle)] = pair->substr(middle + 1);
        }
    }
    if (const std::string* body = text_at(event, {"body"})) request.body = *body;
    const Json* encoded = event.find("isBase64Encoded");
    if (encoded != nullptr && encoded->get_if<bool>() != nullptr && *encoded->get_if<bool>()) {
        auto decoded = base64_decode(request.body);
        if (!decoded) return fail("INVALID_REQUEST", 400, "body: expected base64, found something else.");
        request.body = std::move(*decoded);
    }
    return request;
}

Json to_json(const HttpAnswer& answer) {
    Json::Object headers{{"content-security-policy", Json(std::string(kPolicy))},
                         {"x-content-type-options", Json("nosniff")},
                         {"referrer-policy", Json("no-referrer")}};
    for (const auto& [name, value] : answer.headers) headers.emplace_back(name, Json(value));
    Json::Object result{{"statusCode", Json(std::int64_t{answer.status})},
                        {"headers", Json(std::move(headers))},
                        {"body", Json(answer.is_binary ? base64_encode(answer.body) : answer.body)}};
    if (answer.is_binary) result.emplace_back("isBase64Encoded", Json(true));
    if (!answer.cookies.empty()) {
        Json::Array cookies;
        for (const std::string& cookie : answer.cookies) cookies.emplace_back(cookie);
        result.emplace_back("cookies", Json(std::move(cookies)));
    }
    return Json(std::move(result));
}

}  // namespace holdpoint::approvals
