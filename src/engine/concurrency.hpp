// Concurrency: keeps the invocations of a function within what is reserved for it. In front of whoever makes them.
// (Lambda developer guide, "Configuring reserved concurrency")
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/work.hpp"

namespace holdpoint::engine {

/// The reason of a TooManyRequestsException, in the error's `data`.
constexpr std::string_view kReservedLimitExceeded = "ReservedFunctionConcurrentInvocationLimitExceeded";

/// From any thread. Work that somebody waits for (it has a `start_by`) is refused where nothing is free; other work
/// waits. Invocations under way when a limit is set do not count.
class Concurrency final : public Workforce {
public:
    explicit Concurrency(Workforce& workforce) : workforce_(workforce) {}

    void invoke(Work work) override;
    /// Nothing: as many as there may be. Zero switches the function off.
    void reserve(const std::string& function_name, std::optional<std::size_t> limit);
    /// Its function was deleted: the limit goes, and what waits is not made. Whoever still wants that hears that it
    /// failed.
    void forget(const std::string& function_name);
    [[nodiscard]] std::optional<std::size_t> reserved(const std::string& function_name) const;
    /// Whether one more would have to wait.
    [[nodiscard]] bool is_full(const std::string& function_name) const;

private:
    struct Share {
        std::optional<std::size_t> limit;
        std::size_t used = 0;
        std::deque<Work> waiting;
    };

    /// Hands over as much of what waits as there is room for.
    void go_on(const std::string& function_name);
    [[nodiscard]] Work counted(Work work);

    Workforce& workforce_;
    mutable std::mutex mutex_;
    std::map<std::string, Share> shares_;
};

}  // namespace holdpoint::engine
