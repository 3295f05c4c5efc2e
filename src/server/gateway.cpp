#include "server/gateway.hpp"

#include <fmt/format.h>

#include "api/respond.hpp"
#include "api/runtime/runtime.hpp"
#include "base/ip.hpp"
#include "base/log.hpp"
#include "identity/roles.hpp"
#include "server/refusal.hpp"
#include "server/unrouted.hpp"

namespace holdpoint::server {

namespace {

net::Response text_response(int status, std::string type, std::string body) {
    return {.status = status, .headers = {{"Content-Type", std::move(type)}}, .body = std::move(body)};
}

/// The links in SNS messages are followed by people and endpoints that have no keys; the token in them is the proof.
bool may_be_unsigned(ServiceId service, const net::Request& request) {
    return service == ServiceId::sns && request.method == "GET" && request.header("Authorization").empty() &&
           request.raw_query().find("X-Amz-") == std::string_view::npos;
}

constexpr std::string_view kFunctionsPath = "/2015-03-31/functions";

/// From this machine; also what no listener has seen (tests).
bool is_local(const net::Request& request) {
    return request.peer_address.empty() || request.peer_address == "::1" || request.peer_address.starts_with("127.");
}

}  // namespace

std::size_t body_limit(const net::Request& head) {
    constexpr std::size_t kMb = 1024UL * 1024;
    const auto service = route(head);
    if (!service) return 64UL * 1024;  // nobody will read it
    switch (*service) {
        case ServiceId::sns:  // 256 KB, percent-encoded
        case ServiceId::logs:
        case ServiceId::cloudformation:
        case ServiceId::sts:
            return 2 * kMb;
        case ServiceId::lambda: {
            std::string_view path = head.path();
            if (path.ends_with('/')) path.remove_suffix(1);
            const bool brings_code =
                path == kFunctionsPath || (path.starts_with(kFunctionsPath) && path.ends_with("/code"));
            // 6 MB in all other cases: more than that it refuses itself, in its own words.
            return brings_code ? kRequestBytesMax : 17 * kMb;
        }
        case ServiceId::runtime:   // 6 MB, the same
        case ServiceId::http_api:  // 10 MB, the same
        case ServiceId::dynamodb:  // 16 MB
        case ServiceId::stacks:
            return 17 * kMb;
    }
    std::unreachable();
}

net::Response too_large(const net::Request& head, std::size_t limit) {
    const auto service = route(head);
    const std::string message = fmt::format("The request's body is larger than {} bytes.", limit);
    if (!service) return text_response(413, "text/plain", message);
    const bool invokes = *service == ServiceId::lambda && head.path().ends_with("/invocations");
    return refuse(*service,
                  {.name = invokes ? "RequestTooLargeException" : "RequestEntityTooLargeException",
                   .http_status = 413,
                   .message = message,
                   .details_json = {}},
                  SystemRandom().uuid());
}

Gateway::Gateway(const api::Context& context, identity::Credentials account_key, const identity::Sessions& sessions,
                 engine::Invoker& invoker, const engine::MessageSigner& signer,
                 std::map<ServiceId, std::unique_ptr<api::Service>> services, std::unique_ptr<Throttle> throttle,
                 TrustedProxies trusted_proxies, RunsWork in_background)
    : context_(context),
      account_key_(std::move(account_key)),
      sessions_(sessions),
      invoker_(invoker),
      signer_(signer),
      services_(std::move(services)),
      throttle_(std::move(throttle)),
      trusted_proxies_(std::move(trusted_proxies)),
      in_background_(std::move(in_background)) {}

void Gateway::handle(net::Request request, const net::Respond& respond) {
    const bool is_connection_local = is_local(request);
    if (!request.is_over_socket) take_out_proxies(request, trusted_proxies_);  // on that way there is none
    if (request.method == "GET" && request.path() == signer_.certificate_path()) {
        return respond(text_response(200, "application/x-pem-file", signer_.certificate_pem()));
    }
    const auto service = route(request);
    if (!service) return respond(refuse_unrouted(request, context_.random.uuid()));
    if (*service == ServiceId::runtime && !(is_connection_local && is_local(request))) {
        return respond(text_response(404, "application/json", R"({"message":"Functions run on this machine alone."})"));
    }
    if (*service == ServiceId::runtime) return api::handle_runtime(invoker_, request, respond);
    if (!stores_code(*service, request)) return serve(*service, std::move(request), respond);
    in_background_([this, service = *service, request = std::move(request), respond]() mutable {
        serve(service, std::move(request), respond);
    });
}

void Gateway::serve(ServiceId service, net::Request request, const net::Respond& respond) {
    const std::string request_id = context_.random.uuid();
    try {
        hand_over(service, request_id, std::move(request), respond);
    } catch (const std::exception& error) {
        // A mistake of ours, or the disk's: the one who asked hears that it failed, the operator why.
        log::write(log::Level::error, "request broke", {{"request_id", request_id}, {"why", error.what()}});
        respond(refuse(service, service_exception(service), request_id));
    }
}

void Gateway::hand_over(ServiceId service, const std::string& request_id, net::Request request,
                        const net::Respond& respond) {
    api::Call call;
    call.request_id = request_id;
    if (service == ServiceId::http_api) {
        // Most routes are for everybody; the API refuses whom a route with AWS_IAM does not know.
        if (auto caller = authenticate(request, service)) call.caller = std::move(*caller);
    } else if (!may_be_unsigned(service, request)) {
        auto caller = authenticate(request, service);
        if (!caller) return respond(refuse(service, in_words_of(service, caller.error()), request_id));
        call.caller = std::move(*caller);
    }
    // Who is not known is who comes from one address.
    const std::string caller = call.caller.user_id.empty() ? counted_as(request.peer_address) : call.caller.user_id;
    if (throttle_ && !throttle_->admits(caller)) {
        return respond(refuse(service, throttled(service), request_id));
    }
    call.authorize = authorizer(call.caller, service,
                                {.peer_address = request.peer_address,
                                 .user_agent = std::string(request.header("User-Agent")),
                                 .region = context_.region,
                                 .is_secure = request.is_secure,
                                 .at = context_.clock.now()});
    call.request = std::move(request);
    call.respond = respond;
    services_.at(service)->handle(std::move(call));
}

Result<api::Caller> Gateway::authenticate(const net::Request& request, ServiceId service) const {
    const identity::SignedRequest parts{
        .method = request.method, .target = request.target, .headers = request.headers, .body = request.body};
    auto stated = request.is_over_socket ? identity::read_stated_claim(request.headers) : std::nullopt;
    const bool is_stated = stated.has_value();
    const auto claim = is_stated ? Result<identity::Claim>(std::move(*stated)) : identity::read_claim(parts);
    if (!claim) return std::unexpected(claim.error());
    if (claim->expires && !takes_presigned(service)) {
        return fail("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
    }
    const auto session = sessions_.find(claim->access_key_id);
    const bool is_account = claim->access_key_id == account_key_.access_key_id;
    if (!session && !is_account && sessions_.has_ended(claim->access_key_id)) {
        return fail("ExpiredToken", 403, "The security token included in the request is expired");
    }
    if ((!session && !is_account) || (is_stated && (!session || !is_stated_by(*claim, session->credentials)))) {
        return fail("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    }
    const identity::Credentials& credentials = is_account ? account_key_ : session->credentials;
    if (!is_stated) {
        auto ok = identity::check_signature(parts, *claim, credentials, context_.clock.now());
        if (!ok) return std::unexpected(ok.error());
    }
    if (claim->region != context_.region) {
        return fail("SignatureDoesNotMatch", 403,
                    fmt::format("Credential should be scoped to a valid region: '{}'.", context_.region));
    }
    if (claim->service != signing_name(service)) {
        return fail("SignatureDoesNotMatch", 403,
                    fmt::format("Credential should be scoped to correct service: '{}'.", signing_name(service)));
    }
    api::Caller caller;
    caller.account = context_.account;
    if (is_account) {
        caller.arn = fmt::format("arn:aws:iam::{}:user/holdpoint", context_.account);
        caller.user_id = claim->access_key_id;
    } else {
        // A role without a name is none: it allows nothing, and must not be taken for the account's own key, nor for a
        // role that is there, so that it gets a name that none may have.
        caller.role_name = session->role_name.empty() ? "(none)" : session->role_name;
        caller.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", context_.account, session->role_name,
                                 session->session_name);
        caller.user_id = fmt::format("AROA{}:{}", session->role_name, session->session_name);
    }
    return caller;
}

api::Authorize Gateway::authorizer(const api::Caller& caller, ServiceId service, RequestFacts facts) const {
    return [this, caller, service, facts = std::move(facts)](const std::string& action, const std::string& resource,
                                                             const api::ServiceKeys& keys) -> Result<void> {
        if (caller.role_name.empty()) {
            if (!caller.arn.empty()) return {};  // the account's own key
            return std::unexpected(in_words_of(service, Error{.name = "MissingAuthenticationToken",
                                                              .message = "Request is missing Authentication Token",
                                                              .details_json = {}}));
        }
        const identity::Access access{.action = action, .resource = resource, .context = [&](std::string_view key) {
                                          return condition_values(key, caller, facts, keys);
                                      }};
        const std::uint64_t version = context_.store.changes(Space::roles);
        auto policies = policies_.kept(caller.role_name, version);
        if (!policies) policies = policies_.read(*context_.store.snapshot(), caller.role_name, version);
        const identity::Verdict verdict = identity::evaluate(*policies, access);
        if (verdict == identity::Verdict::allowed) return {};
        return std::unexpected(
            in_words_of(service, Error{.name = "AccessDenied",
                                       .http_status = 403,
                                       .message = identity::refusal_text(caller.arn, access, verdict),
                                       .details_json = {}}));
    };
}

}  // namespace holdpoint::server
