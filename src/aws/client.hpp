// Client for the AWS APIs: endpoint, signature, retries; one method for each of AWS's protocols.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "identity/sigv4.hpp"
#include "net/transport.hpp"

namespace holdpoint::aws {

struct Configuration {
    identity::Credentials credentials;
    std::string region;
    std::string endpoint_url;  // empty: AWS's own endpoint of each service
    /// A Holdpoint server's Unix socket: its functions reach the endpoint over it, and sign nothing. Empty: none.
    std::string socket_path = {};
    /// Tries of one call in all; the pause doubles from 50 ms to at most 20 s, with full jitter. Tried again: no
    /// connection, 429, 5xx, throttling. What was not idempotent and may have been acted on is not tried again.
    int attempts_max = 3;
    net::Timeouts timeouts;
};

/// AWS's own environment variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or
/// AWS_DEFAULT_REGION, AWS_ENDPOINT_URL; and HOLDPOINT_FUNCTIONS_SOCKET beside the last. Fails (ConfigurationError)
/// naming the variable that is missing.
[[nodiscard]] Result<Configuration> configuration_from_environment();

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct RestRequest {
    std::string method;
    std::string path;  // already percent-encoded
    Parameters query;
    net::Headers headers;
    std::string body;
    bool idempotent = true;
    std::chrono::milliseconds read_timeout{0};  // zero: the configuration's
};

/// How a pause between tries is made; a test passes its own.
using Pause = std::function<void(std::chrono::milliseconds)>;

/// Blocking; safe from several threads. Errors carry AWS's name and message; `TransportError` (status 0) when there was
/// no answer.
class Client {
public:
    Client(Configuration configuration, net::Transport& transport, const Clock& clock, Random& random);
    Client(Configuration configuration, net::Transport& transport, const Clock& clock, Random& random, Pause pause);

    /// JSON 1.0 or 1.1: `target` such as "DynamoDB_20120810.PutItem".
    [[nodiscard]] Result<boost::json::object> json(std::string_view service, std::string_view target,
                                                   const boost::json::object& body, bool idempotent = true);
    /// Query/XML: answers the XML text of the whole response.
    [[nodiscard]] Result<std::string> query(std::string_view service, std::string_view version, std::string_view action,
                                            const Parameters& parameters, bool idempotent = true);
    /// REST (Lambda): answers any 2xx response as it is.
    [[nodiscard]] Result<net::Response> rest(std::string_view service, RestRequest request);

    /// Waits before something is tried once more, after so many tries (from 1): a random part of 50 ms, which double
    /// with each try, up to `longest`.
    void pause(int tries, std::chrono::milliseconds longest);

    [[nodiscard]] const Configuration& configuration() const { return configuration_; }

private:
    Result<net::Response> send(std::string_view service, net::Request request, bool idempotent,
                               const net::Timeouts& timeouts);

    /// The headers that say who sends it.
    [[nodiscard]] net::Headers proof(const net::Request& request, std::string_view service) const;
    [[nodiscard]] std::string endpoint_of(std::string_view service) const;

    Configuration configuration_;
    net::Transport& transport_;
    const Clock& clock_;
    Random& random_;
    Pause pause_;
};

/// A member as text, of what is none its JSON; empty when it is null or not there. For answers of JSON services.
[[nodiscard]] std::string text_of(const boost::json::object& object, std::string_view name);
/// The same, where it may be something else than an object, which has no members.
[[nodiscard]] std::string text_of(const boost::json::value& value, std::string_view name);

/// The text of the first element of that name (entities decoded); empty when there is none. For small answers of
/// Query/XML services.
[[nodiscard]] std::string xml_text(std::string_view xml, std::string_view element);
/// The inner XML of each element of that name, in order.
[[nodiscard]] std::vector<std::string> xml_each(std::string_view xml, std::string_view element);

}  // namespace holdpoint::aws
