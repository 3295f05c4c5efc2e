#include "net/server.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/ending.hpp"
#include "base/ip.hpp"
#include "base/log.hpp"
#include "net/session.hpp"
#include "net/socket_owner.hpp"
#include "net/tls_context.hpp"

namespace holdpoint::net {

namespace {

namespace asio = boost::asio;
using boost::beast::error_code;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

/// Counts the connections of a server, and those of each address; from any thread.
class Places {
public:
    enum class Verdict { taken, full, address_full, few_files };

    /// A peer as counted_as says it; an empty one counts for all alone.
    Verdict take(const std::string& peer, const ServerOptions& options) {
        const std::lock_guard lock(mutex_);
        if (taken_ >= options.connections_max) return Verdict::full;
        if (const std::size_t most = options.connections_per_address_max; most > 0 && !peer.empty()) {
            std::size_t& of_peer = by_peer_[peer];
            if (of_peer >= most) return Verdict::address_full;
            ++of_peer;
        }
        ++taken_;
        return Verdict::taken;
    }

    void leave(const std::string& peer) {
        const std::lock_guard lock(mutex_);
        --taken_;
        const auto found = by_peer_.find(peer);
        if (found != by_peer_.end() && --found->second == 0) by_peer_.erase(found);
    }

private:
    std::mutex mutex_;
    std::size_t taken_ = 0;
    std::unordered_map<std::string, std::size_t> by_peer_;
};

/// What the loops of a listener share.
class Shared {
public:
    Shared(ServerOptions options, Handler handler) : hub_(std::move(options), std::move(handler)) { (void)load(); }

    [[nodiscard]] Hub& hub() { return hub_; }
    [[nodiscard]] Places& places() { return places_; }
    /// Nothing for plain HTTP.
    [[nodiscard]] std::shared_ptr<asio::ssl::context> tls() {
        const std::lock_guard lock(mutex_);
        return tls_;
    }
    /// Reads the certificate and its key; answers what should be known of them.
    std::string load() {
        if (!hub_.options.tls) return {};
        LoadedTls loaded = load_tls(*hub_.options.tls);
        const std::lock_guard lock(mutex_);
        tls_ = std::move(loaded.context);
        certificate_expires_ = loaded.expires;
        return std::move(loaded.warning);
    }
    [[nodiscard]] std::optional<TimePoint> certificate_expires() {
        const std::lock_guard lock(mutex_);
        return certificate_expires_;
    }
    /// At most once a minute. On the thread that takes connections.
    void tell_of_few_files() {
        const Milliseconds now = hub_.clock.monotonic();
        if (now < tells_again_) return;
        tells_again_ = now + std::chrono::minutes{1};
        log::write(log::Level::error,
                   "connections are turned away: the last quarter of the files that may be open is kept for functions");
    }

private:
    Hub hub_;
    Places places_;
    std::mutex mutex_;  // an operator replaces the certificate while connections come in
    std::shared_ptr<asio::ssl::context> tls_;
    std::optional<TimePoint> certificate_expires_;  // of `tls_`
    Milliseconds tells_again_{0};
};

/// The sessions of a loop; from any thread.
class Sessions {
public:
    explicit Sessions(Shared& shared) : shared_(shared) {}

    [[nodiscard]] const Hub& hub() const { return shared_.hub(); }

    /// `place` was taken, and is given back at the session's end.
    template <class Stream>
    std::shared_ptr<Connection> open(Stream stream, const Peer& peer, const std::string& place) {
        const std::lock_guard lock(mutex_);
        const auto key = ++next_key_;
        std::shared_ptr<Session<Stream>> session(new Session<Stream>(std::move(stream), peer, shared_.hub()),
                                                 [this, key, place](Session<Stream>* ended) {
                                                     delete ended;
                                                     forget(key, place);
                                                 });
        sessions_.emplace(key, session);
        return session;
    }

    /// Strong references, to be dropped outside the lock: a session's end takes it.
    std::vector<std::shared_ptr<Connection>> living() {
        std::vector<std::shared_ptr<Connection>> found;
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
    void forget(std::uint64_t key, const std::string& place) {
        shared_.places().leave(place);
        const std::lock_guard lock(mutex_);
        sessions_.erase(key);
        if (sessions_.empty()) none_left_.notify_all();
    }

    Shared& shared_;
    std::mutex mutex_;
    std::condition_variable none_left_;
    std::unordered_map<std::uint64_t, std::weak_ptr<Connection>> sessions_;
    std::uint64_t next_key_ = 0;
};

/// One thread and the sessions that live on it.
class Loop {
public:
    explicit Loop(Shared& shared) : shared_(shared), sessions_(shared) {}

    asio::io_context& io() { return io_; }
    Sessions& sessions() { return sessions_; }
    void start() {
        sweep();
        thread_ = std::thread([this] { do_or_end("connections", [this] { run(); }); });
    }
    void stop() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

    void admit(tcp::socket socket) {
        if (shared_.hub().options.every_loopback_address && !is_from_own_program(socket)) return;
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        error_code unknown;
        const auto remote = socket.remote_endpoint(unknown);
        const auto to = unknown ? tcp::endpoint() : socket.local_endpoint(unknown);
        // Who has left already is not heard: what they sent can still be read, and nobody could say whose it was.
        if (unknown) return;
        const Peer who{.address = text_of(remote.address()), .local_address = text_of(to.address())};
        const auto tls = shared_.tls();
        const std::string peer = counted_as(who.address);
        if (const auto verdict = place_for(socket.native_handle(), peer); verdict != Places::Verdict::taken) {
            // Over plain HTTP it is told why; there is no handshake for those that find no place.
            if (!tls) turn_away(socket, verdict);
        } else if (tls) {
            sessions_.open(TlsStream(std::move(socket), *tls), who, peer)->start();
        } else {
            sessions_.open(PlainStream(std::move(socket)), who, peer)->start();
        }
    }

    /// Of the machine's own functions: as many as there is room for, whatever one address may have.
    void admit(local::socket socket) {
        const Peer peer{.address = "127.0.0.1", .is_over_socket = true};
        if (const auto verdict = place_for(socket.native_handle(), {}); verdict != Places::Verdict::taken) {
            turn_away(socket, verdict);
        } else {
            sessions_.open(PlainStream(std::move(socket)), peer, {})->start();
        }
    }

private:
    /// Who comes to `[::]` over IPv4 has the address that they have anywhere else.
    static std::string text_of(const asio::ip::address& address) {
        const bool is_mapped = address.is_v6() && address.to_v6().is_v4_mapped();
        return is_mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string()
                         : address.to_string();
    }

    /// What comes over the loopback device may still be from and to another of the machine's addresses.
    static bool is_from_own_program(const tcp::socket& socket) {
        error_code no_from;
        error_code no_to;
        const Connected connection{.from = socket.remote_endpoint(no_from), .to = socket.local_endpoint(no_to)};
        return !no_from && !no_to && connection.from.address().is_v4() && connection.from.address().is_loopback() &&
               connection.to.address().is_v4() && connection.to.address().is_loopback() && is_of_this_user(connection);
    }

    [[nodiscard]] Places::Verdict place_for(int socket, const std::string& peer) {
        const ServerOptions& options = shared_.hub().options;
        if (options.for_functions || leaves_enough_files(socket)) return shared_.places().take(peer, options);
        shared_.tell_of_few_files();
        return Places::Verdict::few_files;
    }

    /// A new descriptor is the lowest free number, so at least as many are in use.
    static bool leaves_enough_files(int descriptor) {
        rlimit files{};
        if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return true;
        return static_cast<rlim_t>(descriptor) < files.rlim_cur - files.rlim_cur / 4;
    }

    /// Tells it at once, without waiting for anything: what is turned away must not keep its descriptor.
    template <class Socket>
    static void turn_away(Socket& socket, Places::Verdict verdict) {
        const bool is_address_full = verdict == Places::Verdict::address_full;
        const Response response =
            text_response(is_address_full ? 429 : 503, is_address_full ? "Your address has too many connections."
                                                                       : "The server has too many connections.");
        const std::string text = to_head(response, response.body.size(), false, 11) + response.body;
        error_code ignored;
        socket.non_blocking(true, ignored);
        (void)socket.write_some(asio::buffer(text), ignored);
    }

    /// One answer that cannot be written must not end the server: its connection ends, the others go on.
    void run() {
        while (true) {
            try {
                run_rounds();
                return;
            } catch (const std::exception& error) {
                log::write(log::Level::error, "a connection failed", {{"why", error.what()}});
            }
        }
    }

    static constexpr int kRoundMax = 128;

    void run_rounds() {
        const auto& after_round = shared_.hub().options.after_round;
        if (!after_round) {
            io_.run();
            return;
        }
        bool soon = true;  // what failed may have broken off a round
        while (soon || io_.run_one() > 0) {
            // Bounded: where requests come without a pause, what follows a round must have its turn, too.
            for (int handled = 0; handled < kRoundMax && io_.poll_one() > 0; ++handled) {
            }
            soon = after_round();
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

    Shared& shared_;
    Sessions sessions_;  // declared before io_: what is still queued there forgets itself here
    asio::io_context io_{1};
    // Requests that wait for their answer are no work that Asio knows of: without this, it would end before they do.
    asio::executor_work_guard<asio::io_context::executor_type> kept_running_{io_.get_executor()};
    asio::steady_timer timer_{io_};
    std::thread thread_;
};

/// Other machines cannot connect then, whatever address. Needs no privilege since Linux 5.7. (socket(7))
void bind_to_loopback(int socket, error_code& error) {
    constexpr std::string_view kDevice = "lo";
    if (::setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, kDevice.data(), kDevice.size()) != 0) {
        error.assign(errno, boost::system::system_category());
    }
}

/// Takes connections at one address, on the first loop, and gives them to the loops in turn.
template <class Protocol>
class Door {
public:
    using Loops = std::vector<std::unique_ptr<Loop>>;

    /// Throws std::runtime_error naming `where` when it cannot listen.
    Door(Loops& loops, const typename Protocol::endpoint& endpoint, const std::string& where,
         bool loopback_only = false)
        : loops_(loops), acceptor_(loops.front()->io()), pause_(loops.front()->io()) {
        error_code error;
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error && loopback_only) bind_to_loopback(acceptor_.native_handle(), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
        accept();
    }

    [[nodiscard]] auto endpoint() const { return acceptor_.local_endpoint(); }
    /// From any thread.
    void close() {
        asio::post(acceptor_.get_executor(), [this] {
            error_code ignored;
            acceptor_.close(ignored);
        });
    }

private:
    void accept() {
        Loop& loop = *loops_[next_++ % loops_.size()];
        acceptor_.async_accept(loop.io(), [this, &loop](error_code error, typename Protocol::socket socket) {
            if (!acceptor_.is_open()) return;
            // Out of file descriptors or memory: a short pause instead of a busy loop, until some connection ends.
            if (error && error != asio::error::connection_aborted) return accept_later(error);
            tells_why_ = true;
            accept();  // first: one connection that there is no memory for is not the last one
            if (!error) loop.admit(std::move(socket));
        });
    }

    void accept_later(const error_code& why) {
        if (std::exchange(tells_why_, false)) {
            log::write(log::Level::error, "no connection can be taken, so clients wait", {{"why", why.message()}});
        }
        pause_.expires_after(std::chrono::milliseconds{50});
        pause_.async_wait([this](error_code error) {
            if (!error && acceptor_.is_open()) accept();
        });
    }

    Loops& loops_;
    typename Protocol::acceptor acceptor_;
    asio::steady_timer pause_;
    std::size_t next_ = 0;
    bool tells_why_ = true;  // once, until a connection was taken
};

}  // namespace

class Server::Impl {
public:
    Impl(ServerOptions options, Handler handler) : shared_(std::move(options), std::move(handler)) {
        for (std::size_t i = 0; i < std::max<std::size_t>(hub_.options.threads, 1); ++i) {
            loops_.push_back(std::make_unique<Loop>(shared_));
        }
        if (hub_.options.every_loopback_address) {
            listen_on_loopback(hub_.options.port);
        } else if (hub_.options.socket_path.empty()) {
            listen();
        } else {
            listen_on_socket(hub_.options.socket_path);
        }
        try {
            for (const auto& loop : loops_) loop->start();
        } catch (...) {  // no more threads: those that run end with the others
            stop(std::chrono::milliseconds{0});
            throw;
        }
    }

    ~Impl() { stop(std::chrono::milliseconds{0}); }

    std::uint16_t port() const { return port_; }
    std::string reload_tls() { return shared_.load(); }
    std::optional<TimePoint> certificate_expires() { return shared_.certificate_expires(); }

    void stop(std::chrono::milliseconds grace) {
        if (hub_.stopping.exchange(true)) return;
        if (door_) door_->close();
        if (socket_door_) {
            socket_door_->close();
            ::unlink(hub_.options.socket_path.c_str());
        }
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
    void listen() {
        const std::string where = authority(hub_.options.host, std::to_string(hub_.options.port));
        error_code error;
        tcp::resolver resolver(loops_.front()->io());
        const auto found =
            resolver.resolve(hub_.options.host, std::to_string(hub_.options.port), tcp::resolver::passive, error);
        if (error || found.empty()) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
        door_.emplace(loops_, found.begin()->endpoint(), where);
        port_ = door_->endpoint().port();
    }

    void listen_on_loopback(std::uint16_t port) {
        const std::string where = fmt::format("port {} of 127.0.0.0/8", port);
        if (!shows_socket_owners()) throw std::runtime_error("cannot listen on " + where + ": no /proc/net/tcp");
        door_.emplace(loops_, tcp::endpoint(tcp::v4(), port), where, true);
        port_ = door_->endpoint().port();
    }

    /// What a server that was killed left there is in the way.
    void listen_on_socket(const std::string& path) {
        ::unlink(path.c_str());
        socket_door_.emplace(loops_, local::endpoint(path), path);
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
    }

    Shared shared_;
    Hub& hub_ = shared_.hub();
    std::vector<std::unique_ptr<Loop>> loops_;
    std::optional<Door<tcp>> door_;
    std::optional<Door<local>> socket_door_;
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
std::optional<TimePoint> Server::certificate_expires() const {
    return impl_->certificate_expires();
}
void Server::stop(std::chrono::milliseconds grace) {
    impl_->stop(grace);
}

}  // namespace holdpoint::net
