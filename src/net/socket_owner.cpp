#include "net/socket_owner.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace holdpoint::net {

namespace {

using boost::asio::ip::tcp;

constexpr const char* kTables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
/// The list is no snapshot: a socket may be missing from one while others come and go.
constexpr int kLooks = 3;
constexpr uid_t kRoot = 0;

/// `ADDRESS:PORT`; the address in words of 32 bits as they are in memory.
std::string spell(const tcp::endpoint& name, bool is_mapped) {
    const auto bytes = name.address().to_v4().to_bytes();
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
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

std::optional<uid_t> owner_of(const Connected& connection) {
    for (int look = 0; look < kLooks; ++look) {
        for (const char* path : kTables) {
            if (const auto owner = owner_in(read_table(path), connection)) return owner;
        }
    }
    return std::nullopt;
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

bool is_of_this_user(const Connected& connection) {
    const auto owner = owner_of(connection);
    return owner && (*owner == ::geteuid() || *owner == kRoot);
}

bool shows_socket_owners() {
    return std::ifstream(kTables[0]).good();
}

}  // namespace holdpoint::net
