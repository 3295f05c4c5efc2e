// Serdes: how the results of operations are written to their records and read back. JSON, unless an operation's options
// say otherwise.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "durable/errors.hpp"
#include "durable/json.hpp"

namespace durable {

/// For whom something is written or read.
struct SerdesContext {
    std::string_view execution_arn;  // of the execution
    std::string_view operation_id;   // of the operation that it is recorded with
};

/// A format of your own for one operation: `{.serialize = …, .deserialize = …}`; both or neither. What is recorded is
/// UTF-8 text. What `serialize` throws fails the operation; an invoke whose payload it cannot write throws SerdesError
/// and invokes nothing. What `deserialize` throws comes out as SerdesError: the operation itself has succeeded. A
/// result is read back also on its first run, so that replay sees the same value.
template <class T>
struct Serdes {
    /// Empty: JSON.
    std::function<std::string(const T& value, const SerdesContext& context)> serialize = {};
    /// Empty: JSON. It gets what `serialize` wrote.
    std::function<T(const std::string& text, const SerdesContext& context)> deserialize = {};
};
template <>
struct Serdes<void> {};

/// A callback's or a function's result exactly as it was sent, not read as JSON: `create_callback<RawText>(…)`.
struct RawText {
    std::string text;  // empty when nothing was sent
    friend bool operator==(const RawText&, const RawText&) = default;
};

namespace detail {

using Text = std::optional<std::string>;  // what is recorded: JSON text, or a serdes' own; nothing for no value

/// A result as it is recorded, and where.
struct Recorded {
    Text text;
    std::string_view execution_arn;  // lives as long as the invocation
    std::string operation_id;
    [[nodiscard]] SerdesContext context() const {
        return {.execution_arn = execution_arn, .operation_id = operation_id};
    }
};

/// The exception being handled, as it is recorded; the signal to suspend passes on. Call it in a catch block only.
[[nodiscard]] ErrorInfo thrown_error();
/// The text of the author's; SerdesError, naming the byte, unless it is UTF-8.
[[nodiscard]] std::string recordable(std::string text, std::string_view what);
/// Makes a SerdesError of the exception being handled, which the author's `deserialize` threw.
[[noreturn]] void refuse_unreadable();

template <class T>
T read_own(const Recorded& recorded, const Serdes<T>& serdes) {
    try {
        return serdes.deserialize(recorded.text.value_or(""), recorded.context());
    } catch (...) {
        refuse_unreadable();
    }
}

template <class T>
T read_result(const Text& text) {
    if constexpr (std::same_as<T, RawText>) {
        return RawText{text.value_or("")};
    } else if constexpr (!std::is_void_v<T>) {
        return from_json<T>(text && !text->empty() ? Json::parse(*text) : Json());
    }
}

template <class T>
T read_result(const Recorded& recorded, const Serdes<T>& serdes) {
    if constexpr (!std::is_void_v<T>) {
        if (serdes.deserialize) return read_own(recorded, serdes);
    }
    return read_result<T>(recorded.text);
}

/// A body did its work, but its result cannot be written; doing it again would not help.
class ResultError : public SerdesError {
    using SerdesError::SerdesError;
};

template <class R>
struct StoredAs {
    using type = R;
};
template <class R>
    requires std::same_as<R, const char*> || std::same_as<R, std::string_view>
struct StoredAs<R> {
    using type = std::string;
};
/// What a body's result is after it was written and read: a value of its own, also for a reference or a literal.
template <class R>
using Stored = typename StoredAs<std::remove_cvref_t<R>>::type;

inline constexpr std::string_view kRawText = "the RawText";
inline constexpr std::string_view kSerialized = "what serialize answered";
inline constexpr std::string_view kSummary = "what summary answered";

template <class R>
Text write_result(const R& result, const Serdes<Stored<R>>& serdes, const SerdesContext& context) {
    try {
        if constexpr (std::same_as<R, RawText>) {
            return recordable(result.text, kRawText);
        } else {
            if (serdes.serialize) {
                if constexpr (std::same_as<R, Stored<R>>) {
                    return recordable(serdes.serialize(result, context), kSerialized);
                } else {
                    return recordable(serdes.serialize(Stored<R>(result), context), kSerialized);
                }
            }
            return to_json(result).dump();
        }
    } catch (...) {
        throw ResultError(thrown_error().message);
    }
}

/// Of a handler, or another body that has operations, when it is called with Args: where the exception that suspends it
/// met noexcept, the process would end. What a body calls cannot be looked into.
template <class F, class... Args>
consteval void refuse_noexcept() {
    static_assert(!std::is_nothrow_invocable_v<std::unwrap_reference_t<F>&, Args...>,
                  "what has durable operations is not noexcept: one that waits leaves it by throwing");
}

/// Runs a body and writes what it answers.
template <class R, class F, class... Args>
Text text_of(const Serdes<R>& serdes, const SerdesContext& context, F& body, Args&... args) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, Args&...>>) {
        body(args...);
        return std::nullopt;
    } else {
        return write_result<std::remove_cvref_t<std::invoke_result_t<F&, Args&...>>>(body(args...), serdes, context);
    }
}

}  // namespace detail
}  // namespace durable
