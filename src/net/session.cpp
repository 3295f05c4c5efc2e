#include "net/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"

namespace holdpoint::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// What stands before the path of an address, without its scheme, and the path and query.
struct AbsoluteForm {
    std::string_view authority;
    std::string_view rest;
};

std::optional<AbsoluteForm> absolute_form(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        return AbsoluteForm{.authority = target.substr(0, end), .rest = target.substr(end)};
    }
    return std::nullopt;
}

bool is_made_of(std::string_view text, std::string_view marks) {
    return std::ranges::all_of(text, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.contains(c);
    });
}

/// A host, and perhaps a port. (RFC 9110, 7.2; RFC 3986, 3.2.2)
bool is_host(std::string_view text) {
    const bool is_ipv6 = text.starts_with('[');
    const std::size_t end = is_ipv6 ? text.find(']') : std::min(text.find(':'), text.size());
    if (end == std::string_view::npos) return false;
    const std::string_view name = text.substr(0, end).substr(is_ipv6 ? 1 : 0);
    const std::string_view port = text.substr(end + (is_ipv6 ? 1 : 0));
    return !name.empty() && is_made_of(name, is_ipv6 ? ".:%" : "-._~%!$&'()*+,;=") &&
           (port.empty() ||
            (port.starts_with(':') && port.find_first_not_of("0123456789", 1) == std::string_view::npos));
}

}  // namespace

Request head_of(const http::request<http::string_body>& message) {
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message) {
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    if (const auto absolute = absolute_form(message.target())) {
        std::erase_if(request.headers, [](const auto& header) { return equal_ignoring_case(header.first, "Host"); });
        request.headers.emplace_back("Host", absolute->authority);
        request.target = (absolute->rest.starts_with('/') ? "" : "/") + std::string(absolute->rest);
    }
    return request;
}

Headers trailers_of(const http::fields& all, const http::fields& head) {
    Headers trailers;
    for (const auto& field : all) {
        if (head.count(field.name_string()) == 0)
            trailers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    return trailers;
}

namespace {

/// RFC 9112, 3.2: what is no target, others might read as another one.
std::optional<Response> refusal_of_target(const http::request<http::string_body>& head) {
    const std::string_view target = head.target();
    const auto absolute = absolute_form(target);
    if (absolute && !is_host(absolute->authority)) {
        return text_response(400, "The request's target is an address whose host is none.");
    }
    const bool is_target =
        absolute || target.starts_with('/') || (target == "*" && head.method() == http::verb::options);
    if (is_target && !target.contains('#')) return std::nullopt;
    return text_response(400, "A request's target is a path that begins with /, or a whole address, without a #.");
}

/// RFC 9112, 3.2 and 6.1. What another server might read as another request ends the connection (smuggling).
std::optional<Response> refusal_of_framing(const http::request<http::string_body>& head) {
    const auto hosts = head.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
        return text_response(400, fmt::format("A request has one header Host, but this one has {}.", hosts));
    }
    if (const std::string_view host = head[http::field::host]; !host.empty() && !is_host(host)) {
        return text_response(400, "The header Host is a name or an address, and perhaps a port.");
    }
    const auto coding = head.find(http::field::transfer_encoding);
    if (coding == head.end()) return std::nullopt;
    if (head.version() >= 11 && beast::iequals(coding->value(), "chunked")) return std::nullopt;
    return text_response(400, "The only Transfer-Encoding that is known is chunked, with HTTP/1.1.");
}

bool is_without_length(int status) {
    return status < 200 || status == 204 || status == 304;
}

/// RFC 9110, 5.5: what else a value may not hold becomes a space.
void append_value(std::string& head, std::string_view value) {
    const auto from = static_cast<std::ptrdiff_t>(head.size());
    head += value;
    const auto is_forbidden = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
    std::replace_if(head.begin() + from, head.end(), is_forbidden, ' ');
}

}  // namespace

bool is_without_body(int status) {
    return is_without_length(status) || status == 205;
}

std::string to_head(const Response& response, std::size_t content_length, bool keep_alive, unsigned http_version) {
    std::string head;
    head.reserve(256);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(std::string_view(http::obsolete_reason(static_cast<http::status>(response.status)))).append("\r\n");
    for (const auto& [name, value] : response.headers) {
        append_value(head, name);
        head += ": ";
        append_value(head, value);
        head += "\r\n";
    }
    if (!keep_alive) {
        head += "Connection: close\r\n";
    } else if (http_version < 11) {
        head += "Connection: keep-alive\r\n";
    }
    if (!is_without_length(response.status))
        head.append("Content-Length: ").append(std::to_string(content_length)).append("\r\n");
    return head += "\r\n";
}

std::optional<Response> refusal_of(beast::error_code error, const ServerOptions& options, std::size_t body_limit) {
    if (error == http::error::body_limit) {
        return text_response(413, fmt::format("The request's body is larger than {} bytes.", body_limit));
    }
    if (error == http::error::header_limit) {
        return text_response(431,
                             fmt::format("The request's headers are larger than {} bytes.", options.header_bytes_max));
    }
    if (error.category() != http::make_error_code(http::error::bad_method).category()) return std::nullopt;
    if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
    return text_response(400, "Not a well-formed HTTP/1.1 request: " + error.message() + ".");
}

std::optional<Response> refusal_of(const http::request<http::string_body>& head, const ServerOptions& options) {
    if (head.target().size() > options.target_bytes_max) {
        return text_response(414,
                             fmt::format("The request's target is longer than {} bytes.", options.target_bytes_max));
    }
    if (static_cast<std::size_t>(std::distance(head.begin(), head.end())) > options.header_count_max) {
        return text_response(431, fmt::format("The request has more than {} headers.", options.header_count_max));
    }
    if (auto refusal = refusal_of_target(head)) return refusal;
    return refusal_of_framing(head);
}

bool waits_for_continue(const http::request<http::string_body>& head) {
    return head.version() >= 11 && beast::iequals(head[http::field::expect], "100-continue");
}

void check_chunk_extension(std::uint64_t /*chunk_size*/, beast::string_view extension, beast::error_code& error) {
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
    if (std::ranges::any_of(extension, is_control)) error = http::error::bad_chunk_extension;
}

Response text_response(int status, std::string message) {
    return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(message) + "\n"};
}

}  // namespace holdpoint::net
