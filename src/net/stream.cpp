#include "net/stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <system_error>
#include <thread>

namespace holdpoint::net {

namespace {

/// What is tried although its time is over, instead of a wait for ever.
constexpr std::chrono::milliseconds kOver{1};

std::string error_text(int code) {
    return std::generic_category().message(code);
}

/// The kernel waits, and keeps the limit: one call for a read instead of three.
class SocketStream final : public Stream {
public:
    explicit SocketStream(Socket socket, bool is_unix = false) : socket_(std::move(socket)), is_unix_(is_unix) {
        ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) & ~O_NONBLOCK);
    }

    std::expected<std::size_t, std::string> read_some(std::span<char> into, std::chrono::milliseconds limit) override {
        if (is_unix_) {
            // Who waits in recv() is woken when the other side has read what it was sent, too.
            if (auto ready = socket_.wait(POLLIN, limit); !ready) return std::unexpected(ready.error());
        } else {
            set_limit(SO_RCVTIMEO, read_limit_, limit);
        }
        while (true) {
            const ssize_t count = ::recv(socket_.get(), into.data(), into.size(), 0);
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno != EINTR) return std::unexpected(problem("cannot read: ", limit));
        }
    }

    std::expected<void, std::string> write_all(std::string_view bytes, std::chrono::milliseconds limit) override {
        const Deadline deadline(limit);
        while (!bytes.empty()) {
            const auto left = deadline.left(limit);
            if (!left) return std::unexpected(left.error());
            set_limit(SO_SNDTIMEO, write_limit_, *left);
            const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(count));
            } else if (errno != EINTR) {
                return std::unexpected(problem("cannot write: ", limit));
            }
        }
        return {};
    }

    bool is_quiet() const override { return socket_.is_quiet(); }

    std::optional<Socket> take_socket() override {
        ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
        return std::move(socket_);
    }

private:
    /// 0: none.
    void set_limit(int option, std::chrono::milliseconds& current, std::chrono::milliseconds limit) {
        if (current == limit) return;
        const timeval value{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
        ::setsockopt(socket_.get(), SOL_SOCKET, option, &value, sizeof value);
        current = limit;
    }

    static std::string problem(std::string_view what, std::chrono::milliseconds limit) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return "timed out after " + std::to_string(limit.count()) + " ms";
        return std::string(what) + error_text(errno);
    }

    Socket socket_;
    const bool is_unix_;
    std::chrono::milliseconds read_limit_{0};
    std::chrono::milliseconds write_limit_{0};
};

std::expected<Socket, std::string> connect_to(const addrinfo& address, std::chrono::milliseconds limit,
                                              const std::shared_ptr<Cutoff>& cutoff) {
    Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
    if (socket.get() < 0) return std::unexpected(error_text(errno));
    const int yes = 1;
    if (address.ai_family != AF_UNIX) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const bool is_connected = ::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0;
    if (!is_connected && errno != EINPROGRESS) return std::unexpected(error_text(errno));
    if (cutoff && !socket.put_under(cutoff)) return std::unexpected("nothing is sent any more");
    if (is_connected) return socket;
    if (auto ready = socket.wait(POLLOUT, limit); !ready) return std::unexpected(ready.error());
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return std::unexpected(error_text(code));
    return socket;
}

std::expected<Socket, std::string> connect_to_socket(const std::string& path, const ConnectLimits& limits) {
    if (!fits_socket(path)) return std::unexpected("its path is too long for a socket");
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), name.sun_path);
    addrinfo address{};
    address.ai_family = AF_UNIX;
    address.ai_addr = reinterpret_cast<sockaddr*>(&name);
    address.ai_addrlen = sizeof name;
    return connect_to(address, limits.step, limits.cutoff);
}

}  // namespace

std::expected<std::chrono::milliseconds, std::string> Deadline::left(std::chrono::milliseconds step) const {
    if (limit_.count() == 0) return step;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit_ - watch_.elapsed());
    if (left.count() <= 0) return std::unexpected("timed out after " + std::to_string(limit_.count()) + " ms in all");
    return step.count() == 0 ? left : std::min(left, step);
}

void Cutoff::cut() {
    const std::lock_guard lock(mutex_);
    is_cut_ = true;
    for (const int descriptor : descriptors_) ::shutdown(descriptor, SHUT_RDWR);
}

bool Cutoff::add(int descriptor) {
    const std::lock_guard lock(mutex_);
    return !is_cut_ && descriptors_.insert(descriptor).second;
}

void Cutoff::remove(int descriptor) {
    const std::lock_guard lock(mutex_);
    descriptors_.erase(descriptor);
}

Socket::~Socket() {
    if (cutoff_) cutoff_->remove(descriptor_);
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::expected<void, std::string> Socket::wait(short events, std::chrono::milliseconds limit) const {
    pollfd entry{.fd = descriptor_, .events = events, .revents = 0};
    while (true) {
        const int count = ::poll(&entry, 1, limit.count() == 0 ? -1 : static_cast<int>(limit.count()));
        if (count > 0) return {};
        if (count == 0) return std::unexpected("timed out after " + std::to_string(limit.count()) + " ms");
        if (errno != EINTR) return std::unexpected(error_text(errno));
    }
}

bool Socket::is_quiet() const {
    pollfd entry{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 0;
}

bool Socket::put_under(std::shared_ptr<Cutoff> cutoff) {
    if (!cutoff->add(descriptor_)) return false;
    cutoff_ = std::move(cutoff);
    return true;
}

bool fits_socket(const std::string& path) {
    return path.size() < sizeof(sockaddr_un::sun_path);
}

std::expected<Addresses, int> resolve(const std::string& host, const std::string& port, int flags) {
    const addrinfo hints{.ai_flags = flags,
                         .ai_family = AF_UNSPEC,
                         .ai_socktype = SOCK_STREAM,
                         .ai_protocol = 0,
                         .ai_addrlen = 0,
                         .ai_addr = nullptr,
                         .ai_canonname = nullptr,
                         .ai_next = nullptr};
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list); code != 0)
        return std::unexpected(code);
    return Addresses(list);
}

std::expected<Addresses, std::string> resolve_within(const std::string& host, const std::string& port,
                                                     std::chrono::milliseconds limit, const Lookup& lookup) {
    struct State {
        std::mutex mutex;
        std::condition_variable found;
        std::optional<std::expected<Addresses, int>> result;
    };
    const auto state = std::make_shared<State>();  // shared: whoever waits may go first
    try {
        std::thread([state, host, port, lookup] {
            auto result = lookup(host, port);
            const std::lock_guard lock(state->mutex);
            state->result = std::move(result);
            state->found.notify_one();
        }).detach();
    } catch (const std::system_error& problem) {
        return std::unexpected(std::string("no thread for it: ") + problem.what());
    }
    std::unique_lock lock(state->mutex);
    const auto is_there = [&] { return state->result.has_value(); };
    if (limit.count() == 0) state->found.wait(lock, is_there);
    if (limit.count() != 0 && !state->found.wait_for(lock, limit, is_there)) {
        return std::unexpected("timed out after " + std::to_string(limit.count()) + " ms");
    }
    if (!*state->result) return std::unexpected(::gai_strerror(state->result->error()));
    return std::move(**state->result);
}

namespace {

std::expected<Addresses, std::string> addresses_of(const Endpoint& endpoint, std::chrono::milliseconds limit) {
    if (auto numeric = resolve(endpoint.host, endpoint.port, AI_NUMERICHOST)) return std::move(*numeric);
    return resolve_within(endpoint.host, endpoint.port, limit, [](const std::string& host, const std::string& port) {
        return resolve(host, port, AI_ADDRCONFIG);
    });
}

}  // namespace

std::expected<std::unique_ptr<Stream>, std::string> connect_stream(const Endpoint& endpoint,
                                                                   const ConnectLimits& limits) {
    if (!endpoint.socket.empty()) {
        auto socket = connect_to_socket(endpoint.socket, limits);
        if (!socket) return std::unexpected("cannot connect to " + endpoint.socket + ": " + socket.error());
        return std::make_unique<SocketStream>(std::move(*socket), true);
    }
    const Deadline deadline(limits.all);
    const std::string where = endpoint.host + ":" + endpoint.port;
    const auto list = addresses_of(endpoint, deadline.left(limits.step).value_or(kOver));
    if (!list) return std::unexpected("cannot resolve " + where + ": " + list.error());
    std::string problem = "no address";
    for (const addrinfo* address = list->get(); address; address = address->ai_next) {
        const auto left = deadline.left(limits.step);
        if (!left) {
            problem = left.error();
            break;
        }
        auto socket = connect_to(*address, *left, limits.cutoff);
        if (!socket) {
            problem = socket.error();
            continue;
        }
        if (endpoint.tls) {
            return start_tls(std::move(*socket), endpoint.host, deadline.left(limits.step).value_or(kOver),
                             limits.trust);
        }
        return std::make_unique<SocketStream>(std::move(*socket));
    }
    return std::unexpected("cannot connect to " + where + ": " + problem);
}

}  // namespace holdpoint::net
