#include "bench/notification_sink.hpp"

#include <boost/json.hpp>

namespace holdpoint::bench {

namespace json = boost::json;

NotificationSink::NotificationSink()
    : server_(net::ServerOptions{}, [this](const net::Request& request, const net::Respond& respond) {
          take(request);
          respond({.status = 200, .headers = {}, .body = {}});
      }) {}

std::string NotificationSink::url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + "/";
}

void NotificationSink::take(const net::Request& request) {
    const json::value message = json::parse(request.body);
    const std::string_view kind = request.header("x-amz-sns-message-type");
    const std::lock_guard lock(mutex_);
    if (kind == "SubscriptionConfirmation") {
        token_ = message.at("Token").as_string().c_str();
    } else if (kind == "Notification") {
        const json::value& attributes = message.at("MessageAttributes");
        approvals_[attributes.at("document_id").at("Value").as_string().c_str()] =
            attributes.at("approval_id").at("Value").as_string().c_str();
    }
    arrived_.notify_all();
}

std::optional<std::string> NotificationSink::wait_for_token(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, limit, [this] { return token_.has_value(); });
    return token_;
}

std::optional<std::string> NotificationSink::wait_for_approval(const std::string& document_id,
                                                               std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, limit, [&] { return approvals_.contains(document_id); });
    const auto found = approvals_.extract(document_id);
    return found.empty() ? std::nullopt : std::optional(std::move(found.mapped()));
}

}  // namespace holdpoint::bench
