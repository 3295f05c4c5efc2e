#include "api/dynamodb/dynamodb.hpp"

#include <fmt/format.h>

#include "api/dynamodb/actions.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kTargetPrefix = "DynamoDB_20120810.";

/// Errors of the protocol have other names on the wire than those of the service.
std::string_view type_prefix(std::string_view name) {
    if (name == "ValidationException") return "com.amazon.coral.validate#";
    if (name == "SerializationException" || name == "UnknownOperationException" || name == "AccessDeniedException" ||
        name == "MissingAuthenticationTokenException")
        return "com.amazon.coral.service#";
    return "com.amazonaws.dynamodb.v20120810#";
}

void answer(const Call& call, const Result<json::object>& result) {
    call.respond(
        result ? json_answer(JsonVersion::v1_0, *result, call.request_id)
               : json_error(JsonVersion::v1_0, result.error(), call.request_id, type_prefix(result.error().name)));
}

Result<json::object> read_body(const std::string& body) {
    // Each level of an item is two levels of JSON; what surrounds an item in a transaction is a few more.
    json::parse_options options;
    options.max_depth = 2 * tables::kNestingMax + 16;
    boost::system::error_code error;
    auto parsed = json::parse(body, error, json::make_shared_resource<json::monotonic_resource>(), options);
    if (error) return fail("SerializationException", 400, fmt::format("The body is not JSON: {}", error.message()));
    if (!parsed.is_object()) return fail("SerializationException", 400, "The body must be a JSON object");
    return std::move(parsed.get_object());
}

class DynamodbService final : public Service {
public:
    explicit DynamodbService(const Context& context)
        : context_(context), location_{.region = context.region, .account = context.account} {
        dynamodb::add_table_actions(actions_);
        dynamodb::add_item_actions(actions_);
        dynamodb::add_batch_actions(actions_);
    }

    void handle(Call call) override {
        auto target = call.request.header("X-Amz-Target");
        const bool ours = target.starts_with(kTargetPrefix);
        if (ours) target.remove_prefix(kTargetPrefix.size());
        const auto found = ours ? actions_.find(target) : actions_.end();
        if (found == actions_.end()) {
            return answer(call, fail("UnknownOperationException", 400,
                                     fmt::format("This server does not have the DynamoDB action \"{}\"", target)));
        }
        const auto& action = found->second;
        if (call.caller.arn.empty()) {
            return answer(call,
                          fail("MissingAuthenticationTokenException", 400, "Request is missing Authentication Token"));
        }
        auto request = read_body(call.request.body);
        if (!request) return answer(call, request);
        for (const auto& access : action.accesses(*request, location_)) {
            const auto keys = [&](std::string_view key) {
                return key == "dynamodb:LeadingKeys" ? dynamodb::leading_keys(*context_.store.snapshot(), access)
                                                     : std::vector<std::string>();
            };
            if (auto allowed = call.authorize(access.action, access.resource, keys); !allowed)
                return answer(call, std::unexpected(allowed.error()));
        }
        if (action.read) {
            const auto snapshot = context_.store.snapshot();
            return answer(call, action.read(*snapshot, *request));
        }
        write(std::move(call), action, std::move(*request));
    }

private:
    void write(Call call, const dynamodb::Action& action, json::object request) {
        auto table_id = context_.random.uuid();
        // The actions live as long as the service, and the service outlives the writer's queue.
        context_.writer.submit([this, &action, call = std::move(call), request = std::move(request),
                                table_id = std::move(table_id)](store::Transaction& transaction,
                                                                TimePoint now) mutable -> engine::AfterCommit {
            auto decided = action.write(transaction, request,
                                        {.location = location_, .now = now, .table_id = std::move(table_id)});
            if (decided) transaction.apply(decided->writes);
            return [call = std::move(call), result = decided ? Result<json::object>(std::move(decided->answer))
                                                             : Result<json::object>(std::unexpected(decided.error()))] {
                answer(call, result);
            };
        });
    }

    const Context context_;
    const tables::Location location_;
    dynamodb::Actions actions_;
};

}  // namespace

std::unique_ptr<Service> make_dynamodb_service(const Context& context) {
    return std::make_unique<DynamodbService>(context);
}

}  // namespace holdpoint::api
