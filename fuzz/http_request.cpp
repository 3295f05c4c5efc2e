// HTTP as the server reads it: the bytes go to a listener over a real connection, in two parts and then an end.
// Whatever they are, the answers are HTTP, no more of them come than requests were read, and the listener goes on.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"

namespace {

using namespace holdpoint;

std::atomic<int> requests{0};
constexpr std::chrono::milliseconds kPatience{8000};

void handle(const net::Request& request, const net::Respond& respond) {
    ++requests;
    FUZZ_CHECK(request.target.starts_with('/') || request.target == "*", "a target is no path");
    FUZZ_CHECK(std::ranges::count_if(request.headers,
                                     [](const auto& header) { return equal_ignoring_case(header.first, "Host"); }) <= 1,
               "a request has two hosts");
    std::size_t seen = request.path().size() + request.header("X-Amz-Target").size();
    for (const auto& [name, value] : request.query()) seen += name.size() + value.size();
    respond({.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = std::to_string(seen)});
}

net::Server& server() {
    // One thread: what happens depends on the bytes alone. Small limits, so that small inputs reach them.
    static net::Server one({.threads = 1, .body_bytes_max = 4096, .header_bytes_max = 1024}, handle);
    return one;
}

/// Waits through signals: the fuzzer's alarm clock rings in the middle of anything.
net::Socket connected() {
    auto stream = net::connect_stream({.host = "127.0.0.1", .port = std::to_string(server().port())}, kPatience);
    FUZZ_CHECK(stream, stream.error().c_str());
    auto connection = (*stream)->take_socket();
    // Ends with a reset instead of TIME_WAIT: there are only so many ports.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection->get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return std::move(*connection);
}

std::string answers_to(std::string_view first, std::string_view second) {
    const net::Socket connection = connected();
    for (const std::string_view part : {first, second}) {
        (void)::send(connection.get(), part.data(), part.size(), MSG_NOSIGNAL);
    }
    ::shutdown(connection.get(), SHUT_WR);
    std::string answers;
    char part[4096];
    while (true) {
        FUZZ_CHECK(connection.wait(POLLIN, kPatience), "the listener neither answers nor closes");
        const ssize_t count = ::read(connection.get(), part, sizeof part);
        if (count <= 0) return answers;
        answers.append(part, static_cast<std::size_t>(count));
    }
}

int count_of(std::string_view what, std::string_view text) {
    int count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    requests = 0;
    const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
    const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());
    const std::string answers = answers_to(bytes.substr(0, cut), bytes.substr(cut));
    FUZZ_CHECK(count_of("HTTP/1.1 200 OK", answers) <= requests, "more answers than requests");
    FUZZ_CHECK(answers.empty() || answers.starts_with("HTTP/1.1 "), "an answer is not HTTP");
    return 0;
}
