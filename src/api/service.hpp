// What every AWS service of the server gets with a request, after the signature and the caller's policies were checked.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "engine/writer.hpp"
#include "net/http.hpp"
#include "store/store.hpp"

namespace holdpoint::api {

/// Who calls: the account's own key, or a function's role.
struct Caller {
    std::string account;
    std::string arn;  // arn:aws:iam::123456789012:user/holdpoint, or arn:aws:sts::…:assumed-role/<role>/<function>
    std::string user_id;
    std::string role_name;  // empty: the account's own key, which may do everything
};

/// The values of a condition key that only the service knows (dynamodb:LeadingKeys); asked when a policy names it.
using ServiceKeys = std::function<std::vector<std::string>(std::string_view key)>;

/// Answers "may this caller do `action` (such as dynamodb:PutItem) on `resource` (an ARN)?"; handlers call it once they
/// know the resource, before anything is read or written. The error is AWS's AccessDenied in that service's own words.
class Authorize {
public:
    using Function =
        std::function<Result<void>(const std::string& action, const std::string& resource, const ServiceKeys& keys)>;

    Authorize() = default;
    template <class Callable>
        requires std::is_constructible_v<Function, Callable>
    Authorize(Callable callable) : function_(std::move(callable)) {}

    [[nodiscard]] Result<void> operator()(const std::string& action, const std::string& resource,
                                          const ServiceKeys& keys = {}) const {
        return function_(action, resource, keys);
    }

private:
    Function function_;
};

struct Call {
    net::Request request;
    Caller caller;
    Authorize authorize;
    std::string request_id;
    net::Respond respond;
};

/// What the services share. References outlive every service.
struct Context {
    const Clock& clock;
    Random& random;
    store::Store& store;
    engine::Writer& writer;
    std::string region = "us-east-1";
    std::string account = "000000000000";
};

/// One AWS service: picks the action and answers. Called on an I/O thread; must not block for long.
class Service {
public:
    virtual ~Service() = default;
    virtual void handle(Call call) = 0;
};

}  // namespace holdpoint::api
