// Answering: whose endpoint answered the last time, and how many threads the others may hold.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace holdpoint::engine {

/// Of subscriptions. All those together that did not answer hold half of the threads at most, and with those that
/// nobody knows yet all but one: however many hang, one is left for those that are known to answer.
class Answering {
public:
    /// Threads that are held by others than those that answer.
    struct Held {
        std::size_t silent = 0;
        std::size_t untried = 0;
    };

    explicit Answering(std::size_t threads);

    /// What one of them holds now.
    void add(Held& held, const std::string& subscription, std::size_t threads) const;
    [[nodiscard]] bool has_room(const Held& held, const std::string& subscription) const;
    /// In whatever way.
    void note(const std::string& subscription, bool answered);
    /// How many did not.
    [[nodiscard]] std::size_t silent() const { return silent_; }

private:
    [[nodiscard]] std::optional<bool> last(const std::string& subscription) const;

    const std::size_t silent_max_;
    const std::size_t untried_max_;
    std::map<std::string, bool> answered_;
    std::size_t silent_ = 0;
};

}  // namespace holdpoint::engine
