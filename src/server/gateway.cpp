#include "server/gateway.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "api/respond.hpp"
#include "api/runtime/runtime.hpp"
#include "identity/roles.hpp"
#include "server/refusal.hpp"

namespace holdpoint::server {

namespace {

net::Response text_response(int status, std::string type, std::string body) {
    return {.status = status, .headers = {{"Content-Type", std::move(type)}}, .body = std::move(body)};
}

/// The links in SNS messages are followed by people and endpoints that have no keys; the token in them is the proof.
bool may_be_unsigned(ServiceId service, const net::Request& request) {
    return service == ServiceId::sns && request.method == "GET" && request.header("Authorization").empty();
}

}  // namespace

Gateway::Gateway(const api::Context& context, identity::Credentials account_key, const identity::Sessions& sessions,
                 engine::Invoker& invoker, const engine::MessageSigner& signer,
                 std::map<ServiceId, std::unique_ptr<api::Service>> services)
    : context_(context),
      account_key_(std::move(account_key)),
      sessions_(sessions),
      invoker_(invoker),
      signer_(signer),
      services_(std::move(services)) {}

void Gateway::handle(net::Request request, const net::Respond& respond) {
    if (request.method == "GET" && request.path() == signer_.certificate_path()) {
        return respond(text_response(200, "application/x-pem-file", signer_.certificate_pem()));
    }
    const auto service = route(request);
    if (!service) {
        return respond(text_response(404, "application/json",
                                     R"({"message":"No AWS service of this server is meant by this request: no known )"
                                     R"(path, X-Amz-Target or signature scope."})"));
    }
    if (*service == ServiceId::health) {
        return respond(ready_ ? text_response(200, "application/json", R"({"status":"ready"})")
                              : text_response(503, "application/json", R"({"status":"starting"})"));
    }
    if (*service == ServiceId::runtime) return api::handle_runtime(invoker_, request, respond);
    const std::string request_id = context_.random.uuid();
    try {
        hand_over(*service, request_id, std::move(request), respond);
    } catch (const std::exception& error) {
        // A mistake of ours, or the disk's: the one who asked hears that it failed, the operator why.
        std::fprintf(stderr, "holdpoint: request %s failed: %s\n", request_id.c_str(), error.what());
        respond(refuse(*service, service_exception(*service), request_id));
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
    call.authorize = authorizer(call.caller, service);
    call.request = std::move(request);
    call.respond = respond;
    services_.at(service)->handle(std::move(call));
}

Result<api::Caller> Gateway::authenticate(const net::Request& request, ServiceId service) const {
    const identity::SignedRequest parts{
        .method = request.method, .target = request.target, .headers = request.headers, .body = request.body};
    const auto claim = identity::read_claim(parts);
    if (!claim) return std::unexpected(claim.error());
    const auto session = sessions_.find(claim->access_key_id);
    const bool is_account = claim->access_key_id == account_key_.access_key_id;
    if (!session && !is_account) {
        return fail("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    }
    const identity::Credentials& credentials = is_account ? account_key_ : session->credentials;
    if (auto ok = identity::check_signature(parts, *claim, credentials, context_.clock.now()); !ok) {
        return std::unexpected(ok.error());
    }
    if (claim->service != signing_name(service) || claim->region != context_.region) {
        return fail(
            "SignatureDoesNotMatch", 403,
            fmt::format("Credential should be scoped to a valid region and service: expected '{}/{}', got '{}/{}'.",
                        context_.region, signing_name(service), claim->region, claim->service));
    }
    api::Caller caller;
    caller.account = context_.account;
    if (is_account) {
        caller.arn = fmt::format("arn:aws:iam::{}:user/holdpoint", context_.account);
        caller.user_id = claim->access_key_id;
    } else {
        caller.role_name = session->role_name;
        caller.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", context_.account, session->role_name,
                                 session->session_name);
        caller.user_id = fmt::format("AROA{}:{}", session->role_name, session->session_name);
    }
    return caller;
}

api::Authorize Gateway::authorizer(const api::Caller& caller, ServiceId service) const {
    return [this, caller, service](const std::string& action, const std::string& resource) -> Result<void> {
        if (caller.role_name.empty()) {
            if (!caller.arn.empty()) return {};  // the account's own key
            return std::unexpected(in_words_of(service, Error{.name = "MissingAuthenticationToken",
                                                              .message = "Request is missing Authentication Token",
                                                              .details_json = {}}));
        }
        const identity::Access access{.action = action,
                                      .resource = resource,
                                      .context = {{"aws:PrincipalAccount", caller.account},
                                                  {"aws:PrincipalArn", caller.arn},
                                                  {"aws:SourceAccount", caller.account}}};
        const auto policies = policies_.policies(*context_.store.snapshot(), caller.role_name);
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
