#include "api/lambda/lambda.hpp"

#include <fmt/format.h>

#include "api/lambda/management.hpp"
#include "api/lambda/operation.hpp"
#include "api/lambda/parts.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"
#include "base/text.hpp"
#include "base/violations.hpp"

namespace holdpoint::api {

std::string query_value(const net::Request& request, std::string_view name) {
    for (auto& [key, value] : request.query()) {
        if (key == name) return value;
    }
    return {};
}

Result<std::size_t> query_max_items(const net::Request& request, std::size_t fallback, std::int64_t min,
                                    std::int64_t max) {
    const std::string text = query_value(request, "MaxItems");
    if (text.empty()) return fallback;
    const auto number = read_number<std::int64_t>(text);
    if (!number) {
        return fail("SerializationException", 400, fmt::format("'{}' can not be converted to Integer", as_utf8(text)));
    }
    Violations violations;
    violations.range("maxItems", *number, min, max);
    if (auto ok = violations.result(); !ok) return std::unexpected(ok.error());
    return static_cast<std::size_t>(*number);
}

Result<std::string> query_marker(const net::Request& request, std::string_view list) {
    const std::string marker = query_value(request, "Marker");
    if (marker.empty()) return std::string{};
    auto last = read_page_token(list, marker);
    if (!last) return invalid_marker();
    return *std::move(last);
}

std::unexpected<Error> invalid_marker() {
    return fail("InvalidParameterValueException", 400,
                "Invalid Marker: expected the NextMarker of the page before, of the same list.");
}

Result<bool> query_flag(const net::Request& request, std::string_view name, bool fallback) {
    const std::string text = query_value(request, name);
    if (text.empty()) return fallback;
    if (text == "true" || text == "false") return text == "true";
    return fail("SerializationException", 400, fmt::format("{} must be true or false, but is '{}'.", name, text));
}

void respond_error(const Call& call, const Error& error) {
    call.respond(rest_json_error(error, call.request_id));
}

namespace {

class Lambda final : public Service {
public:
    Lambda(const Context& context, LambdaEngine engine) : context_(context), engine_(engine) {}

    void handle(Call call) override {
        if (handle_durable(context_, engine_, histories_, call)) return;
        constexpr std::string_view kPrefix = "/2015-03-31/functions/";
        constexpr std::string_view kSuffix = "/invocations";
        const std::string_view path = call.request.path();
        if (call.request.method == "POST" && path.starts_with(kPrefix) && path.ends_with(kSuffix) &&
            path.size() > kPrefix.size() + kSuffix.size()) {
            const std::string name =
                percent_decode(path.substr(kPrefix.size(), path.size() - kPrefix.size() - kSuffix.size()));
            return handle_invoke(context_, engine_, std::move(call), name);
        }
        if (handle_management(context_, engine_, call)) return;
        if (handle_event_invoke(context_, engine_, call)) return;
        if (handle_concurrency(context_, engine_, call)) return;
        respond_error(call, Error{.name = "UnknownOperationException",
                                  .http_status = 404,
                                  .message = fmt::format("Lambda operation {} {} is not supported by this server.",
                                                         call.request.method, call.request.path()),
                                  .details_json = {}});
    }

private:
    Context context_;
    LambdaEngine engine_;
    Histories histories_;
};

}  // namespace

std::unique_ptr<Service> make_lambda_service(const Context& context, LambdaEngine engine) {
    return std::make_unique<Lambda>(context, engine);
}

}  // namespace holdpoint::api
