// Sessions: credentials that a function's process gets and that end with it. Kept in memory only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "identity/sigv4.hpp"

namespace holdpoint::identity {

struct Session {
    Credentials credentials;
    std::string role_name;
    std::string session_name;  // the function's name
};

/// From any thread.
class Sessions {
public:
    explicit Sessions(Random& random) : random_(random) {}
    /// Makes credentials (access key id starting with ASIA) for one process of a function.
    [[nodiscard]] Credentials issue(std::string role_name, std::string session_name);
    /// Nothing when there is none.
    [[nodiscard]] std::shared_ptr<const Session> find(std::string_view access_key_id) const;
    void end(std::string_view access_key_id);
    /// True for credentials whose process ended lately: they are expired, not unknown.
    [[nodiscard]] bool has_ended(std::string_view access_key_id) const;

private:
    Random& random_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const Session>, std::less<>> sessions_;
    std::deque<std::string> ended_;  // access key ids of the last ones
};

}  // namespace holdpoint::identity
