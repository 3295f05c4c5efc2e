#include "engine/function_process.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint::engine {

namespace {

/// Never of 127.0.0.0/16, where other programs have their names and ports.
std::string loopback_address(Random& random) {
    const std::string bytes = random.bytes(3);
    const auto number = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])); };
    return fmt::format("127.{}.{}.{}", 1 + number(0) % 254, number(1), 1 + number(2) % 254);
}

}  // namespace

std::string pool_key(const Work& work) {
    const functions::Function& function = work.function;
    return fmt::format("{}:{}:{}:{}", function.name, function.version, function.revision_id,
                       function.tenant_isolation ? work.tenant_id : "");
}

std::vector<std::shared_ptr<Work>> take_late(Pool& pool, std::size_t starting, Milliseconds now) {
    std::vector<std::shared_ptr<Work>> late;
    std::erase_if(pool.queue, [&](std::shared_ptr<Work>& work) {
        if (starting > 0) return --starting, false;
        if (!work->start_by || *work->start_by > now) return false;
        late.push_back(std::move(work));
        return true;
    });
    return late;
}

bool keep_request(FunctionProcess& process, const std::string& extension, net::Respond respond) {
    constexpr std::size_t kExtensionsMax = 10;  // each keeps a connection (AWS Lambda, Extensions API)
    auto& kept = process.extensions;
    if (kept.size() >= kExtensionsMax && !kept.contains(extension)) return false;
    kept[extension] = std::move(respond);
    return true;
}

ProcessName name_process(Random& random, const FunctionProcesses& others) {
    ProcessName name{.secret = to_hex(random.bytes(16)), .address = {}};
    do {
        name.address = loopback_address(random);
    } while (
        std::ranges::any_of(others, [&](const auto& other) { return other.second->name.address == name.address; }));
    return name;
}

Report report_of(const FunctionProcess& process, const functions::Function& function, Microseconds now) {
    return {.request_id = process.request_id,
            .took = now - process.since_us,
            .init = process.was_invoked ? std::nullopt : process.init,
            .memory_mb = function.memory_mb};
}

wire::ErrorObject make_error(std::string type, std::string message) {
    return {.message = std::move(message), .type = std::move(type), .data = {}, .stack_trace = {}};
}

wire::ErrorObject error_of(const FunctionProcess& process, const functions::Function& function, const ProcessEnd& why) {
    if (process.timed_out) {
        return make_error("Sandbox.Timedout", fmt::format("RequestId: {} Error: Task timed out after {}.00 seconds",
                                                          process.request_id, function.timeout_seconds));
    }
    if (process.init_error) return *process.init_error;
    std::string reason =
        why.is_plain_exit() ? "Runtime exited without providing a reason" : "Runtime exited with error: " + why.text();
    if (!process.was_invoked && !process.began)
        reason +=
            " (before it asked the Runtime API for work; does main call durable::run, or its language's runtime "
            "start?)";
    return make_error("Runtime.ExitError",
                      fmt::format("RequestId: {} Error: {}", process.request_id, std::move(reason)));
}

}  // namespace holdpoint::engine
