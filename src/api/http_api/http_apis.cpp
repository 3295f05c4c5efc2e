#include "api/http_api/http_apis.hpp"

#include <fmt/format.h>

#include <list>
#include <mutex>

#include "api/http_api/event.hpp"
#include "api/http_api/routes.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "functions/registry.hpp"

namespace holdpoint::api {

namespace {

/// (API Gateway, Quotas for HTTP APIs: payload size)
constexpr std::size_t kBodyBytesMax = 10485760;
/// (The same: total combined size of request line and header values)
constexpr std::size_t kHeadBytesMax = 10240;
/// What a function can be invoked with. (AWS Lambda, Quotas)
constexpr std::size_t kEventBytesMax = 6UL * 1024 * 1024;
constexpr std::string_view kPathPrefix = "/_apis/";
constexpr std::string_view kHostMark = ".execute-api.";
constexpr std::string_view kRequestId = "apigw-requestid";

/// A request that waits for its function, answered once: by it, or because it took too long.
struct Waiting {
    std::mutex mutex;
    net::Respond respond;  // empty once answered
    Milliseconds until;    // monotonic

    void answer(net::Response response) {
        net::Respond once;
        {
            const std::lock_guard lock(mutex);
            once.swap(respond);
        }
        if (once) once(std::move(response));
    }
};

std::size_t head_bytes(const net::Request& request) {
    constexpr std::string_view kRest = "  HTTP/1.1";
    std::size_t bytes = request.method.size() + request.target.size() + kRest.size();
    for (const auto& [name, value] : request.headers) bytes += value.size();
    return bytes;
}

/// The path behind the API's id, or the whole path where the host says which API is meant.
std::string_view path_behind(const net::Request& request) {
    std::string_view path = request.path();
    if (path.starts_with(kPathPrefix)) {
        path.remove_prefix(kPathPrefix.size());
        path.remove_prefix(std::min(path.size(), path.find('/')));
    }
    return path.empty() ? "/" : path;
}

/// Takes the stage off the path; false when it is another stage's.
bool take_stage(const stacks::HttpApiPlan& api, std::string_view& path) {
    if (api.stage == "$default") return true;
    const std::string prefix = "/" + api.stage;
    if (!path.starts_with(prefix)) return false;
    const std::string_view rest = path.substr(prefix.size());
    if (!rest.empty() && !rest.starts_with('/')) return false;
    path = rest.empty() ? "/" : rest;
    return true;
}

}  // namespace

std::string_view api_id_of(const net::Request& request) {
    std::string_view path = request.path();
    if (path.starts_with(kPathPrefix)) {
        path.remove_prefix(kPathPrefix.size());
        return path.substr(0, path.find('/'));
    }
    const std::string_view host = request.header("Host");
    const auto mark = host.find(kHostMark);
    const std::string_view id = mark == std::string_view::npos ? std::string_view() : host.substr(0, mark);
    return id.find('.') == std::string_view::npos ? id : std::string_view();
}

class HttpApis::Impl : public std::enable_shared_from_this<HttpApis::Impl> {
public:
    Impl(const Context& context, LambdaEngine engine) : context_(context), engine_(engine) {}

    void handle(Call call) {
        call.respond = named(call.request_id, std::move(call.respond));
        const auto api = find_http_api(*context_.store.snapshot(), api_id_of(call.request));
        std::string_view path = path_behind(call.request);
        if (!api || !take_stage(*api, path)) return call.respond(message_response(404, "Not Found"));
        if (head_bytes(call.request) > kHeadBytesMax) {
            return call.respond(message_response(431, "Request Header Fields Too Large"));
        }
        if (auto preflight = preflight_response(api->cors, call.request)) return call.respond(std::move(*preflight));
        const net::Respond respond = [cors = api->cors, request = headers_only(call.request),
                                      inner = call.respond](net::Response response) {
            add_cors(cors, request, response);
            inner(std::move(response));
        };
        const auto match = match_route(*api, call.request.method, path);
        if (!match) return respond(message_response(404, "Not Found"));
        if (call.request.body.size() > kBodyBytesMax) return respond(message_response(413, "Request Entity Too Large"));
        const std::string shown = shown_path(path);
        if (match->route->iam.value_or(false) && !is_allowed(call, *api, shown)) {
            return respond(message_response(403, "Forbidden"));
        }
        std::string event =
            http_event(call.request, {.api = *api,
                                      .route = *match->route,
                                      .parameters = match->parameters,
                                      .path = api->stage == "$default" ? shown : "/" + api->stage + shown,
                                      .region = context_.region,
                                      .caller = call.caller,
                                      .account = context_.account,
                                      .request_id = call.request_id,
                                      .now = context_.clock.now()});
        if (event.size() > kEventBytesMax) return respond(message_response(413, "Request Entity Too Large"));
        invoke(*match->route, std::move(event), std::string(call.request.header("X-Amzn-Trace-Id")), respond);
    }

    void expire() {
        std::list<std::shared_ptr<Waiting>> late;
        {
            const std::lock_guard lock(mutex_);
            const Milliseconds now = context_.clock.monotonic();
            for (auto one = waiting_.begin(); one != waiting_.end();) {
                const auto next = std::next(one);
                const bool answered = [&] {
                    const std::lock_guard held((*one)->mutex);
                    return !(*one)->respond;
                }();
                if (answered) {
                    waiting_.erase(one);
                } else if ((*one)->until <= now) {
                    late.splice(late.end(), waiting_, one);
                }
                one = next;
            }
        }
        for (const auto& one : late) one->answer(message_response(503, "Service Unavailable"));
    }

private:
    /// Every answer says which request it is to, by the name that its function knows it by.
    static net::Respond named(std::string request_id, net::Respond respond) {
        return [request_id = std::move(request_id), inner = std::move(respond)](net::Response response) {
            std::erase_if(response.headers,
                          [&](const auto& header) { return equal_ignoring_case(header.first, kRequestId); });
            response.headers.emplace_back(kRequestId, request_id);
            inner(std::move(response));
        };
    }

    /// What CORS asks of the request later on.
    static net::Request headers_only(const net::Request& request) {
        return {.method = request.method, .target = {}, .headers = request.headers, .body = {}};
    }

    bool is_allowed(const Call& call, const stacks::HttpApiPlan& api, std::string_view path) const {
        if (call.caller.arn.empty()) return false;
        const std::string resource = fmt::format("arn:aws:execute-api:{}:{}:{}/{}/{}{}", context_.region,
                                                 context_.account, api.api_id, api.stage, call.request.method, path);
        return call.authorize("execute-api:Invoke", resource).has_value();
    }

    void invoke(const stacks::RoutePlan& route, std::string event, std::string trace, const net::Respond& respond) {
        functions::Reference reference;
        reference.name = route.function;
        reference.qualifier = route.qualifier;
        auto function = functions::choose(*context_.store.snapshot(), reference, context_.region, context_.account,
                                          context_.random.unit());
        if (!function || (function->durable && reference.qualifier.empty()) || function->tenant_isolation) {
            return respond(message_response(500, "Internal Server Error"));
        }
        auto waiting = std::make_shared<Waiting>();
        waiting->respond = respond;
        waiting->until = context_.clock.monotonic() + std::chrono::milliseconds(route.timeout_ms);
        {
            const std::lock_guard lock(mutex_);
            waiting_.push_back(waiting);
        }
        if (function->durable) {
            return start(std::move(*function), std::move(event), std::move(trace), route.key, waiting);
        }
        engine::Work work;
        work.invoked_arn =
            functions::function_arn(context_.region, context_.account, reference.name, reference.qualifier);
        work.trace_header = std::move(trace);
        work.start_by = waiting->until;
        work.function = std::move(*function);
        work.begin = [event = std::move(event)](const std::string&, const auto& proceed) { proceed(event); };
        work.done = [waiting, route = route.key](const engine::InvocationResult& result) {
            const bool busy = result.error && result.error->type == "TooManyRequestsException";
            if (busy) return waiting->answer(message_response(503, "Service Unavailable"));
            answer(*waiting, route, result.error.has_value(), result.body);
        };
        engine_.concurrency.invoke(std::move(work));
    }

    /// A durable function answers when its execution has ended; one that waits for longer answers nobody.
    void start(functions::Function function, std::string event, std::string trace, const std::string& route,
               const std::shared_ptr<Waiting>& waiting) {
        engine::StartRequest request;
        request.function = std::move(function);
        request.input = std::move(event);
        if (is_utf8(trace)) request.trace_header = std::move(trace);
        request.synchronous = true;
        engine_.executions.start(
            std::move(request),
            [waiting](const Result<engine::Started>& started) {
                if (!started) waiting->answer(message_response(500, "Internal Server Error"));
            },
            [waiting, route](const engine::Outcome& outcome) {
                answer(*waiting, route, outcome.status != wire::ExecutionStatus::succeeded,
                       outcome.result.value_or("null"));
            });
    }

    static void answer(Waiting& waiting, std::string_view route, bool failed, std::string_view body) {
        auto response = failed ? std::unexpected(std::string()) : http_response(body);
        if (!response && !failed) {
            log::write(log::Level::warn, "a function's answer is no response of HTTP",
                       {{"route", route}, {"why", response.error()}});
        }
        waiting.answer(response ? std::move(*response) : message_response(500, "Internal Server Error"));
    }

    Context context_;
    LambdaEngine engine_;
    std::mutex mutex_;
    std::list<std::shared_ptr<Waiting>> waiting_;
};

HttpApis::HttpApis(const Context& context, LambdaEngine engine) : impl_(std::make_shared<Impl>(context, engine)) {}
HttpApis::~HttpApis() = default;
void HttpApis::handle(Call call) {
    impl_->handle(std::move(call));
}
void HttpApis::expire() {
    impl_->expire();
}

}  // namespace holdpoint::api
