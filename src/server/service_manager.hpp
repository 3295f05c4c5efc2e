// Service manager: tells systemd (Type=notify) how far the server is. Nothing happens when it was started otherwise.
#pragma once

#include <string>

namespace holdpoint::server {

/// Sends `state`, such as "READY=1", to the socket that NOTIFY_SOCKET names. False: there is none, or it takes nothing.
/// (sd_notify(3) describes the protocol: one datagram with assignments, a line each.)
bool notify_service_manager(const std::string& state);

}  // namespace holdpoint::server
