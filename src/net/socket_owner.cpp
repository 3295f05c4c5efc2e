#include "net/socket_owner.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "net/stream.hpp"

namespace holdpoint::net {

namespace {

using boost::asio::ip::tcp;

constexpr const char* kTables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
/// The list is no snapshot: a socket may be missing from one while others come and go.
constexpr int kLooks = 3;
constexpr uid_t kRoot = 0;

/// As it is in memory.
std::uint32_t word_of(const tcp::endpoint& name) {
    const auto bytes = name.address().to_v4().to_bytes();
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

/// `ADDRESS:PORT`; the address in words of 32 bits.
std::string spell(const tcp::endpoint& name, bool is_mapped) {
    const std::uint32_t word = word_of(name);
    const std::string network = is_mapped ? fmt::format("{:016X}{:08X}", 0, htonl(0xffff)) : std::string();
    return fmt::format("{}{:08X}:{:04X}", network, word, name.port());
}

/// `line` is what stands behind the state: queues, timer, retransmits, uid, timeout, inode.
std::optional<uid_t> read_owner(std::string_view line) {
    std::istringstream columns{std::string(line)};
    std::string skipped;
    uid_t uid = 0;
    std::uint64_t inode = 0;
    columns >> skipped >> skipped >> skipped >> uid >> skipped >> inode;
    return columns && inode != 0 ? std::optional(uid) : std::nullopt;
}

std::string read_table(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Question {
    nlmsghdr head{};
    inet_diag_req_v2 of{};
};

Question question_of(const Connected& connection) {
    Question question;
    question.head.nlmsg_len = sizeof question;
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    question.of.sdiag_family = AF_INET;  // IPv4 that is mapped into IPv6, too
    question.of.sdiag_protocol = IPPROTO_TCP;
    question.of.idiag_states = ~0U;
    question.of.id.idiag_sport = htons(connection.from.port());
    question.of.id.idiag_dport = htons(connection.to.port());
    question.of.id.idiag_src[0] = word_of(connection.from);
    question.of.id.idiag_dst[0] = word_of(connection.to);
    for (auto& word : question.of.id.idiag_cookie) word = INET_DIAG_NOCOOKIE;
    return question;
}

}  // namespace

std::optional<uid_t> owner_in(std::string_view table, const Connected& connection) {
    for (const bool is_mapped : {false, true}) {
        constexpr std::string_view kEstablished = "01";
        const std::string wanted =
            fmt::format(" {} {} {} ", spell(connection.from, is_mapped), spell(connection.to, is_mapped), kEstablished);
        const std::size_t found = table.find(wanted);
        if (found == std::string_view::npos) continue;
        const std::string_view rest = table.substr(found + wanted.size());
        return read_owner(rest.substr(0, rest.find('\n')));
    }
    return std::nullopt;
}

std::optional<uid_t> ask_owner(const Connected& connection) {
    const Socket kernel(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    const Question question = question_of(connection);
    if (::send(kernel.get(), &question, sizeof question, 0) != sizeof question) return std::nullopt;
    alignas(nlmsghdr) std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(kernel.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    nlmsghdr head{};
    inet_diag_msg socket{};
    if (count < static_cast<ssize_t>(NLMSG_LENGTH(sizeof socket))) return std::nullopt;
    std::memcpy(&head, bytes.data(), sizeof head);
    std::memcpy(&socket, bytes.data() + NLMSG_HDRLEN, sizeof socket);
    const bool is_open = socket.idiag_state == TCP_ESTABLISHED && socket.idiag_inode != 0;
    return head.nlmsg_type == SOCK_DIAG_BY_FAMILY && is_open ? std::optional(socket.idiag_uid) : std::nullopt;
}

std::optional<uid_t> look_up_owner(const Connected& connection) {
    for (int look = 0; look < kLooks; ++look) {
        for (const char* path : kTables) {
            if (const auto owner = owner_in(read_table(path), connection)) return owner;
        }
    }
    return std::nullopt;
}

bool is_of_this_user(const Connected& connection) {
    auto owner = ask_owner(connection);
    if (!owner) owner = look_up_owner(connection);
    return owner && (*owner == ::geteuid() || *owner == kRoot);
}

bool shows_socket_owners() {
    return std::ifstream(kTables[0]).good();
}

}  // namespace holdpoint::net
