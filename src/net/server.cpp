#include "net/server.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <cstdio>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace holdpoint::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

/// How long, and how much, is still read of a request that was refused.
constexpr std::chrono::seconds kLinger{5};
constexpr std::size_t kDiscardedMax = 64UL * 1024 * 1024;
/// Until the header has been read: a body is read after it.
constexpr std::uint64_t kBodyLimitUnknown = std::numeric_limits<std::uint32_t>::max();

Request to_request(http::request<http::string_body>&& message) {
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message)
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    request.body = std::move(message.body());
    return request;
}

Response text_response(int status, std::string message) {
    return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(message) + "\n"};
}

/// What the sessions share with their server.
struct Hub {
    Hub(ServerOptions options_in, Handler handler_in)
        : options(std::move(options_in)), handler(std::move(handler_in)) {}
    const ServerOptions options;
    const Handler handler;
    std::atomic<bool> stopping{false};
};

/// One connection: read a request, wait for its answer, write it, and again.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Hub& hub) : stream_(std::move(socket)), hub_(hub) {}

    void start() {
        asio::post(stream_.get_executor(), [self = shared_from_this()] { self->wait_for_request(); });
    }

    /// Ends the connection unless an answer is still owed.
    void close_when_idle() {
        asio::post(stream_.get_executor(), [self = shared_from_this()] {
            if (!self->busy_) self->close();
        });
    }

private:
    void wait_for_request() {
        if (hub_.stopping) return close();
        busy_ = false;
        parser_.emplace();
        parser_->body_limit(kBodyLimitUnknown);
        body_limit_ = hub_.options.body_bytes_max;
        parser_->header_limit(static_cast<std::uint32_t>(hub_.options.header_bytes_max));
        if (buffer_.size() > 0) return read_header();
        stream_.expires_after(hub_.options.idle_timeout);
        stream_.async_read_some(buffer_.prepare(8192),
                                [self = shared_from_this()](beast::error_code error, std::size_t count) {
                                    if (error) return self->close();
                                    self->buffer_.commit(count);
                                    self->read_header();
                                });
    }

    void read_header() {
        busy_ = true;
        stream_.expires_after(hub_.options.header_timeout);
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = shared_from_this()](beast::error_code error, std::size_t) {
                                    if (error) return self->refuse(error);
                                    if (!self->limit_body()) return self->refuse(http::error::body_limit);
                                    if (beast::iequals(self->parser_->get()[http::field::expect], "100-continue"))
                                        return self->say_continue();
                                    self->read_body();
                                });
    }

    /// Which body a request may have is known with its header alone. False: it has more.
    bool limit_body() {
        const auto target = parser_->get().target();
        const std::size_t larger =
            hub_.options.larger_body ? hub_.options.larger_body({target.data(), target.size()}) : 0;
        body_limit_ = std::max(larger, hub_.options.body_bytes_max);
        parser_->body_limit(body_limit_);
        return parser_->content_length().value_or(0) <= body_limit_;
    }

    void say_continue() {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(stream_, asio::buffer(kContinue),
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (error) return self->close();
                              self->read_body();
                          });
    }

    void read_body() {
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error) return self->refuse(error);
            self->dispatch();
        });
    }

    void refuse(beast::error_code error) {
        if (error == http::error::body_limit) {
            return answer(
                text_response(413, "The request's body is larger than " + std::to_string(body_limit_) + " bytes."),
                true);
        }
        if (error == http::error::header_limit) {
            return answer(text_response(431, "The request's headers are larger than " +
                                                 std::to_string(hub_.options.header_bytes_max) + " bytes."),
                          true);
        }
        if (error == beast::error::timeout) return close();
        if (error.category() == http::make_error_code(http::error::bad_method).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message) {
            return answer(text_response(400, "Not a well-formed HTTP/1.1 request: " + error.message() + "."), true);
        }
        close();
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
            asio::post(session_->stream_.get_executor(),
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
        stream_.expires_never();
        auto message = parser_->release();
        keep_alive_ = message.keep_alive();
        head_only_ = message.method() == http::verb::head;
        auto owed = std::make_shared<Answer>(shared_from_this());
        Respond respond = [owed](Response response) { owed->give(std::move(response)); };
        owed.reset();
        try {
            Request request = to_request(std::move(message));
            request.peer = peer();
            hub_.handler(std::move(request), respond);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "holdpoint: a request failed: %s\n", error.what());
            respond(text_response(500, "The server failed; its log says why."));
        }
    }

    std::string peer() const {
        beast::error_code gone;
        const auto endpoint = stream_.socket().remote_endpoint(gone);
        return gone ? std::string() : endpoint.address().to_string();
    }

    void answer(Response response, bool last) {
        message_.emplace();
        message_->version(11);
        message_->result(static_cast<unsigned>(response.status));
        for (const auto& [name, value] : response.headers) message_->insert(name, value);
        message_->keep_alive(keep_alive_ && !last && !hub_.stopping);
        message_->body() = std::move(response.body);
        if (response.status != 204) message_->content_length(message_->body().size());
        if (head_only_) message_->body().clear();
        stream_.expires_after(hub_.options.header_timeout);
        http::async_write(stream_, *message_, [self = shared_from_this(), last](beast::error_code error, std::size_t) {
            const bool more = !error && self->message_->keep_alive();
            self->message_.reset();
            if (more) return self->wait_for_request();
            if (error || !last) return self->close();
            beast::error_code ignored;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
            self->stream_.expires_after(kLinger);
            self->discard(kDiscardedMax);
        });
    }

    /// Reads on past a request that was refused: a client that is cut off while it sends never sees the answer.
    void discard(std::size_t left) {
        buffer_.clear();
        stream_.async_read_some(buffer_.prepare(65536),
                                [self = shared_from_this(), left](beast::error_code error, std::size_t count) {
                                    if (error || count >= left) return self->close();
                                    self->discard(left - count);
                                });
    }

    void close() {
        beast::error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
        stream_.close();
    }

    beast::tcp_stream stream_;
    Hub& hub_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<http::response<http::string_body>> message_;
    bool busy_ = false;  // touched on the session's strand alone
    bool keep_alive_ = false;
    bool head_only_ = false;
    std::size_t body_limit_ = 0;
};

}  // namespace

class Server::Impl {
public:
    Impl(ServerOptions options, Handler handler)
        : hub_(std::move(options), std::move(handler)), acceptor_(asio::make_strand(io_)) {
        bind();
        accept();
        for (std::size_t i = 0; i < hub_.options.threads; ++i) threads_.emplace_back([this] { run(); });
    }

    ~Impl() { stop(std::chrono::milliseconds{0}); }

    std::uint16_t port() const { return port_; }

    void stop(std::chrono::milliseconds grace) {
        if (hub_.stopping.exchange(true)) return;
        asio::post(acceptor_.get_executor(), [this] {
            beast::error_code ignored;
            acceptor_.close(ignored);
        });
        for (const auto& session : living()) session->close_when_idle();
        {
            std::unique_lock lock(mutex_);
            none_left_.wait_for(lock, grace, [this] { return sessions_.empty(); });
        }
        io_.stop();
        for (std::thread& thread : threads_) thread.join();
    }

private:
    /// One answer that cannot be written must not end the server: its connection ends, the others go on.
    void run() {
        while (true) {
            try {
                io_.run();
                return;
            } catch (const std::exception& error) {
                std::fprintf(stderr, "holdpoint: a connection failed: %s\n", error.what());
            }
        }
    }

    void bind() {
        const std::string where = hub_.options.host + ":" + std::to_string(hub_.options.port);
        beast::error_code error;
        tcp::resolver resolver(io_);
        const auto found =
            resolver.resolve(hub_.options.host, std::to_string(hub_.options.port), tcp::resolver::passive, error);
        if (error || found.empty()) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
        const tcp::endpoint endpoint = found.begin()->endpoint();
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
        port_ = acceptor_.local_endpoint().port();
    }

    void accept() {
        acceptor_.async_accept(asio::make_strand(io_), [this](beast::error_code error, tcp::socket socket) {
            if (!acceptor_.is_open()) return;
            if (!error) admit(std::move(socket));
            // Out of file descriptors or memory: a short pause instead of a busy loop, until some connection ends.
            if (error && error != asio::error::connection_aborted) return accept_later();
            accept();
        });
    }

    void accept_later() {
        pause_.expires_after(std::chrono::milliseconds{50});
        pause_.async_wait([this](beast::error_code error) {
            if (!error && acceptor_.is_open()) accept();
        });
    }

    void admit(tcp::socket socket) {
        beast::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        // Outlives the lock: where it ends at once, its end takes the lock.
        std::shared_ptr<Session> session;
        {
            const std::lock_guard lock(mutex_);
            if (sessions_.size() >= hub_.options.connections_max) return;
            const auto key = ++next_key_;
            session = std::shared_ptr<Session>(new Session(std::move(socket), hub_), [this, key](Session* ended) {
                delete ended;
                forget(key);
            });
            sessions_.emplace(key, session);
        }
        session->start();
    }

    /// Strong references, to be dropped outside the lock: a session's end takes it.
    std::vector<std::shared_ptr<Session>> living() {
        std::vector<std::shared_ptr<Session>> found;
        const std::lock_guard lock(mutex_);
        for (const auto& [key, session] : sessions_) {
            if (auto alive = session.lock()) found.push_back(std::move(alive));
        }
        return found;
    }

    void forget(std::uint64_t key) {
        const std::lock_guard lock(mutex_);
        sessions_.erase(key);
        if (sessions_.empty()) none_left_.notify_all();
    }

    Hub hub_;
    // Declared before io_: sessions still queued there are destroyed with it, and forget themselves here.
    std::mutex mutex_;
    std::condition_variable none_left_;
    std::unordered_map<std::uint64_t, std::weak_ptr<Session>> sessions_;
    std::uint64_t next_key_ = 0;
    asio::io_context io_;
    // Requests that wait for their answer are no work that Asio knows of: without this, it would end before they do.
    asio::executor_work_guard<asio::io_context::executor_type> kept_running_{io_.get_executor()};
    tcp::acceptor acceptor_;
    asio::steady_timer pause_{acceptor_.get_executor()};
    std::vector<std::thread> threads_;
    std::uint16_t port_ = 0;
};

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() = default;
std::uint16_t Server::port() const {
    return impl_->port();
}
void Server::stop(std::chrono::milliseconds grace) {
    impl_->stop(grace);
}

}  // namespace holdpoint::net
