#include "net/transport.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <mutex>
#include <vector>

#include "base/text.hpp"
#include "net/stream.hpp"

namespace holdpoint::net {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;

std::string to_wire(const Endpoint& endpoint, const Request& request) {
    std::string text;
    text.reserve(1024 + request.target.size() + request.body.size());
    text.append(request.method).append(" ").append(request.target.empty() ? "/" : request.target);
    text.append(" HTTP/1.1\r\n");
    if (request.header("Host").empty()) text.append("Host: ").append(host_header(endpoint)).append("\r\n");
    for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\r\n");
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        text.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    }
    return text.append("\r\n").append(request.body);
}

struct Received {
    Response response;
    bool keep_alive = false;
};

struct ReadFailure {
    std::string message;
    bool got_bytes = false;
};

using Message = http::response<http::string_body>;

/// One message. What came behind it stays in `pending`, as it may have come with the one before.
std::expected<Message, ReadFailure> read_message(Stream& stream, std::string& pending, bool head,
                                                 std::chrono::milliseconds limit, const Deadline& whole) {
    http::response_parser<http::string_body> parser;
    constexpr std::uint64_t kBodyMax = 64UL * 1024 * 1024;
    // More than a request's: the Runtime API hands on what a caller wrote into a header.
    constexpr std::uint32_t kHeaderMax = 128U * 1024;
    parser.body_limit(kBodyMax);
    parser.header_limit(kHeaderMax);
    parser.skip(head);
    parser.eager(true);
    char chunk[16384];
    beast::error_code error;
    while (true) {
        if (!pending.empty()) pending.erase(0, parser.put(boost::asio::buffer(pending), error));
        if (error && error != http::error::need_more)
            return std::unexpected(ReadFailure{"not a well-formed answer: " + error.message(), true});
        if (parser.is_done()) return parser.release();
        // The parser bounds the header, and forgets to bound trailers and what may stand behind a chunk's size.
        if (pending.size() > kHeaderMax)
            return std::unexpected(ReadFailure{"the answer's trailers, or a chunk's line, do not end", true});
        const auto left = whole.left(limit);
        if (!left) return std::unexpected(ReadFailure{left.error(), parser.got_some()});
        const auto count = stream.read_some(chunk, *left);
        if (!count) return std::unexpected(ReadFailure{count.error(), parser.got_some()});
        if (*count > 0) {
            pending.append(chunk, *count);
            continue;
        }
        if (!parser.got_some())
            return std::unexpected(ReadFailure{"the connection was closed without an answer", false});
        parser.put_eof(error);
        if (error || !parser.is_done())
            return std::unexpected(ReadFailure{"the connection was closed in the middle of an answer", true});
        return parser.release();
    }
}

/// The answer, behind those that are but interim. (RFC 9110, 15.2)
std::expected<Received, ReadFailure> receive(Stream& stream, bool head, std::chrono::milliseconds limit,
                                             const Deadline& whole) {
    constexpr int kInterimMax = 16;
    std::string pending;
    for (int interim = 0; interim <= kInterimMax; ++interim) {
        auto message = read_message(stream, pending, head, limit, whole);
        if (!message)
            return std::unexpected(ReadFailure{message.error().message, message.error().got_bytes || interim > 0});
        if (message->result_int() < 200) continue;
        // What came behind it belongs to nothing that was asked.
        Received received{.response = {}, .keep_alive = message->keep_alive() && pending.empty()};
        received.response.status = static_cast<int>(message->result_int());
        for (const auto& field : *message)
            received.response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        received.response.body = std::move(message->body());
        return received;
    }
    return std::unexpected(ReadFailure{"more interim answers than an answer has", true});
}

class SocketTransport final : public Transport {
public:
    explicit SocketTransport(Trust trust) : trust_(trust) {}

    std::expected<Response, TransportError> send(const Endpoint& endpoint, const Request& request,
                                                 const Timeouts& timeouts) override {
        const Deadline whole(timeouts.whole);
        const std::string wire = to_wire(endpoint, request);
        if (auto reused = take(endpoint)) {
            auto answer = exchange(endpoint, std::move(reused), request, wire, timeouts.read, whole);
            // The service may have closed an idle connection just as it was taken: most likely it has not read the
            // request.
            if (answer || !answer.error().stale) return finish(std::move(answer));
        }
        const auto left = whole.left({});
        if (!left) return std::unexpected(TransportError{.message = left.error(), .request_was_sent = true});
        auto connected =
            connect_stream(endpoint, {.step = timeouts.connect, .all = *left, .cutoff = cutoff_, .trust = trust_});
        if (!connected) return std::unexpected(TransportError{.message = connected.error(), .request_was_sent = false});
        return finish(exchange(endpoint, std::move(*connected), request, wire, timeouts.read, whole));
    }

    void abort() override { cutoff_->cut(); }

private:
    struct Failure {
        TransportError error;
        bool stale = false;
    };
    using Answer = std::expected<Response, Failure>;

    static std::string where(const Endpoint& endpoint) {
        return endpoint.socket.empty() ? endpoint.host + ":" + endpoint.port : endpoint.socket;
    }

    static std::expected<Response, TransportError> finish(Answer answer) {
        if (!answer) return std::unexpected(std::move(answer.error().error));
        return std::move(*answer);
    }

    Answer exchange(const Endpoint& endpoint, std::unique_ptr<Stream> stream, const Request& request,
                    const std::string& wire, std::chrono::milliseconds limit, const Deadline& whole) {
        const auto failure = [&](const std::string& problem, bool stale) {
            return std::unexpected(Failure{
                {.message = request.method + " " + where(endpoint) + ": " + problem, .request_was_sent = true}, stale});
        };
        const auto left = whole.left(limit);
        if (!left) return failure(left.error(), false);
        if (auto written = stream->write_all(wire, *left); !written) return failure(written.error(), true);
        auto received = receive(*stream, request.method == "HEAD", limit, whole);
        if (!received) {
            // What was written whole may have been acted on, too.
            const bool closed = !request.once && !received.error().got_bytes &&
                                received.error().message.find("timed out") == std::string::npos;
            return failure(received.error().message, closed);
        }
        if (received->keep_alive) give_back(endpoint, std::move(stream));
        return std::move(received->response);
    }

    std::unique_ptr<Stream> take(const Endpoint& endpoint) {
        const std::lock_guard lock(mutex_);
        for (auto entry = idle_.rbegin(); entry != idle_.rend(); ++entry) {
            if (entry->endpoint != endpoint) continue;
            auto stream = std::move(entry->stream);
            idle_.erase(std::next(entry).base());
            // Our own server says nothing unasked, and one that it has closed shows when it is written to.
            if (!endpoint.socket.empty() || stream->is_quiet()) return stream;
            return nullptr;
        }
        return nullptr;
    }

    void give_back(const Endpoint& endpoint, std::unique_ptr<Stream> stream) {
        constexpr std::size_t kIdleMax = 32;
        const std::lock_guard lock(mutex_);
        if (idle_.size() >= kIdleMax) idle_.erase(idle_.begin());
        idle_.push_back({endpoint, std::move(stream)});
    }

    struct Idle {
        Endpoint endpoint;
        std::unique_ptr<Stream> stream;
    };
    const Trust trust_;
    const std::shared_ptr<Cutoff> cutoff_ = std::make_shared<Cutoff>();
    std::mutex mutex_;
    std::vector<Idle> idle_;
};

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view url) {
    Endpoint endpoint;
    if (url.starts_with("https://")) {
        endpoint.tls = true;
        url.remove_prefix(8);
    } else if (url.starts_with("http://")) {
        url.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    if (url.ends_with('/')) url.remove_suffix(1);
    std::string_view port;
    if (url.starts_with('[')) {
        const auto end = url.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        endpoint.host = std::string(url.substr(1, end - 1));
        port = url.substr(end + 1);
    } else {
        const auto colon = url.find(':');
        endpoint.host = std::string(url.substr(0, colon));
        port = colon == std::string_view::npos ? std::string_view{} : url.substr(colon);
    }
    if (!port.empty() && port.front() != ':') return std::nullopt;
    port.remove_prefix(std::min<std::size_t>(port.size(), 1));
    if (endpoint.host.empty() || endpoint.host.find_first_of("/?#@") != std::string::npos) return std::nullopt;
    // The system's resolver would take a larger one for what is left of it in 16 bits.
    if (!port.empty() && !read_number<std::uint16_t>(port)) return std::nullopt;
    endpoint.port = port.empty() ? (endpoint.tls ? "443" : "80") : std::string(port);
    return endpoint;
}

std::string host_header(const Endpoint& endpoint) {
    const std::string usual = endpoint.tls ? "443" : "80";
    std::string host = authority(endpoint.host, endpoint.port);
    if (endpoint.port == usual) host.resize(host.size() - usual.size() - 1);
    return host;
}

std::unique_ptr<Transport> make_transport(Trust trust) {
    return std::make_unique<SocketTransport>(trust);
}

}  // namespace holdpoint::net
