// Options: what a server is told at its start. Each one a setting: src/server/settings.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.hpp"
#include "core/limits.hpp"

namespace holdpoint::server {

struct Options {
    std::string data;  // folder; made when it is not there
    std::string host = "127.0.0.1";
    std::uint16_t port = 4566;   // 0: any free one
    std::string metrics = "on";  // off, or HOST:PORT of its own
    log::Format log_format = log::Format::text;
    log::Level log_level = log::Level::info;
    std::string region = "us-east-1";
    std::string account = "000000000000";
    std::size_t io_threads = 2;
    std::size_t function_processes = 64;  // of one function version
    std::int64_t function_idle_seconds = 60;
    std::int64_t drain_seconds = 5;       // for invocations under way when the server ends
    std::int64_t log_retention_days = 0;  // of groups that have none of their own; 0: for ever
    core::Limits limits = {};
};

}  // namespace holdpoint::server
