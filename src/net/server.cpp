#include "net/server.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "net/tls_context.hpp"

namespace holdpoint::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

/// How long, and how much, is still read of a request that was refused.
constexpr std::chrono::seconds kLinger{5};
constexpr std::size_t kDiscardedMax = 64UL * 1024 * 1024;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

/// A body that is asked about before it is read.
constexpr std::uint64_t kLargeBody = 64UL * 1024;

Request head_of(const http::request<http::string_body>& message) {
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message)
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
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

class Connection {
public:
    virtual ~Connection() = default;
    virtual void start() = 0;
    /// Ends the connection unless an answer is still owed.
    virtual void close_when_idle() = 0;
};

/// One connection: read a request, wait for its answer, write it, and again.
template <class Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
    static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

public:
    Session(Stream stream, std::string peer, Hub& hub)
        : stream_(std::move(stream)), deadline_(stream_.get_executor()), peer_(std::move(peer)), hub_(hub) {}

    void start() override {
        asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
            if constexpr (kIsTls) {
                self->shake_hands();
            } else {
                self->wait_for_request();
            }
        });
    }

    void close_when_idle() override {
        asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
            if (!self->busy_) self->close();
        });
    }

private:
    beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

    void shake_hands() {
        tcp().expires_after(hub_.options.header_timeout);
        stream_.async_handshake(asio::ssl::stream_base::server,
                                [self = this->shared_from_this()](beast::error_code error) {
                                    if (error) return self->close();
                                    self->wait_for_request();
                                });
    }

    /// Unlike the stream's own, this limit leaves the connection open, so that a client that is late can be told.
    void limit_reading(std::chrono::seconds limit) {
        is_late_ = false;
        deadline_.expires_after(limit);
        deadline_.async_wait(
            [self = this->shared_from_this(), limit_number = ++limit_number_](beast::error_code error) {
                if (error || self->limit_number_ != limit_number) return;
                self->is_late_ = true;
                self->tcp().cancel();
            });
    }

    void end_limit() {
        ++limit_number_;  // a timer that has run out already finds that it is not meant
        deadline_.cancel();
    }

    void wait_for_request() {
        if (hub_.stopping) return close();
        busy_ = false;
        parser_.emplace();
        body_limit_ = hub_.options.body_bytes_max;
        parser_->body_limit(body_limit_);
        parser_->header_limit(static_cast<std::uint32_t>(hub_.options.header_bytes_max));
        if (buffer_.size() > 0) return read_header();
        tcp().expires_after(hub_.options.idle_timeout);
        stream_.async_read_some(buffer_.prepare(8192),
                                [self = this->shared_from_this()](beast::error_code error, std::size_t count) {
                                    if (error) return self->close();
                                    self->buffer_.commit(count);
                                    self->read_header();
                                });
    }

    void read_header() {
        busy_ = true;
        tcp().expires_never();
        limit_reading(hub_.options.header_timeout);
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                                    if (error) return self->refuse(error);
                                    if (!self->takes_header()) return;
                                    if (self->body_is_to_come()) self->limit_reading(self->hub_.options.body_timeout);
                                    if (beast::iequals(self->parser_->get()[http::field::expect], "100-continue"))
                                        return self->say_continue();
                                    self->read_body();
                                });
    }

    /// Answers what is too much of a request before its body is read.
    bool takes_header() {
        const auto& message = parser_->get();
        const ServerOptions& options = hub_.options;
        if (message.target().size() > options.target_bytes_max) {
            answer(text_response(414, "The request's target is longer than " +
                                          std::to_string(options.target_bytes_max) + " bytes."),
                   true);
            return false;
        }
        if (static_cast<std::size_t>(std::distance(message.begin(), message.end())) > options.header_count_max) {
            answer(text_response(431,
                                 "The request has more than " + std::to_string(options.header_count_max) + " headers."),
                   true);
            return false;
        }
        const auto length = parser_->content_length();
        if (options.body_limit && (!length || *length > kLargeBody) && message.method() != http::verb::get) {
            body_limit_ = std::min(body_limit_, options.body_limit(head_of(message)));
        }
        parser_->body_limit(body_limit_);
        if (!length || *length <= body_limit_) return true;
        refuse(http::error::body_limit);
        return false;
    }

    /// Most bodies come with their headers, and need no time of their own.
    bool body_is_to_come() {
        return !parser_->is_done() && parser_->content_length().value_or(UINT64_MAX) > buffer_.size();
    }

    void say_continue() {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(stream_, asio::buffer(kContinue),
                          [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                              if (error) return self->close();
                              self->read_body();
                          });
    }

    void read_body() {
        http::async_read(stream_, buffer_, *parser_,
                         [self = this->shared_from_this()](beast::error_code error, std::size_t) {
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
        if (is_late_) return answer(text_response(408, "The request did not arrive in time."), true);
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
        end_limit();
        auto message = parser_->release();
        keep_alive_ = message.keep_alive();
        head_only_ = message.method() == http::verb::head;
        auto owed = std::make_shared<Answer>(this->shared_from_this());
        Respond respond = [owed](Response response) { owed->give(std::move(response)); };
        owed.reset();
        try {
            Request request = head_of(message);
            request.body = std::move(message.body());
            request.peer_address = peer_;
            request.is_secure = kIsTls;
            hub_.handler(std::move(request), respond);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "holdpoint: a request failed: %s\n", error.what());
            respond(text_response(500, "The server failed; its log says why."));
        }
    }

    void answer(Response response, bool last) {
        end_limit();
        message_.emplace();
        message_->version(11);
        message_->result(static_cast<unsigned>(response.status));
        for (const auto& [name, value] : response.headers) message_->insert(name, value);
        message_->keep_alive(keep_alive_ && !last && !hub_.stopping);
        message_->body() = std::move(response.body);
        if (response.status != 204) message_->content_length(message_->body().size());
        if (head_only_) message_->body().clear();
        tcp().expires_after(hub_.options.header_timeout);
        http::async_write(stream_, *message_,
                          [self = this->shared_from_this(), last](beast::error_code error, std::size_t) {
                              const bool more = !error && self->message_->keep_alive();
                              self->message_.reset();
                              if (more) return self->wait_for_request();
                              if (error || !last) return self->close();
                              beast::error_code ignored;
                              if constexpr (!kIsTls) self->tcp().socket().shutdown(tcp::socket::shutdown_send, ignored);
                              self->tcp().expires_after(kLinger);
                              self->discard(kDiscardedMax);
                          });
    }

    /// Reads on past a request that was refused: a client that is cut off while it sends never sees the answer.
    void discard(std::size_t left) {
        buffer_.clear();
        stream_.async_read_some(buffer_.prepare(65536),
                                [self = this->shared_from_this(), left](beast::error_code error, std::size_t count) {
                                    if (error || count >= left) return self->close();
                                    self->discard(left - count);
                                });
    }

    void close() {
        end_limit();
        beast::error_code ignored;
        tcp().socket().shutdown(tcp::socket::shutdown_both, ignored);
        tcp().close();
    }

    Stream stream_;
    asio::steady_timer deadline_;
    const std::string peer_;
    Hub& hub_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<http::response<http::string_body>> message_;
    std::size_t body_limit_ = 0;
    std::uint64_t limit_number_ = 0;
    bool is_late_ = false;
    bool busy_ = false;  // touched on the session's strand alone
    bool keep_alive_ = false;
    bool head_only_ = false;
};

}  // namespace

class Server::Impl {
public:
    Impl(ServerOptions options, Handler handler)
        : hub_(std::move(options), std::move(handler)), acceptor_(asio::make_strand(io_)) {
        if (hub_.options.tls) tls_ = load_tls(*hub_.options.tls).context;
        bind();
        accept();
        for (std::size_t i = 0; i < hub_.options.threads; ++i) threads_.emplace_back([this] { run(); });
    }

    ~Impl() { stop(std::chrono::milliseconds{0}); }

    std::uint16_t port() const { return port_; }

    std::string reload_tls() {
        if (!hub_.options.tls) return {};
        LoadedTls loaded = load_tls(*hub_.options.tls);
        const std::lock_guard lock(mutex_);
        tls_ = std::move(loaded.context);
        return std::move(loaded.warning);
    }

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
        const auto remote = socket.remote_endpoint(ignored);
        const std::string peer = ignored ? "" : remote.address().to_string();
        // Outlives the lock: where it ends at once, its end takes the lock.
        std::shared_ptr<Connection> session;
        {
            const std::lock_guard lock(mutex_);
            std::size_t& of_peer = peers_[peer];
            const std::size_t peer_max = hub_.options.connections_per_address_max;
            const bool is_full = sessions_.size() >= hub_.options.connections_max;
            if (is_full || (peer_max > 0 && of_peer >= peer_max)) {
                if (of_peer == 0) peers_.erase(peer);
                return turn_away(std::move(socket), is_full);
            }
            ++of_peer;
            const auto key = ++next_key_;
            const auto end = [this, key, peer](Connection* ended) {
                delete ended;
                forget(key, peer);
            };
            if (tls_) {
                session = std::shared_ptr<Session<TlsStream>>(
                    new Session<TlsStream>(TlsStream(beast::tcp_stream(std::move(socket)), *tls_), peer, hub_), end);
            } else {
                session = std::shared_ptr<Session<PlainStream>>(
                    new Session<PlainStream>(PlainStream(std::move(socket)), peer, hub_), end);
            }
            sessions_.emplace(key, session);
        }
        session->start();
    }

    /// Over plain HTTP it is told why; there is no handshake for those that find no place.
    void turn_away(tcp::socket socket, bool is_full) {
        if (tls_) return;
        static constexpr std::string_view kFull =
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 36"
            "\r\n\r\nThe server has too many connections.";
        static constexpr std::string_view kPeerFull =
            "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 39"
            "\r\n\r\nYour address has too many connections.\n";
        auto kept = std::make_shared<tcp::socket>(std::move(socket));
        asio::async_write(*kept, asio::buffer(is_full ? kFull : kPeerFull), [kept](beast::error_code, std::size_t) {});
    }

    /// Strong references, to be dropped outside the lock: a session's end takes it.
    std::vector<std::shared_ptr<Connection>> living() {
        std::vector<std::shared_ptr<Connection>> found;
        const std::lock_guard lock(mutex_);
        for (const auto& [key, session] : sessions_) {
            if (auto alive = session.lock()) found.push_back(std::move(alive));
        }
        return found;
    }

    void forget(std::uint64_t key, const std::string& peer) {
        const std::lock_guard lock(mutex_);
        sessions_.erase(key);
        if (const auto found = peers_.find(peer); found != peers_.end() && --found->second == 0) peers_.erase(found);
        if (sessions_.empty()) none_left_.notify_all();
    }

    Hub hub_;
    // Declared before io_: sessions still queued there are destroyed with it, and forget themselves here.
    std::mutex mutex_;
    std::condition_variable none_left_;
    std::unordered_map<std::uint64_t, std::weak_ptr<Connection>> sessions_;
    std::unordered_map<std::string, std::size_t> peers_;  // address -> its connections
    std::shared_ptr<asio::ssl::context> tls_;
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
std::string Server::reload_tls() {
    return impl_->reload_tls();
}
void Server::stop(std::chrono::milliseconds grace) {
    impl_->stop(grace);
}

}  // namespace holdpoint::net
