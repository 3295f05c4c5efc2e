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

ProcessName name_process(Random& random, const FunctionProcesses& others) {
    ProcessName name{.secret = to_hex(random.bytes(16)), .address = {}};
    do {
        name.address = loopback_address(random);
    } while (
        std::ranges::any_of(others, [&](const auto& other) { return other.second->name.address == name.address; }));
    return name;
}

}  // namespace holdpoint::engine
