// Gateway: the one door. Tells services apart, checks who calls and what they may do, and hands the call over.
#pragma once

#include <map>
#include <memory>

#include "api/service.hpp"
#include "engine/invoker.hpp"
#include "engine/message_signer.hpp"
#include "identity/roles.hpp"
#include "identity/sessions.hpp"
#include "identity/sigv4.hpp"
#include "server/background.hpp"
#include "server/condition_values.hpp"
#include "server/routing.hpp"
#include "server/throttle.hpp"
#include "server/trusted_proxies.hpp"

namespace holdpoint::server {

/// The most of all: a function's code comes as base64 in JSON. (AWS API, CreateFunction: requests up to this size)
inline constexpr std::size_t kRequestBytesMax = 70167211;

/// The bytes that the body of a request may have, by its line and headers: what its service takes. (The services'
/// quotas)
[[nodiscard]] std::size_t body_limit(const net::Request& head);
/// What the service says of a body that is larger than that.
[[nodiscard]] net::Response too_large(const net::Request& head, std::size_t limit);

class Gateway {
public:
    Gateway(const api::Context& context, identity::Credentials account_key, const identity::Sessions& sessions,
            engine::Invoker& invoker, const engine::MessageSigner& signer,
            std::map<ServiceId, std::unique_ptr<api::Service>> services, std::unique_ptr<Throttle> throttle = {},
            TrustedProxies trusted_proxies = {}, RunsWork in_background = run_at_once);

    /// Called on I/O threads; what stores functions' code, and so takes long, is left to `in_background`. Whatever a
    /// service throws is answered as its failure (500) and logged.
    void handle(net::Request request, const net::Respond& respond);

private:
    void serve(ServiceId service, net::Request request, const net::Respond& respond);
    void hand_over(ServiceId service, const std::string& request_id, net::Request request, const net::Respond& respond);
    Result<api::Caller> authenticate(const net::Request& request, ServiceId service) const;
    [[nodiscard]] api::Authorize authorizer(const api::Caller& caller, ServiceId service, RequestFacts facts) const;

    api::Context context_;
    identity::Credentials account_key_;
    const identity::Sessions& sessions_;
    engine::Invoker& invoker_;
    const engine::MessageSigner& signer_;
    std::map<ServiceId, std::unique_ptr<api::Service>> services_;
    std::unique_ptr<Throttle> throttle_;  // none: no limit
    TrustedProxies trusted_proxies_;
    RunsWork in_background_;
    mutable identity::PolicyCache policies_;
};

}  // namespace holdpoint::server
