// HTTP events: a browser's request as API Gateway hands it to the function, and the answer. (API Gateway developer
// guide, "Lambda integrations for HTTP APIs", payload format 2.0)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

struct HttpRequest {
    std::string method;
    std::string path;                            // decoded, without the stage
    std::map<std::string, std::string> query;    // decoded
    std::map<std::string, std::string> headers;  // names in lower case
    std::map<std::string, std::string> cookies;
    std::string body;
    std::string source_ip = {};  // as API Gateway saw it

    /// Empty when there is none.
    [[nodiscard]] std::string_view header(const std::string& name) const;
    /// Whether an answer may come as gzip. (RFC 9110, section 12.5.3)
    [[nodiscard]] bool accepts_gzip() const;
    /// Whether the browser came by https: to us, or to a proxy before us, which shows in the page's origin.
    [[nodiscard]] bool is_secure() const {
        return header("x-forwarded-proto") == "https" || header("origin").starts_with("https://");
    }
};

/// Whether an event is a request from outside, whoever sent it: every gateway and load balancer of AWS tells of one
/// there, whatever its payload format, and whoever invokes the function themselves has no reason to.
[[nodiscard]] bool is_http_event(const durable::Json& event);
/// INVALID_REQUEST for what is no event of payload format 2.0.
[[nodiscard]] Result<HttpRequest> read_http_event(const durable::Json& event);

struct HttpAnswer {
    int status = 200;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::vector<std::string> cookies = {};  // as Set-Cookie has them
    bool is_binary = false;                 // the body is no text
};

/// With the headers that every answer has: nothing may be framed, guessed, or loaded from elsewhere.
[[nodiscard]] durable::Json to_json(const HttpAnswer& answer);

}  // namespace holdpoint::approvals
