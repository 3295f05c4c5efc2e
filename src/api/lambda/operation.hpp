// Operation: one request that reads or changes functions, and what the files of such operations share.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/lambda/lambda.hpp"
#include "functions/registry.hpp"

namespace holdpoint::api {

struct Answer {
    int status = 200;
    boost::json::value body;
};

/// Lives until its answer is given; touched by one thread at a time.
class Operation {
public:
    Operation(const Context& context_in, const LambdaEngine& engine_in, Call call_in)
        : context(context_in), engine(engine_in), call(std::move(call_in)) {}

    /// Reads the function's name (with the request's Qualifier) and asks whether the caller may; it must be one of this
    /// account and region. An empty name: all functions.
    [[nodiscard]] Result<void> prepare(std::string_view action, std::string_view function_name);
    /// SerializationException unless the body is a JSON object or empty.
    [[nodiscard]] Result<void> read_body();

    /// A member that is text; empty where there is none.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// The member Description; ValidationException when it is longer than the model says.
    [[nodiscard]] Result<std::string> description() const;
    /// SerializationException where the member is neither true nor false.
    [[nodiscard]] Result<bool> flag(std::string_view name) const;
    /// InvalidParameterValueException naming the first member that is not in `known`.
    [[nodiscard]] Result<void> check_members(std::string_view operation, std::span<const std::string_view> known) const;

    /// Versions never change, so what changes a function is refused for them and for aliases; and so is what is of the
    /// whole function, because policies were asked about the qualifier.
    [[nodiscard]] Result<void> require_unqualified() const;
    [[nodiscard]] Result<functions::Function> resolve(const RowReader& rows) const;
    /// $LATEST, when the request's RevisionId is its own (or none is given).
    [[nodiscard]] Result<functions::Function> latest(const RowReader& rows) const;
    /// The registry names a function; AWS names its ARN.
    [[nodiscard]] Error missing(Error error) const;
    [[nodiscard]] std::string arn(std::string_view qualifier = {}) const;

    const Context context;
    const LambdaEngine engine;
    Call call;
    boost::json::object body;
    functions::Reference reference;
    std::string item;  // the alias that the path names
    Code code;         // what was stored for this request
};

using SharedOperation = std::shared_ptr<Operation>;
using Write = Result<Answer> (*)(Operation& operation, store::Transaction& rows, TimePoint now);

void respond(const Operation& operation, const Result<Answer>& result);
/// Decides on the writer's thread, and answers after the commit.
void submit(const SharedOperation& operation, Write write);

/// The function's role must allow what its outcomes need, as on AWS; and a function that gets them must be there.
[[nodiscard]] Result<void> check_permission(const Context& context, const RowReader& rows,
                                            const functions::Function& function, const std::string& destination);

[[nodiscard]] std::unexpected<Error> invalid_parameter(std::string message);

/// Publishes $LATEST as a version and answers it.
[[nodiscard]] Result<Answer> publish_latest(Operation& operation, store::Transaction& rows, TimePoint now,
                                            std::string_view description, int status);

// Handlers that management.cpp routes to.

void create_function(const SharedOperation& operation);
void update_code(const SharedOperation& operation);
/// Whoever hands a role to a function acts through it, so that needs iam:PassRole; and the role must be there.
[[nodiscard]] Result<void> authorize_role(const Operation& operation);

/// The operations on reserved concurrency. False: the path is none of theirs.
[[nodiscard]] bool handle_concurrency(const Context& context, const LambdaEngine& engine, Call& call);
/// The operations on event invoke configs. False: the path is none of theirs.
[[nodiscard]] bool handle_event_invoke(const Context& context, const LambdaEngine& engine, Call& call);

[[nodiscard]] Result<Answer> list_aliases(Operation& operation);
[[nodiscard]] Result<Answer> get_alias(Operation& operation);
[[nodiscard]] Result<Answer> create_alias(Operation& operation, store::Transaction& rows, TimePoint now);
[[nodiscard]] Result<Answer> update_alias(Operation& operation, store::Transaction& rows, TimePoint now);
[[nodiscard]] Result<Answer> delete_alias(Operation& operation, store::Transaction& rows, TimePoint now);

}  // namespace holdpoint::api
