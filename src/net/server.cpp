#include "net/server.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "net/session.hpp"

namespace holdpoint::net {

namespace {

namespace asio = boost::asio;
using boost::beast::error_code;
using tcp = asio::ip::tcp;
using PlainSession = Session<tcp::socket>;

/// The sessions of a server, counted; from any thread.
class Sessions {
public:
    explicit Sessions(Hub& hub) : hub_(hub) {}

    [[nodiscard]] const Hub& hub() const { return hub_; }

    /// Nothing when the server has as many as it may.
    std::shared_ptr<PlainSession> open(tcp::socket socket) {
        if (hub_.connections >= hub_.options.connections_max) return nullptr;
        const std::lock_guard lock(mutex_);
        ++hub_.connections;
        const auto key = ++next_key_;
        std::shared_ptr<PlainSession> session(new PlainSession(std::move(socket), hub_),
                                              [this, key](PlainSession* ended) {
                                                  delete ended;
                                                  forget(key);
                                              });
        sessions_.emplace(key, session);
        return session;
    }

    /// Strong references, to be dropped outside the lock: a session's end takes it.
    std::vector<std::shared_ptr<PlainSession>> living() {
        std::vector<std::shared_ptr<PlainSession>> found;
        const std::lock_guard lock(mutex_);
        found.reserve(sessions_.size());
        for (const auto& [key, session] : sessions_) {
            if (auto alive = session.lock()) found.push_back(std::move(alive));
        }
        return found;
    }

    void wait_until_none(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex_);
        none_left_.wait_for(lock, limit, [this] { return sessions_.empty(); });
    }

private:
    void forget(std::uint64_t key) {
        const std::lock_guard lock(mutex_);
        sessions_.erase(key);
        --hub_.connections;
        if (sessions_.empty()) none_left_.notify_all();
    }

    Hub& hub_;
    std::mutex mutex_;
    std::condition_variable none_left_;
    std::unordered_map<std::uint64_t, std::weak_ptr<PlainSession>> sessions_;
    std::uint64_t next_key_ = 0;
};

/// One thread and the sessions that live on it.
class Loop {
public:
    explicit Loop(Hub& hub) : sessions_(hub) {}

    asio::io_context& io() { return io_; }
    Sessions& sessions() { return sessions_; }
    void start() {
        sweep();
        thread_ = std::thread([this] { run(); });
    }
    void stop() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

    void admit(tcp::socket socket) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        if (const auto session = sessions_.open(std::move(socket))) session->start();
    }

private:
    /// One answer that cannot be written must not end the server: its connection ends, the others go on.
    void run() {
        while (true) {
            try {
                io_.run();
                return;
            } catch (const std::exception& error) {
                log::write(log::Level::error, "a connection failed", {{"why", error.what()}});
            }
        }
    }

    /// Ends the connections of clients that are late: one look at all of them costs less than a timer for each request.
    void sweep() {
        timer_.expires_after(std::chrono::seconds{1});
        timer_.async_wait([this](error_code error) {
            if (error) return;
            const Milliseconds now = sessions_.hub().clock.monotonic();
            for (const auto& session : sessions_.living()) session->close_when_late(now);
            sweep();
        });
    }

    Sessions sessions_;  // declared before io_: what is still queued there forgets itself here
    asio::io_context io_{1};
    // Requests that wait for their answer are no work that Asio knows of: without this, it would end before they do.
    asio::executor_work_guard<asio::io_context::executor_type> kept_running_{io_.get_executor()};
    asio::steady_timer timer_{io_};
    std::thread thread_;
};

}  // namespace

class Server::Impl {
public:
    Impl(ServerOptions options, Handler handler) : hub_(std::move(options), std::move(handler)) {
        for (std::size_t i = 0; i < std::max<std::size_t>(hub_.options.threads, 1); ++i) {
            loops_.push_back(std::make_unique<Loop>(hub_));
        }
        acceptor_.emplace(loops_.front()->io());
        pause_.emplace(loops_.front()->io());
        bind();
        accept();
        for (const auto& loop : loops_) loop->start();
    }

    ~Impl() { stop(std::chrono::milliseconds{0}); }

    std::uint16_t port() const { return port_; }

    void stop(std::chrono::milliseconds grace) {
        if (hub_.stopping.exchange(true)) return;
        asio::post(acceptor_->get_executor(), [this] {
            error_code ignored;
            acceptor_->close(ignored);
        });
        for (const auto& loop : loops_) {
            for (const auto& session : loop->sessions().living()) session->close_when_idle();
        }
        const Milliseconds end = hub_.clock.monotonic() + grace;
        for (const auto& loop : loops_) {
            loop->sessions().wait_until_none(std::max(end - hub_.clock.monotonic(), Milliseconds{0}));
        }
        for (const auto& loop : loops_) loop->stop();
    }

private:
    void bind() {
        const std::string where = hub_.options.host + ":" + std::to_string(hub_.options.port);
        error_code error;
        tcp::resolver resolver(loops_.front()->io());
        const auto found =
            resolver.resolve(hub_.options.host, std::to_string(hub_.options.port), tcp::resolver::passive, error);
        if (error || found.empty()) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
        const tcp::endpoint endpoint = found.begin()->endpoint();
        acceptor_->open(endpoint.protocol(), error);
        if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_->bind(endpoint, error);
        if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
        if (error) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
        port_ = acceptor_->local_endpoint().port();
    }

    /// Connections go to the loops in turn.
    void accept() {
        Loop& loop = *loops_[next_++ % loops_.size()];
        acceptor_->async_accept(loop.io(), [this, &loop](error_code error, tcp::socket socket) {
            if (!acceptor_->is_open()) return;
            if (!error) loop.admit(std::move(socket));
            // Out of file descriptors or memory: a short pause instead of a busy loop, until some connection ends.
            if (error && error != asio::error::connection_aborted) return accept_later();
            accept();
        });
    }

    void accept_later() {
        pause_->expires_after(std::chrono::milliseconds{50});
        pause_->async_wait([this](error_code error) {
            if (!error && acceptor_->is_open()) accept();
        });
    }

    Hub hub_;
    std::vector<std::unique_ptr<Loop>> loops_;
    // These live on the first loop.
    std::optional<tcp::acceptor> acceptor_;
    std::optional<asio::steady_timer> pause_;
    std::size_t next_ = 0;
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
