// Options: what a server is told at its start. Each one a setting: src/server/settings.cpp. (The master key is not: its
// file is one, and the key itself may be in the environment.)
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/log.hpp"
#include "base/seal.hpp"
#include "core/limits.hpp"
#include "server/trusted_proxies.hpp"

namespace holdpoint::server {

/// What the operator has to change before another start helps.
struct BadConfiguration : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Options {
    std::string data;  // folder; made when it is not there
    std::string host = "127.0.0.1";
    std::uint16_t port = 4566;    // 0: any free one
    std::string public_url = {};  // how people and subscribers reach the server; empty: where it listens
    std::string metrics = "on";   // off, or HOST:PORT of its own
    log::Format log_format = log::Format::text;
    log::Level log_level = log::Level::info;
    std::string region = "us-east-1";
    std::string account = "000000000000";
    std::size_t io_threads = 1;
    std::size_t function_processes = 64;  // of one function version
    std::int64_t function_idle_seconds = 60;
    bool function_memory_limit = true;
    std::int64_t drain_seconds = 5;       // for invocations under way when the server ends
    std::int64_t log_retention_days = 0;  // of groups that have none of their own; 0: for ever
    std::string tls_certificate = {};     // PEM files; empty: plain HTTP
    std::string tls_key = {};
    bool insecure_plain_http = false;     // without TLS, also where other machines reach it
    TrustedProxies trusted_proxies = {};  // whose X-Forwarded-For and -Proto count
    std::string master_key_file = {};
    std::optional<SealKey> master_key = {};       // of that file or the environment; key files are sealed under it
    bool encrypt_payloads = false;                // the store's values too
    std::int64_t requests_per_second = 0;         // of one caller; 0: as many as it likes
    std::size_t connections_max = 20000;          // in all
    std::size_t connections_per_address_max = 0;  // 0: as many as there may be in all
    std::int64_t header_timeout_seconds = 30;     // from the first byte of a request to the end of its headers
    std::int64_t body_timeout_seconds = 60;       // from there to its last byte
    std::int64_t connection_idle_seconds = 120;   // between requests of one connection
    std::string smtp_url = {};                    // smtp:// or smtps://; empty: mail goes to the outbox
    std::string smtp_user = {};                   // empty: nobody signs in there
    std::string smtp_password = {};
    std::string mail_from = {};
    core::Limits limits = {};

    [[nodiscard]] bool has_tls() const { return !tls_certificate.empty(); }
};

/// Why the options may not be listened with: other machines reach the address, and nothing says that the way is safe.
[[nodiscard]] std::optional<std::string> lack_of_tls(const Options& options);

}  // namespace holdpoint::server
