#include "identity/sessions.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint::identity {

namespace {

/// Only what is told to whom comes too late depends on it, never who is let in.
constexpr std::size_t kEndedKept = 1024;

}  // namespace

Credentials Sessions::issue(std::string role_name, std::string session_name) {
    Session session;
    session.credentials.access_key_id = "ASIA";
    for (int i = 0; i < 16; ++i) {
        session.credentials.access_key_id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[random_.next() % 32];
    }
    session.credentials.secret_access_key = base64_encode(random_.bytes(30));
    session.credentials.session_token = base64_encode(random_.bytes(48));
    session.role_name = std::move(role_name);
    session.session_name = std::move(session_name);
    Credentials issued = session.credentials;
    const std::lock_guard lock(mutex_);
    sessions_.emplace(issued.access_key_id, std::make_shared<const Session>(std::move(session)));
    return issued;
}

std::shared_ptr<const Session> Sessions::find(std::string_view access_key_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(access_key_id);
    return found == sessions_.end() ? nullptr : found->second;
}

void Sessions::end(std::string_view access_key_id) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(access_key_id);
    if (found == sessions_.end()) return;
    sessions_.erase(found);
    ended_.emplace_back(access_key_id);
    if (ended_.size() > kEndedKept) ended_.pop_front();
}

bool Sessions::has_ended(std::string_view access_key_id) const {
    const std::lock_guard lock(mutex_);
    return std::find(ended_.begin(), ended_.end(), access_key_id) != ended_.end();
}

}  // namespace holdpoint::identity
