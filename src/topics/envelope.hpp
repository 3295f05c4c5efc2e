// Envelopes: the JSON, headers and events in which endpoints get messages. (SNS developer guide, "HTTP/HTTPS message
// formats")
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// SHA1withRSA, for endpoints that know no better; SHA256withRSA.
enum class SignatureVersion { v1, v2 };

/// What only the server knows: where it can be reached, and how it signs.
struct Sender {
    std::string base_url;  // http://host:port, for SubscribeURL and UnsubscribeURL
    /// The signature in base64; none: envelopes carry no signature.
    std::function<std::string(std::string_view text, SignatureVersion version)> sign;
    std::string signing_cert_url;
    SignatureVersion version = SignatureVersion::v2;
};

/// The topic's own SignatureVersion, else 2.
[[nodiscard]] SignatureVersion signature_version(const Topic& topic);

[[nodiscard]] std::string subscribe_url(const Subscription& subscription, const Sender& sender);
[[nodiscard]] std::string unsubscribe_url(const Subscription& subscription, const Sender& sender);

/// The text that a signature covers: named values in AWS's fixed order, each on a line of its own.
[[nodiscard]] std::string notification_to_sign(const Delivery& delivery);
[[nodiscard]] std::string confirmation_to_sign(const Delivery& delivery, const Subscription& subscription,
                                               std::string_view url);

/// The Notification envelope; with `subscription` it carries an UnsubscribeURL.
[[nodiscard]] std::string notification_json(const Delivery& delivery, const Sender& sender,
                                            const Subscription* subscription = nullptr);
[[nodiscard]] std::string confirmation_json(const Delivery& delivery, const Subscription& subscription,
                                            const Sender& sender);

/// The event that a Lambda function gets: {"Records": [{"EventSource": "aws:sns", …}]}.
[[nodiscard]] std::string lambda_event(const Delivery& delivery, const Subscription& subscription,
                                       const Sender& sender);

struct HttpMessage {
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};
/// What is POSTed to an http(s) endpoint; RawMessageDelivery sends the message alone.
[[nodiscard]] HttpMessage http_message(const Delivery& delivery, const Subscription& subscription,
                                       const Sender& sender);

}  // namespace holdpoint::topics
