// HTTP as values: what a handler gets and what it answers. No library type shows here.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdpoint::net {

/// Header names compare without regard to case.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// The first header of that name; empty text when there is none.
[[nodiscard]] std::string_view find_header(const Headers& headers, std::string_view name);

/// `host:port`; an IPv6 address stands in brackets (RFC 3986, 3.2.2).
[[nodiscard]] std::string authority(const std::string& host, const std::string& port);

struct Request {
    std::string method;
    std::string target;  // as on the wire: percent-encoded path, and `?query` when there is one
    Headers headers;
    std::string body;
    Headers trailers = {};           // behind a chunked body, of names that no header has
    std::string peer_address = {};   // where it came from, as the listener saw it; empty for what is sent
    std::string local_address = {};  // where it came to; empty over the listener's Unix socket, too
    bool is_secure = false;          // it came over TLS
    bool is_over_socket = false;     // it came over the listener's Unix socket
    bool once = false;  // of what is sent: not again where a connection that was kept ends without an answer

    [[nodiscard]] std::string_view path() const;       // still encoded
    [[nodiscard]] std::string_view raw_query() const;  // still encoded, without `?`
    /// Decoded name and value pairs in order; a name without `=` has an empty value.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> query() const;
    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;

    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

/// Answers one request. Call it once, from any thread, at once or later; dropping it uncalled answers 500.
using Respond = std::function<void(Response)>;
using Handler = std::function<void(Request, Respond)>;

}  // namespace holdpoint::net
