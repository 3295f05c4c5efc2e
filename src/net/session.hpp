// One connection of the server: reads a request, waits for its answer, writes it, and again.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "net/http.hpp"
#include "net/server.hpp"

namespace holdpoint::net {

/// What the sessions share with their server.
struct Hub {
    Hub(ServerOptions options_in, Handler handler_in)
        : options(std::move(options_in)), handler(std::move(handler_in)) {}
    const ServerOptions options;
    const Handler handler;
    const SystemClock clock;
    std::atomic<bool> stopping{false};
    std::atomic<std::size_t> bodies_bytes{0};
};

/// Who connected.
struct Peer {
    std::string address;
    std::string local_address = {};  // where to
    bool is_over_socket = false;
};

/// Its line and headers; the body stays where it is. A target in absolute form is read as its path and query, and its
/// host as the header Host, whatever that says. (RFC 9112, 3.2.2)
[[nodiscard]] Request head_of(const boost::beast::http::request<boost::beast::http::string_body>& message);
/// The fields of `all` that came behind the body: those of names that the head does not have.
[[nodiscard]] Headers trailers_of(const boost::beast::http::fields& all, const boost::beast::http::fields& head);
/// Whether an answer of this status ends with its headers: what followed would be read as the next answer. (RFC 9112,
/// 6.3; RFC 9110, 15.3.6)
[[nodiscard]] bool is_without_body(int status);
/// Status line and headers, with the empty line that ends them. Header values cannot smuggle in further lines.
[[nodiscard]] std::string to_head(const Response& response, std::size_t content_length, bool keep_alive,
                                  unsigned http_version);
/// What a request that cannot be read is answered; nothing when its connection only closes. `body_limit` is its own.
[[nodiscard]] std::optional<Response> refusal_of(boost::beast::error_code error, const ServerOptions& options,
                                                 std::size_t body_limit);
/// What a request with a target, host or headers that are none, or too long, is answered; nothing for all others.
[[nodiscard]] std::optional<Response> refusal_of(
    const boost::beast::http::request<boost::beast::http::string_body>& head, const ServerOptions& options);
/// Whether its body is sent only when it is asked for. Clients of HTTP/1.0 know no such thing. (RFC 9110, 10.1.1)
[[nodiscard]] bool waits_for_continue(const boost::beast::http::request<boost::beast::http::string_body>& head);
/// Refuses what another server might read as the end of the chunk's line: a line feed in a quoted string.
void check_chunk_extension(std::uint64_t chunk_size, boost::beast::string_view extension,
                           boost::beast::error_code& error);
[[nodiscard]] Response text_response(int status, std::string message);

/// A session, whatever it speaks over.
class Connection {
public:
    virtual ~Connection() = default;
    virtual void start() = 0;
    /// Ends the connection unless an answer is still owed. From any thread.
    virtual void close_when_idle() = 0;
    /// Ends the connection when its client took too long; one that is sending a request is told so. On its thread.
    virtual void close_when_late(Milliseconds now) = 0;
};

/// TCP, or a Unix socket.
using PlainStream = boost::asio::generic::stream_protocol::socket;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// Everything in it happens on the one thread of its io_context, so there is nothing to lock. `Stream` is one of those
/// above.
template <class Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
    using Error = boost::beast::error_code;
    static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

public:
    Session(Stream stream, Peer peer, Hub& hub) : stream_(std::move(stream)), peer_(std::move(peer)), hub_(hub) {}
    ~Session() override { let_go(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start() override {
        boost::asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
            if constexpr (kIsTls) {
                self->shake_hands();
            } else {
                self->wait_for_request();
            }
        });
    }

    void close_when_idle() override {
        boost::asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
            if (!self->busy_) self->close();
        });
    }

    void close_when_late(Milliseconds now) override {
        if (deadline_ >= now) return;
        if (!is_reading_) return close();
        // Whoever waits for the rest of the request hears of it, and answers.
        is_late_ = true;
        Error ignored;
        stream_.lowest_layer().cancel(ignored);
    }

private:
    static constexpr Milliseconds kNever = Milliseconds::max();
    /// What a connection keeps of its buffer between requests.
    static constexpr std::size_t kKeptMax = 16UL * 1024;
    /// How long, and how much, is still read of a request that was refused.
    static constexpr std::chrono::seconds kLinger{5};
    static constexpr std::size_t kDiscardedMax = 64UL * 1024 * 1024;
    /// A body that is asked about before it is read, and counted.
    static constexpr std::size_t kLargeBody = 64UL * 1024;
    /// Bytes in a second; who reads an answer slower than that may be cut off.
    static constexpr std::size_t kSlowestReader = 32UL * 1024;
    static constexpr const char* kNoRoom = "The server has too much of other requests to read; try again.";
    /// What goes into one record of TLS.
    static constexpr std::size_t kRecord = 16UL * 1024;

    void expires_after(std::chrono::seconds limit) { deadline_ = hub_.clock.monotonic() + limit; }

    void shake_hands() {
        expires_after(hub_.options.header_timeout);
        stream_.async_handshake(boost::asio::ssl::stream_base::server, [self = this->shared_from_this()](Error error) {
            if (error) return self->close();
            self->wait_for_request();
        });
    }

    void wait_for_request() {
        if (hub_.stopping) return close();
        busy_ = false;
        is_late_ = false;
        has_head_ = false;
        said_continue_ = false;
        chunked_head_.reset();
        parser_.emplace();
        body_limit_ = hub_.options.body_bytes_max;
        parser_->body_limit(body_limit_);
        parser_->header_limit(static_cast<std::uint32_t>(hub_.options.header_bytes_max));
        expires_after(hub_.options.idle_timeout);
        if (buffer_.size() > 0) return parse();
        if (buffer_.capacity() > kKeptMax) buffer_ = {};
        read();
    }

    void read() {
        constexpr std::size_t kHeaderPiece = 4096;  // what an idle connection holds
        constexpr std::size_t kBodyPiece = 65536;
        stream_.async_read_some(buffer_.prepare(parser_->is_header_done() ? kBodyPiece : kHeaderPiece),
                                [self = this->shared_from_this()](Error error, std::size_t count) {
                                    if (error) return self->is_late_ ? self->refuse_late() : self->close();
                                    self->buffer_.commit(count);
                                    self->parse();
                                });
    }

    /// RFC 9112, 2.2: some clients send an empty line behind a body. False while there is nothing else.
    bool skip_empty_lines() {
        const auto text = [&] {
            return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size());
        };
        while (text().starts_with("\r\n")) buffer_.consume(2);
        return !text().empty() && text() != "\r";
    }

    void parse() {
        if (!busy_) {
            if (!skip_empty_lines()) return read();
            busy_ = true;
            is_reading_ = true;
            expires_after(hub_.options.header_timeout);
        }
        while (buffer_.size() > 0 && !parser_->is_done()) {
            Error error;
            const std::size_t used = parser_->put(buffer_.data(), error);
            buffer_.consume(used);
            // The parser bounds the header, and forgets to bound trailers and what may stand behind a chunk's size.
            const bool is_endless = has_head_ && buffer_.size() > hub_.options.header_bytes_max;
            if (error == boost::beast::http::error::need_more && is_endless)
                error = boost::beast::http::error::header_limit;
            if (error == boost::beast::http::error::need_more) break;
            if (error) return refuse(error);
            if (parser_->is_header_done() && !std::exchange(has_head_, true) && !takes_head()) return;
            if (has_head_ && !hold(parser_->get().body().size())) return answer_last(text_response(503, kNoRoom));
            if (used == 0) break;
        }
        if (parser_->is_done()) return dispatch();
        if (has_head_ && !said_continue_ && waits_for_continue(parser_->get())) return say_continue();
        read();
    }

    /// Counts what a body has come to; false when it is more than there is room for.
    bool hold(std::size_t body_size) {
        const std::size_t more = body_size > kLargeBody + held_ ? body_size - kLargeBody - held_ : 0;
        held_ += more;
        return more == 0 || hub_.bodies_bytes.fetch_add(more) + more <= hub_.options.bodies_bytes_max;
    }

    void let_go() { hub_.bodies_bytes -= std::exchange(held_, 0); }

    /// Answers what is too much of a request before its body is read.
    bool takes_head() {
        const auto& message = parser_->get();
        if (auto response = refusal_of(message, hub_.options)) {
            answer_last(std::move(*response));
            return false;
        }
        if (parser_->is_done()) return true;
        if (parser_->chunked()) {
            chunked_head_ = message.base();
            parser_->on_chunk_header(check_chunk_extension);
        }
        parser_->eager(true);
        expires_after(hub_.options.body_timeout);
        const auto length = parser_->content_length();
        if (hub_.options.body_limit && (!length || *length > kLargeBody)) {
            body_limit_ = std::min(body_limit_, hub_.options.body_limit(head_of(message)));
            parser_->body_limit(body_limit_);
        }
        if (!length || *length <= body_limit_) return true;
        refuse(boost::beast::http::error::body_limit);
        return false;
    }

    void say_continue() {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        said_continue_ = true;
        boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                                 [self = this->shared_from_this()](Error error, std::size_t) {
                                     if (error) return self->close();
                                     self->read();
                                 });
    }

    void refuse(Error error) {
        auto response = refusal_of(error, hub_.options, body_limit_);
        if (!response) return close();
        if (error == boost::beast::http::error::body_limit && hub_.options.too_large)
            response = hub_.options.too_large(head_of(parser_->get()), body_limit_);
        answer_last(std::move(*response));
    }

    void refuse_late() { answer_last(text_response(408, "The request did not arrive in time.")); }

    /// The answer to a request that was not read to its end.
    void answer_last(Response response) {
        keep_alive_ = false;
        head_only_ = has_head_ && parser_->get().method() == boost::beast::http::verb::head;
        http_version_ = 11;
        answer(std::move(response), true);
    }

    /// Answers once; answers 500 when every copy of the Respond is gone and none was called.
    class Answer {
    public:
        explicit Answer(std::shared_ptr<Session> session) : session_(std::move(session)) {}
        ~Answer() { give(text_response(500, "The request was dropped without an answer.")); }
        Answer(const Answer&) = delete;
        Answer& operator=(const Answer&) = delete;
        void give(Response response) {
            if (given_.exchange(true)) return;
            boost::asio::post(session_->stream_.get_executor(),
                              [session = session_, response = std::move(response)]() mutable {
                                  session->answer(std::move(response), false);
                              });
        }

    private:
        std::shared_ptr<Session> session_;
        std::atomic<bool> given_{false};
    };

    void dispatch() {
        // The handler may keep its answer for minutes (long polls); only reading and writing have a limit.
        deadline_ = kNever;
        is_reading_ = false;
        auto message = parser_->release();
        // The parser puts trailers among the headers, where they would count as what came before the body. (RFC 9110,
        // 6.5.1)
        Headers trailers;
        if (chunked_head_) {
            trailers = trailers_of(message, *chunked_head_);
            message.base() = std::move(*chunked_head_);
        }
        keep_alive_ = message.keep_alive();
        head_only_ = message.method() == boost::beast::http::verb::head;
        http_version_ = message.version();
        auto owed = std::make_shared<Answer>(this->shared_from_this());
        Respond respond = [owed](Response response) { owed->give(std::move(response)); };
        owed.reset();
        try {
            Request request = head_of(message);
            request.body = std::move(message.body());
            request.trailers = std::move(trailers);
            request.peer_address = peer_.address;
            request.local_address = peer_.local_address;
            request.is_over_socket = peer_.is_over_socket;
            request.is_secure = kIsTls;
            hub_.handler(std::move(request), respond);
        } catch (const std::exception& error) {
            log::write(log::Level::error, "a request failed", {{"why", error.what()}});
            respond(text_response(500, "The server failed; its log says why."));
        }
    }

    void answer(Response response, bool last) {
        is_reading_ = false;
        parser_.reset();
        let_go();
        keep_alive_ = keep_alive_ && !last && !hub_.stopping;
        if (is_without_body(response.status)) response.body.clear();
        // Clients correct their clocks by it, and sign again.
        if (response.header("Date").empty()) response.headers.emplace_back("Date", to_http_date(hub_.clock.now()));
        head_ = to_head(response, response.body.size(), keep_alive_, http_version_);
        body_ = head_only_ ? std::string() : std::move(response.body);
        if (kIsTls && head_.size() + body_.size() <= kRecord) head_ += std::exchange(body_, {});
        expires_after(hub_.options.header_timeout + std::chrono::seconds(body_.size() / kSlowestReader));
        const std::array<boost::asio::const_buffer, 2> parts{boost::asio::buffer(head_), boost::asio::buffer(body_)};
        boost::asio::async_write(stream_, parts, [self = this->shared_from_this(), last](Error error, std::size_t) {
            self->body_.clear();
            if (!error && self->keep_alive_) return self->wait_for_request();
            if (error || !last) return self->close();
            Error ignored;
            if (!kIsTls) self->stream_.lowest_layer().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
            self->expires_after(kLinger);
            self->discard(kDiscardedMax);
        });
    }

    /// Reads on past a request that was refused: a client that is cut off while it sends never sees the answer.
    void discard(std::size_t left) {
        buffer_.clear();
        stream_.async_read_some(buffer_.prepare(65536),
                                [self = this->shared_from_this(), left](Error error, std::size_t count) {
                                    if (error || count >= left) return self->close();
                                    self->discard(left - count);
                                });
    }

    void close() {
        Error ignored;
        stream_.lowest_layer().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
        stream_.lowest_layer().close(ignored);
    }

    Stream stream_;
    const Peer peer_;
    Hub& hub_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    std::optional<boost::beast::http::request_header<>> chunked_head_;
    std::string head_;
    std::string body_;
    Milliseconds deadline_ = kNever;  // monotonic
    std::size_t body_limit_ = 0;
    std::size_t held_ = 0;     // of the body, as it is counted among those of all
    bool busy_ = false;        // from the first byte of a request to the last of its answer
    bool is_reading_ = false;  // from the first byte of a request to its last
    bool is_late_ = false;
    bool has_head_ = false;
    bool said_continue_ = false;
    bool keep_alive_ = false;
    bool head_only_ = false;
    unsigned http_version_ = 11;
};

}  // namespace holdpoint::net
