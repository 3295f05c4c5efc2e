// One connection of the server: reads a request, waits for its answer, writes it, and again.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>

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
    std::atomic<std::size_t> connections{0};
};

[[nodiscard]] Request to_request(boost::beast::http::request<boost::beast::http::string_body>&& message);
/// Status line and headers, with the empty line that ends them. Header values cannot smuggle in further lines.
[[nodiscard]] std::string to_head(const Response& response, std::size_t content_length, bool keep_alive,
                                  unsigned http_version);
/// What a request that cannot be read is answered; nothing when its connection only closes.
[[nodiscard]] std::optional<Response> refusal_of(boost::beast::error_code error, const ServerOptions& options);
[[nodiscard]] Response text_response(int status, std::string message);

/// Everything in it happens on the one thread of its io_context, so there is nothing to lock. `Stream` is a TCP socket
/// or something that speaks over one.
template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
    using Error = boost::beast::error_code;

public:
    Session(Stream stream, Hub& hub) : stream_(std::move(stream)), hub_(hub) {}

    void start() {
        boost::asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->wait_for_request(); });
    }

    /// Ends the connection unless an answer is still owed. From any thread.
    void close_when_idle() {
        boost::asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
            if (!self->busy_) self->close();
        });
    }

    /// Ends the connection when its client took too long.
    void close_when_late(Milliseconds now) {
        if (deadline_ < now) close();
    }

private:
    static constexpr Milliseconds kNever = Milliseconds::max();
    /// What a connection keeps of its buffer between requests.
    static constexpr std::size_t kKeptMax = 16UL * 1024;
    /// How long, and how much, is still read of a request that was refused.
    static constexpr std::chrono::seconds kLinger{5};
    static constexpr std::size_t kDiscardedMax = 64UL * 1024 * 1024;

    void expires_after(std::chrono::seconds limit) { deadline_ = hub_.clock.monotonic() + limit; }

    void wait_for_request() {
        if (hub_.stopping) return close();
        busy_ = false;
        said_continue_ = false;
        parser_.emplace();
        parser_->eager(true);
        parser_->body_limit(hub_.options.body_bytes_max);
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
                                    if (error) return self->close();
                                    self->buffer_.commit(count);
                                    self->parse();
                                });
    }

    void parse() {
        // From the first byte of a request to its last.
        if (!std::exchange(busy_, true)) expires_after(hub_.options.header_timeout);
        while (buffer_.size() > 0 && !parser_->is_done()) {
            Error error;
            const std::size_t used = parser_->put(buffer_.data(), error);
            buffer_.consume(used);
            if (error == boost::beast::http::error::need_more) break;
            if (error) return refuse(error);
            if (used == 0) break;
        }
        if (parser_->is_done()) return dispatch();
        if (parser_->is_header_done() && !said_continue_ &&
            boost::beast::iequals(parser_->get()[boost::beast::http::field::expect], "100-continue")) {
            return say_continue();
        }
        read();
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
        auto response = refusal_of(error, hub_.options);
        if (!response) return close();
        keep_alive_ = false;
        head_only_ = false;
        http_version_ = 11;
        answer(std::move(*response), true);
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
        auto message = parser_->release();
        keep_alive_ = message.keep_alive();
        head_only_ = message.method() == boost::beast::http::verb::head;
        http_version_ = message.version();
        auto owed = std::make_shared<Answer>(this->shared_from_this());
        Respond respond = [owed](Response response) { owed->give(std::move(response)); };
        owed.reset();
        try {
            hub_.handler(to_request(std::move(message)), respond);
        } catch (const std::exception& error) {
            log::write(log::Level::error, "a request failed", {{"why", error.what()}});
            respond(text_response(500, "The server failed; its log says why."));
        }
    }

    void answer(Response response, bool last) {
        keep_alive_ = keep_alive_ && !last && !hub_.stopping;
        head_ = to_head(response, response.body.size(), keep_alive_, http_version_);
        body_ = head_only_ ? std::string() : std::move(response.body);
        expires_after(hub_.options.header_timeout);
        const std::array<boost::asio::const_buffer, 2> parts{boost::asio::buffer(head_), boost::asio::buffer(body_)};
        boost::asio::async_write(stream_, parts, [self = this->shared_from_this(), last](Error error, std::size_t) {
            self->body_.clear();
            if (!error && self->keep_alive_) return self->wait_for_request();
            if (error || !last) return self->close();
            Error ignored;
            self->stream_.lowest_layer().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
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
    Hub& hub_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    std::string head_;
    std::string body_;
    Milliseconds deadline_ = kNever;  // monotonic
    bool busy_ = false;
    bool said_continue_ = false;
    bool keep_alive_ = false;
    bool head_only_ = false;
    unsigned http_version_ = 11;
};

}  // namespace holdpoint::net
