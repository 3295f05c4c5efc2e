#include "sdk/error_mapping.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "base/encoding.hpp"
#include "durable/context.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace {

/// What is recorded of an error at most, as JSON, and what its members keep when it has more. The service takes 1 MiB,
/// but each attempt of a step brings one, and each replay reads them.
constexpr std::size_t kErrorBytesMax = 32UL * 1024;
constexpr std::size_t kTextBytesMax = 12UL * 1024;
constexpr std::size_t kTypeBytesMax = 512;
constexpr std::size_t kStackBytesMax = 4UL * 1024;

/// Where the template arguments begin that the name ends with; its size when it has none.
std::size_t arguments_of(std::string_view name) {
    int depth = 0;
    for (std::size_t i = name.size(); i > 0; --i) {
        if (name[i - 1] == '>') ++depth;
        if (name[i - 1] == '<') --depth;
        if (depth == 0) return name[i - 1] == '<' ? i - 1 : name.size();
    }
    return name.size();
}

/// The class's own name, without what it is in, template arguments and `[abi:…]`.
std::string class_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                           &std::free);
    std::string name = status == 0 ? demangled.get() : type.name();
    // What std::throw_with_nested and boost::throw_exception throw is of a class of the library's own, made of the one
    // that the author named.
    for (const std::string_view wrapper : {"std::_Nested_exception<", "boost::wrapexcept<"}) {
        if (!name.starts_with(wrapper)) continue;
        name = name.substr(wrapper.size(), name.rfind('>') - wrapper.size());
        while (name.ends_with(' ')) name.pop_back();
    }
    name.erase(arguments_of(name));
    if (const auto tag = name.rfind("[abi:"); tag != std::string::npos && name.ends_with(']')) name.erase(tag);
    if (const auto colon = name.rfind("::"); colon != std::string::npos) name.erase(0, colon + 2);
    return name;
}

/// With `\xE9` for a byte that is not UTF-8.
std::string readable(const std::string& text) {
    if (holdpoint::is_utf8(text)) return text;
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t length = 1;
        while (length < 4 && !holdpoint::is_utf8(text.substr(i, length))) ++length;
        const std::string character = text.substr(i, length);
        if (holdpoint::is_utf8(character)) {
            out += character;
            i += length;
        } else {
            out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[i++]));
        }
    }
    return out;
}

/// Bytes of one character in JSON text.
std::size_t written_size(char c) {
    if (c == '"' || c == '\\') return 2;
    return static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
}

/// Cut at a character's border, so that it takes at most `max` bytes of JSON.
std::string shortened(std::string text, std::size_t max) {
    constexpr std::string_view kMark = "… (shortened)";
    std::size_t written = 0;
    std::size_t kept = 0;  // what leaves room for the mark
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (written + kMark.size() <= max) kept = i;
        written += written_size(text[i]);
        if (written <= max) continue;
        while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
        return text.substr(0, kept) + std::string(kMark);
    }
    return text;
}

/// The first lines that fit.
void shorten(std::vector<std::string>& lines, std::size_t max) {
    std::size_t written = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        written += 3;
        for (const char c : lines[i]) written += written_size(c);
        if (written <= max) continue;
        lines.resize(i);
        return;
    }
}

/// std::exception::what may be overridden to answer nothing at all.
std::string text_of(const std::exception& error) {
    const char* text = error.what();
    return text == nullptr ? std::string() : text;
}

ErrorInfo error_in_flight() {
    try {
        throw;
    } catch (const DurableOperationError& error) {
        return error.info();
    } catch (const Error& error) {
        return {.type = error.type(), .message = error.what(), .data = error.data(), .stack = {}};
    } catch (const ResultError& error) {
        return {.type = "SerdesError", .message = error.what(), .data = {}, .stack = {}};
    } catch (const std::exception& error) {
        return {.type = class_name(typeid(error)), .message = text_of(error), .data = {}, .stack = {}};
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        const std::string name = type == nullptr ? "something" : class_name(*type);
        return {.type = "Unknown", .message = "thrown was no std::exception but " + name, .data = {}, .stack = {}};
    }
}

/// The most derived class of ours that the exception is.
ErrorKind kind_in_flight() {
    try {
        throw;
    } catch (const StepInterruptedError&) {
        return ErrorKind::step_interrupted;
    } catch (const StepError&) {
        return ErrorKind::step;
    } catch (const CallbackTimeoutError&) {
        return ErrorKind::callback_timeout;
    } catch (const CallbackExternalError&) {
        return ErrorKind::callback_external;
    } catch (const CallbackSubmitterError&) {
        return ErrorKind::callback_submitter;
    } catch (const CallbackError&) {
        return ErrorKind::callback;
    } catch (const ChildContextError&) {
        return ErrorKind::child_context;
    } catch (const WaitForConditionError&) {
        return ErrorKind::wait_for_condition;
    } catch (const InvokeFailedError&) {
        return ErrorKind::invoke_failed;
    } catch (const InvokeTimedOutError&) {
        return ErrorKind::invoke_timed_out;
    } catch (const InvokeStoppedError&) {
        return ErrorKind::invoke_stopped;
    } catch (const InvokeError&) {
        return ErrorKind::invoke;
    } catch (const CombinatorError&) {
        return ErrorKind::combinator;
    } catch (const SerdesError&) {
        return ErrorKind::serdes;
    } catch (const ValidationError&) {
        return ErrorKind::validation;
    } catch (...) {
        return ErrorKind::operation;
    }
}

}  // namespace

Failure current_failure() {
    return {.kind = kind_in_flight(), .info = current_error()};
}

void throw_failure(const Failure& failure) {
    switch (failure.kind) {
        case ErrorKind::step:
            throw StepError(failure.info);
        case ErrorKind::step_interrupted:
            throw StepInterruptedError(failure.info);
        case ErrorKind::callback:
            throw CallbackError(failure.info);
        case ErrorKind::callback_timeout:
            throw CallbackTimeoutError(failure.info);
        case ErrorKind::callback_external:
            throw CallbackExternalError(failure.info);
        case ErrorKind::callback_submitter:
            throw CallbackSubmitterError(failure.info);
        case ErrorKind::child_context:
            throw ChildContextError(failure.info);
        case ErrorKind::wait_for_condition:
            throw WaitForConditionError(failure.info);
        case ErrorKind::invoke:
            throw InvokeError(failure.info);
        case ErrorKind::invoke_failed:
            throw InvokeFailedError(failure.info);
        case ErrorKind::invoke_timed_out:
            throw InvokeTimedOutError(failure.info);
        case ErrorKind::invoke_stopped:
            throw InvokeStoppedError(failure.info);
        case ErrorKind::combinator:
            throw CombinatorError(failure.info);
        case ErrorKind::serdes:
            throw SerdesError(failure.info.message);
        case ErrorKind::validation:
            throw ValidationError(failure.info.message);
        case ErrorKind::operation:
            break;
    }
    throw DurableOperationError(failure.info);
}

ErrorInfo current_error() {
    return from_wire(to_wire(error_in_flight()));
}

void log_failure(const Logger& logger, const ErrorInfo& error) {
    logger.error("the handler failed", {{"errorType", error.type}, {"errorMessage", error.message}});
}

holdpoint::wire::ErrorObject to_wire(const ErrorInfo& info) {
    holdpoint::wire::ErrorObject error;
    error.type = readable(info.type);
    error.message = readable(info.message);
    if (!info.data.empty()) error.data = readable(info.data);
    std::vector<std::string> stack;
    stack.reserve(info.stack.size());
    for (const std::string& line : info.stack) stack.push_back(readable(line));
    if (!stack.empty()) error.stack_trace = std::move(stack);
    if (boost::json::serialize(holdpoint::wire::to_json(error)).size() <= kErrorBytesMax) return error;
    error.type = shortened(std::move(*error.type), kTypeBytesMax);
    error.message = shortened(std::move(*error.message), kTextBytesMax);
    if (error.data) error.data = shortened(std::move(*error.data), kTextBytesMax);
    if (error.stack_trace) shorten(*error.stack_trace, kStackBytesMax);
    return error;
}

ErrorInfo from_wire(const holdpoint::wire::ErrorObject& error) {
    return {.type = error.type.value_or(""),
            .message = error.message.value_or(""),
            .data = error.data.value_or(""),
            .stack = error.stack_trace.value_or(std::vector<std::string>{})};
}

ErrorInfo error_of(const holdpoint::wire::Operation& record) {
    return record.error ? from_wire(*record.error) : ErrorInfo{};
}

}  // namespace durable::detail
