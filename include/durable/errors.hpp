// Errors: what a durable function may throw and catch.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable {

/// Why something failed, as it is recorded. (AWS API, ErrorObject)
struct ErrorInfo {
    std::string type = {};                // the exception's class, such as "InvalidEvent"
    std::string message = {};             // for people
    std::string data = {};                // JSON text of whatever helps to understand it; may be empty
    std::vector<std::string> stack = {};  // where it came from; may be empty
};

/// Throw it from a handler or a step to say exactly what is recorded: `throw durable::Error("CardDeclined", "…")`.
class Error : public std::runtime_error {
public:
    /// `data` is JSON text, or empty.
    Error(std::string type, const std::string& message, std::string data = {})
        : std::runtime_error(message), type_(std::move(type)), data_(std::move(data)) {}
    /// ErrorInfo::type
    [[nodiscard]] const std::string& type() const noexcept { return type_; }
    /// ErrorInfo::data
    [[nodiscard]] const std::string& data() const noexcept { return data_; }

private:
    std::string type_;
    std::string data_;
};

/// An operation that failed. On replay it is built again from the record, so match on what info() says, not on
/// identity.
class DurableOperationError : public std::runtime_error {
public:
    /// Made by the SDK, and by tests.
    explicit DurableOperationError(ErrorInfo info) : std::runtime_error(info.message), info_(std::move(info)) {}
    /// Why, as it is recorded.
    [[nodiscard]] const ErrorInfo& info() const noexcept { return info_; }

private:
    ErrorInfo info_;
};

/// A step failed and its retry strategy gave up.
class StepError : public DurableOperationError {
    using DurableOperationError::DurableOperationError;
};
/// An at-most-once step was under way when its process ended; nobody knows how far it came.
class StepInterruptedError : public StepError {
    using StepError::StepError;
};
class CallbackError : public DurableOperationError {
    using DurableOperationError::DurableOperationError;
};
/// Nobody answered a callback in time, or its heartbeat stopped; info().type says which.
class CallbackTimeoutError : public CallbackError {
    using CallbackError::CallbackError;
};
/// Whoever had the callback answered that it failed.
class CallbackExternalError : public CallbackError {
    using CallbackError::CallbackError;
};
/// wait_for_callback could not hand the callback's id over.
class CallbackSubmitterError : public CallbackError {
    using CallbackError::CallbackError;
};
/// An exception left the body of a child context.
class ChildContextError : public DurableOperationError {
    using DurableOperationError::DurableOperationError;
};
/// An item of a map or a branch of a parallel failed; thrown by BatchResult::throw_if_error.
class BatchItemError : public ChildContextError {
    using ChildContextError::ChildContextError;
};
/// An invoked function failed, ran out of time, or was stopped.
class InvokeError : public DurableOperationError {
    using DurableOperationError::DurableOperationError;
};
class InvokeFailedError : public InvokeError {
    using InvokeError::InvokeError;
};
class InvokeTimedOutError : public InvokeError {
    using InvokeError::InvokeError;
};
class InvokeStoppedError : public InvokeError {
    using InvokeError::InvokeError;
};
/// None of the futures given to `any` succeeded.
class CombinatorError : public DurableOperationError {
    using DurableOperationError::DurableOperationError;
};
/// A condition's check threw, or its strategy gave up.
class WaitForConditionError : public DurableOperationError {
    using DurableOperationError::DurableOperationError;
};

/// The SDK was used in a way that cannot work; the execution fails, and the message says what to do instead.
class ValidationError : public std::logic_error {
    using std::logic_error::logic_error;
};

/// A value could not be written as JSON, or JSON is not such a value; the message names the path and what was expected.
class SerdesError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace durable
