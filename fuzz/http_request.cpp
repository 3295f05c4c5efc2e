// HTTP as the server reads it: the bytes go to a listener over a real connection, in two parts and then an end.
// Whatever they are, the answers are HTTP, no more of them come than requests were read, and the listener goes on.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "fuzz/fuzz.hpp"
#include "net/server.hpp"

namespace {

using namespace holdpoint;

std::atomic<int> requests{0};

void handle(const net::Request& request, const net::Respond& respond) {
    ++requests;
    std::string body(request.path());
    for (const auto& [name, value] : request.query()) body += name + "=" + value;
    body += request.header("X-Amz-Target");
    respond({.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)});
}

net::Server& server() {
    // One thread: what happens depends on the bytes alone. Small limits, so that small inputs reach them.
    static net::Server one({.threads = 1, .body_bytes_max = 4096, .header_bytes_max = 1024}, handle);
    return one;
}

int connected() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server().port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(connection >= 0 && ::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
               "the listener takes no connection");
    // Ends with a reset instead of TIME_WAIT: there are only so many ports.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return connection;
}

std::string answers_to(std::string_view first, std::string_view second) {
    const int connection = connected();
    for (const std::string_view part : {first, second}) {
        (void)::send(connection, part.data(), part.size(), MSG_NOSIGNAL);
    }
    ::shutdown(connection, SHUT_WR);
    std::string answers;
    char part[4096];
    for (ssize_t count = 0; (count = ::read(connection, part, sizeof part)) > 0;) {
        answers.append(part, static_cast<std::size_t>(count));
    }
    ::close(connection);
    return answers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    requests = 0;
    const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
    const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());
    const std::string answers = answers_to(bytes.substr(0, cut), bytes.substr(cut));
    FUZZ_CHECK(answers.empty() || answers.starts_with("HTTP/1.1 "), "an answer is not HTTP");
    return 0;
}
