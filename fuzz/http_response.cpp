// HTTP as our clients read it: the bytes are what an endpoint answers, in two parts and then an end. Whatever they are,
// a client comes back with an answer that is no interim one, or with words about what is wrong with it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "fuzz/fuzz.hpp"
#include "net/stream.hpp"
#include "net/transport.hpp"

namespace {

using namespace holdpoint;

constexpr std::chrono::milliseconds kPatience{8000};

/// Takes one connection after another for as long as the fuzzer runs.
class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof name;
        auto* address = reinterpret_cast<sockaddr*>(&name);
        FUZZ_CHECK(::bind(socket_.get(), address, size) == 0 && ::listen(socket_.get(), 1) == 0 &&
                       ::getsockname(socket_.get(), address, &size) == 0,
                   "the endpoint cannot listen");
        port_ = std::to_string(ntohs(name.sin_port));
    }
    [[nodiscard]] const std::string& port() const { return port_; }
    /// Waits through signals: the fuzzer's alarm clock rings in the middle of anything.
    [[nodiscard]] net::Socket accept() const {
        FUZZ_CHECK(socket_.wait(POLLIN, kPatience), "the client does not come");
        return net::Socket(::accept(socket_.get(), nullptr, nullptr));
    }

private:
    net::Socket socket_;
    std::string port_;
};

void answer(const Listener& listener, std::string_view first, std::string_view second) {
    const net::Socket connection = listener.accept();
    char request[1024];
    const auto read_some = [&] {
        return connection.wait(POLLIN, kPatience) && ::recv(connection.get(), request, sizeof request, 0) > 0;
    };
    FUZZ_CHECK(read_some(), "the client asks nothing");
    for (const std::string_view part : {first, second}) {
        (void)::send(connection.get(), part.data(), part.size(), MSG_NOSIGNAL);
    }
    ::shutdown(connection.get(), SHUT_WR);
    // Until the client has left, so that it is not cut off while it reads.
    while (read_some()) {
    }
    // Ends with a reset instead of TIME_WAIT: there are only so many ports.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    static const Listener listener;
    const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
    const std::size_t cut = std::min<std::size_t>(data[0] >> 1, bytes.size());
    std::thread endpoint([&] { answer(listener, bytes.substr(0, cut), bytes.substr(cut)); });
    {
        const auto transport = net::make_transport();
        const auto got =
            transport->send({.host = "127.0.0.1", .port = listener.port()},
                            {.method = (data[0] & 1) != 0 ? "HEAD" : "GET", .target = "/", .headers = {}, .body = {}},
                            {.read = kPatience, .whole = kPatience});
        FUZZ_CHECK(got || !got.error().message.empty(), "a failure says nothing");
        FUZZ_CHECK(got || !got.error().message.contains("timed out"), "the client waits for more than all");
        FUZZ_CHECK(!got || got->status >= 200, "an interim answer was taken for the answer");
    }
    endpoint.join();
    return 0;
}
