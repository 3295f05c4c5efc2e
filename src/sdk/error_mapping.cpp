#include "sdk/error_mapping.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "base/encoding.hpp"

namespace durable::detail {

namespace {

constexpr std::size_t kMessageBytesMax = 8 * 1024;
constexpr std::size_t kDataBytesMax = 16 * 1024;
constexpr std::size_t kTypeBytesMax = 256;

/// The class's own name, without namespaces and template arguments.
std::string class_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                           &std::free);
    std::string name = status == 0 ? demangled.get() : type.name();
    name = name.substr(0, name.find('<'));
    if (const auto colon = name.rfind("::"); colon != std::string::npos) name.erase(0, colon + 2);
    return name;
}

/// Cut to `max` bytes at a character's border; what is not UTF-8 is shown as hex.
std::string shortened(std::string text, std::size_t max) {
    if (!holdpoint::is_utf8(text)) text = "(hex) " + holdpoint::to_hex(text);
    if (text.size() <= max) return text;
    constexpr std::string_view kMark = "… (shortened)";
    std::size_t end = max - kMark.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end) + std::string(kMark);
}

}  // namespace

ErrorInfo current_error() {
    try {
        throw;
    } catch (const DurableOperationError& error) {
        return error.info();
    } catch (const Error& error) {
        return {.type = error.type(), .message = error.what(), .data = error.data(), .stack = {}};
    } catch (const std::exception& error) {
        return {.type = class_name(typeid(error)), .message = error.what(), .data = {}, .stack = {}};
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        const std::string name = type == nullptr ? "something" : class_name(*type);
        return {.type = "Unknown", .message = "thrown was no std::exception but " + name, .data = {}, .stack = {}};
    }
}

holdpoint::wire::ErrorObject to_wire(const ErrorInfo& info) {
    holdpoint::wire::ErrorObject error;
    error.type = shortened(info.type, kTypeBytesMax);
    error.message = shortened(info.message, kMessageBytesMax);
    if (!info.data.empty()) error.data = shortened(info.data, kDataBytesMax);
    if (!info.stack.empty()) error.stack_trace = info.stack;
    return error;
}

ErrorInfo from_wire(const holdpoint::wire::ErrorObject& error) {
    return {.type = error.type.value_or(""),
            .message = error.message.value_or(""),
            .data = error.data.value_or(""),
            .stack = error.stack_trace.value_or(std::vector<std::string>{})};
}

}  // namespace durable::detail
