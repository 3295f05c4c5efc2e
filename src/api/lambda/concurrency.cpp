// Reserved concurrency: Put, Get and DeleteFunctionConcurrency. (AWS API, PutFunctionConcurrency)
#include "functions/concurrency.hpp"

#include "api/lambda/operation.hpp"
#include "api/lambda/parts.hpp"
#include "base/encoding.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kWritePrefix = "/2017-10-31/functions/";
constexpr std::string_view kReadPrefix = "/2019-09-30/functions/";
constexpr std::string_view kSuffix = "/concurrency";

Result<Answer> put(Operation& operation, store::Transaction& rows, TimePoint) {
    constexpr std::string_view kMembers[] = {"FunctionName", "ReservedConcurrentExecutions"};
    if (auto ok = operation.check_members("PutFunctionConcurrency", kMembers); !ok) return std::unexpected(ok.error());
    const auto function = operation.latest(rows);
    if (!function) return std::unexpected(function.error());
    const json::value* limit = operation.body.if_contains("ReservedConcurrentExecutions");
    if (limit == nullptr || !limit->is_int64()) {
        return fail("SerializationException", 400, "ReservedConcurrentExecutions must be a whole number.");
    }
    const auto write = functions::reserve_concurrency(rows, function->name, limit->get_int64());
    if (!write) return std::unexpected(write.error());
    rows.apply({*write});
    operation.engine.concurrency.reserve(function->name, static_cast<std::size_t>(limit->get_int64()));
    return Answer{200, json::object{{"ReservedConcurrentExecutions", limit->get_int64()}}};
}

Result<Answer> remove(Operation& operation, store::Transaction& rows, TimePoint) {
    const auto function = operation.latest(rows);
    if (!function) return std::unexpected(function.error());
    rows.apply({functions::free_concurrency(function->name)});
    operation.engine.concurrency.reserve(function->name, std::nullopt);
    return Answer{204, {}};
}

Result<Answer> get(Operation& operation) {
    const auto rows = operation.context.store.snapshot();
    const auto function = operation.latest(*rows);
    if (!function) return std::unexpected(function.error());
    json::object body;
    if (const auto limit = functions::reserved_concurrency(*rows, function->name)) {
        body["ReservedConcurrentExecutions"] = *limit;
    }
    return Answer{200, body};
}

}  // namespace

bool handle_concurrency(const Context& context, const LambdaEngine& engine, Call& call) {
    const std::string path(call.request.path());
    const std::string method = call.request.method;
    const bool reads = path.starts_with(kReadPrefix);
    const std::size_t start = kWritePrefix.size();  // as long as the other
    if (!(reads || path.starts_with(kWritePrefix)) || !path.ends_with(kSuffix)) return false;
    if (path.size() <= start + kSuffix.size() || reads != (method == "GET")) return false;
    const bool puts = method == "PUT";
    if (!reads && !puts && method != "DELETE") return false;
    const std::string name = percent_decode(std::string_view(path).substr(start, path.size() - start - kSuffix.size()));
    const auto operation = std::make_shared<Operation>(context, engine, std::move(call));
    Result<void> ready = operation->prepare(reads  ? "GetFunctionConcurrency"
                                            : puts ? "PutFunctionConcurrency"
                                                   : "DeleteFunctionConcurrency",
                                            name);
    if (ready && puts) ready = operation->read_body();
    if (!ready) {
        respond_error(operation->call, ready.error());
    } else if (reads) {
        respond(*operation, get(*operation));
    } else {
        submit(operation, puts ? &put : &remove);
    }
    return true;
}

}  // namespace holdpoint::api
