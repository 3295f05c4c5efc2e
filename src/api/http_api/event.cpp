#include "api/http_api/event.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

/// Of a function's answer; what is parsed and destroyed by recursion has to end somewhere.
constexpr std::size_t kDepthMax = 500;

/// Bodies of other types go to the function as base64, form data too.
bool is_text(std::string_view content_type) {
    std::string type = lower_case(content_type.substr(0, content_type.find(';')));
    while (type.ends_with(' ')) type.pop_back();
    constexpr std::string_view kTypes[] = {"application/json", "application/javascript", "application/xml"};
    return type.starts_with("text/") || std::ranges::find(kTypes, type) != std::end(kTypes) ||
           type.ends_with("+json") || type.ends_with("+xml");
}

/// What a client sends reaches JSON, which has no other bytes than text.
std::string as_text(std::string_view bytes) {
    if (is_utf8(bytes)) return std::string(bytes);
    std::string result;  // read as Latin-1, as HTTP once said
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            result += c;
        } else {
            result += static_cast<char>(0xc0 | byte >> 6);
            result += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return result;
}

json::array cookies_of(const net::Request& request) {
    json::array cookies;
    for (const auto& [name, value] : request.headers) {
        if (!equal_ignoring_case(name, "cookie")) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = rest.find(';');
            std::string_view cookie = rest.substr(0, end);
            while (cookie.starts_with(' ')) cookie.remove_prefix(1);
            if (!cookie.empty()) cookies.emplace_back(as_text(cookie));
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
    return cookies;
}

void add_joined(json::object& object, const std::string& name, const std::string& value) {
    if (json::value* known = object.if_contains(name)) {
        *known = std::string(known->as_string()) + "," + value;
    } else {
        object[name] = value;
    }
}

/// Of the address that the client called.
std::string port_of(const net::Request& request) {
    const std::string_view host = request.header("Host");
    const std::string_view port = host.substr(host.find_last_of(":]") + 1);
    const bool is_port = port.size() < host.size() && host[host.size() - port.size() - 1] == ':' && !port.empty() &&
                         std::ranges::all_of(port, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (is_port) return std::string(port);
    return request.is_secure ? "443" : "80";
}

json::object headers_of(const net::Request& request) {
    json::object headers;
    for (const auto& [name, value] : request.headers) {
        if (const std::string key = lower_case(name); key != "cookie") add_joined(headers, key, as_text(value));
    }
    add_joined(headers, "x-forwarded-for", request.peer_address);
    // How a client came is seen here; what it says of that itself is not believed.
    headers["x-forwarded-proto"] = request.is_secure ? "https" : "http";
    headers["x-forwarded-port"] = port_of(request);
    return headers;
}

/// Of a request whose signature was checked.
std::string access_key_of(const net::Request& request) {
    constexpr std::string_view kMark = "Credential=";
    const std::string_view signature = request.header("Authorization");
    const auto start = signature.find(kMark);
    if (start == std::string_view::npos) return {};
    const std::string_view credential = signature.substr(start + kMark.size());
    return std::string(credential.substr(0, credential.find('/')));
}

json::object request_context(const net::Request& request, const EventContext& context) {
    const std::string agent = as_text(request.header("User-Agent"));
    json::object http{{"method", request.method},
                      {"path", as_text(context.path)},
                      {"protocol", "HTTP/1.1"},
                      {"sourceIp", request.peer_address},
                      {"userAgent", agent}};
    json::object result{
        {"accountId", context.account},
        {"apiId", context.api.api_id},
        {"domainName", fmt::format("{}.execute-api.{}.amazonaws.com", context.api.api_id, context.region)},
        {"domainPrefix", context.api.api_id},
        {"http", std::move(http)},
        {"requestId", context.request_id},
        {"routeKey", context.route.key},
        {"stage", context.api.stage},
        {"time",
         fmt::format("{:%d/%b/%Y:%H:%M:%S} +0000", fmt::gmtime(std::chrono::system_clock::to_time_t(context.now)))},
        {"timeEpoch", to_epoch_ms(context.now)}};
    if (context.route.iam.value_or(false)) {
        result["authorizer"] = {{"iam",
                                 {{"accessKey", access_key_of(request)},
                                  {"accountId", context.account},
                                  {"callerId", context.caller.user_id},
                                  {"cognitoIdentity", nullptr},
                                  {"principalOrgId", nullptr},
                                  {"userArn", context.caller.arn},
                                  {"userId", context.caller.user_id}}}};
    }
    return result;
}

std::expected<std::string, std::string> body_of(const json::object& answer) {
    const json::value* body = answer.if_contains("body");
    if (body == nullptr || body->is_null()) return std::string();
    if (!body->is_string()) return std::unexpected("its body is no text; JSON is a body once it is serialized");
    const json::value* encoded = answer.if_contains("isBase64Encoded");
    if (encoded == nullptr || !encoded->is_bool() || !encoded->get_bool()) return std::string(body->get_string());
    auto decoded = base64_decode(body->get_string());
    if (!decoded) return std::unexpected("isBase64Encoded is true, and its body is no base64");
    return std::move(*decoded);
}

std::optional<int> status_of(const json::value& value) {
    std::int64_t status = 0;
    if (value.is_int64()) {
        status = value.get_int64();
    } else if (value.is_string()) {
        const std::string_view text = value.get_string();
        if (text.size() != 3 || !std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; })) {
            return std::nullopt;
        }
        status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    }
    if (status < 200 || status > 599) return std::nullopt;
    return static_cast<int>(status);
}

/// Neither may break out of its line; and how the body is sent is the server's business.
bool may_pass(std::string_view name, std::string_view value) {
    const std::string key = lower_case(name);
    constexpr std::string_view kOwn[] = {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"};
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
    const auto is_token = [&](unsigned char c) {
        return std::isalnum(c) != 0 || kMarks.contains(static_cast<char>(c));
    };
    return !key.empty() && std::ranges::all_of(key, is_token) && std::ranges::find(kOwn, key) == std::end(kOwn) &&
           value.find_first_of("\r\n") == std::string_view::npos && value.find('\0') == std::string_view::npos;
}

void add_header(net::Response& response, std::string_view name, const json::value& value) {
    const std::string text = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    if (may_pass(name, text)) response.headers.emplace_back(lower_case(name), text);
}

std::string joined(const std::vector<std::string>& list) {
    return fmt::format("{}", fmt::join(list, ","));
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

/// What Access-Control-Allow-Origin says to this origin; empty: not allowed.
std::string allowed_origin(const stacks::CorsPlan& cors, std::string_view origin) {
    if (origin.empty()) return {};
    if (contains(cors.origins, "*")) return "*";
    const auto matches = [&](const std::string& wanted) {
        return wanted == origin ||
               (wanted.ends_with("://*") && origin.starts_with(wanted.substr(0, wanted.size() - 1)));
    };
    return std::ranges::any_of(cors.origins, matches) ? std::string(origin) : std::string();
}

}  // namespace

std::string http_event(const net::Request& request, const EventContext& context) {
    json::object event{{"version", "2.0"},
                       {"routeKey", context.route.key},
                       {"rawPath", as_text(context.path)},
                       {"rawQueryString", as_text(request.raw_query())}};
    if (json::array cookies = cookies_of(request); !cookies.empty()) event["cookies"] = std::move(cookies);
    event["headers"] = headers_of(request);
    json::object query;
    for (const auto& [name, value] : request.query()) add_joined(query, as_text(name), as_text(value));
    if (!query.empty()) event["queryStringParameters"] = std::move(query);
    event["requestContext"] = request_context(request, context);
    if (!context.parameters.empty()) {
        json::object parameters;
        for (const auto& [name, value] : context.parameters) parameters[name] = as_text(value);
        event["pathParameters"] = std::move(parameters);
    }
    const bool plain =
        is_text(request.header("Content-Type")) && request.header("Content-Encoding").empty() && is_utf8(request.body);
    if (!request.body.empty()) event["body"] = plain ? request.body : base64_encode(request.body);
    event["isBase64Encoded"] = !request.body.empty() && !plain;
    return json::serialize(event);
}

std::expected<net::Response, std::string> http_response(std::string_view answer) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = kDepthMax;
    const json::value value = json::parse(answer, problem, {}, options);
    if (problem) return std::unexpected("it is no JSON: " + problem.message());
    const json::object* object = value.if_object();
    const json::value* status = object == nullptr ? nullptr : object->if_contains("statusCode");
    net::Response response{.status = 200, .headers = {}, .body = {}};
    if (status == nullptr) {  // whatever it is, it is the body
        response.headers.emplace_back("content-type", "application/json");
        response.body = value.is_string() ? std::string(value.get_string()) : std::string(answer);
        return response;
    }
    const auto code = status_of(*status);
    if (!code) return std::unexpected("its statusCode is no whole number from 200 to 599");
    auto body = body_of(*object);
    if (!body) return std::unexpected(std::move(body.error()));
    response.status = *code;
    response.body = std::move(*body);
    if (const json::value* headers = object->if_contains("headers"); headers != nullptr && headers->is_object()) {
        for (const auto& [name, header] : headers->get_object()) add_header(response, name, header);
    }
    if (const json::value* cookies = object->if_contains("cookies"); cookies != nullptr && cookies->is_array()) {
        for (const json::value& cookie : cookies->get_array()) add_header(response, "set-cookie", cookie);
    }
    if (!response.body.empty() && response.header("content-type").empty()) {
        response.headers.emplace_back("content-type", "text/plain;charset=UTF-8");
    }
    return response;
}

std::optional<net::Response> preflight_response(const stacks::CorsPlan& cors, const net::Request& request) {
    const bool asks = request.method == "OPTIONS" && !request.header("Origin").empty() &&
                      !request.header("Access-Control-Request-Method").empty();
    if (cors.origins.empty() || !asks) return std::nullopt;
    net::Response response{.status = 204, .headers = {}, .body = {}};
    const std::string origin = allowed_origin(cors, request.header("Origin"));
    if (origin.empty()) return response;
    response.headers.emplace_back("access-control-allow-origin", origin);
    const std::string headers = joined(cors.headers);
    const std::string methods = joined(cors.methods);
    if (!headers.empty()) response.headers.emplace_back("access-control-allow-headers", headers);
    if (!methods.empty()) response.headers.emplace_back("access-control-allow-methods", methods);
    if (cors.max_age_seconds) {
        response.headers.emplace_back("access-control-max-age", std::to_string(*cors.max_age_seconds));
    }
    if (cors.credentials) response.headers.emplace_back("access-control-allow-credentials", "true");
    return response;
}

void add_cors(const stacks::CorsPlan& cors, const net::Request& request, net::Response& response) {
    if (cors.origins.empty()) return;
    std::erase_if(response.headers,
                  [](const auto& header) { return lower_case(header.first).starts_with("access-control-"); });
    // Also on what is answered to no origin: a cache would answer that to one.
    response.headers.emplace_back("vary", "origin");
    const std::string origin = allowed_origin(cors, request.header("Origin"));
    if (origin.empty()) return;
    response.headers.emplace_back("access-control-allow-origin", origin);
    if (!cors.exposed.empty()) response.headers.emplace_back("access-control-expose-headers", joined(cors.exposed));
    if (cors.credentials) response.headers.emplace_back("access-control-allow-credentials", "true");
}

net::Response message_response(int status, std::string_view message) {
    return {.status = status,
            .headers = {{"content-type", "application/json"}},
            .body = json::serialize(json::object{{"message", message}})};
}

}  // namespace holdpoint::api
