// Socket owner: whose program is at the other end of a connection within this machine. The kernel knows the user of
// each socket. (Linux, sock_diag(7), proc_pid_net(5))
#pragma once

#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string_view>

namespace holdpoint::net {

/// A connection over IPv4, from where it was made to where it was taken.
struct Connected {
    boost::asio::ip::tcp::endpoint from;
    boost::asio::ip::tcp::endpoint to;
};

/// The user of the socket at `from`, by the text of /proc/net/tcp, or of tcp6, where IPv4 is mapped into IPv6. Nothing
/// when no program has it open (any more): the list says root of those.
[[nodiscard]] std::optional<uid_t> owner_in(std::string_view table, const Connected& connection);

/// Asks the kernel for the socket at `from`, which takes microseconds. Nothing, too, where programs may not ask.
[[nodiscard]] std::optional<uid_t> ask_owner(const Connected& connection);

/// Reads the lists, which takes milliseconds: the kernel walks a table of the size of the machine.
[[nodiscard]] std::optional<uid_t> look_up_owner(const Connected& connection);

/// Whether it comes from a program of this process's user, or of root.
[[nodiscard]] bool is_of_this_user(const Connected& connection);

/// False where the system does not show its sockets.
[[nodiscard]] bool shows_socket_owners();

}  // namespace holdpoint::net
