// What the fuzz targets share: input cut into lines or numbers, and checks that end the run like a crash.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

/// Ends the run when `condition` is false, so that the fuzzer keeps the input; `what` says which property broke.
#define FUZZ_CHECK(condition, what)                                                                          \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            std::fprintf(stderr, "%s:%d: property broken: %s (%s)\n", __FILE__, __LINE__, what, #condition); \
            std::abort();                                                                                    \
        }                                                                                                    \
    } while (false)

namespace holdpoint::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// The input's text, taken apart from the front.
class Input {
public:
    explicit Input(std::string_view text) : text_(text) {}

    [[nodiscard]] bool empty() const { return text_.empty(); }
    [[nodiscard]] std::string_view rest() const { return text_; }
    /// Up to `end`, which is dropped; all that is left when it does not come.
    std::string_view until(char end) {
        const std::string_view found = text_.substr(0, text_.find(end));
        text_.remove_prefix(std::min(text_.size(), found.size() + 1));
        return found;
    }
    std::string_view line() { return until('\n'); }
    /// 0 at the end.
    std::uint8_t byte() {
        if (text_.empty()) return 0;
        const auto first = static_cast<std::uint8_t>(text_.front());
        text_.remove_prefix(1);
        return first;
    }
    /// 0 to `count` - 1.
    std::size_t pick(std::size_t count) { return byte() % count; }
    bool flag() { return (byte() & 1) != 0; }

private:
    std::string_view text_;
};

/// Nothing when `text` is not JSON.
inline std::optional<boost::json::value> json_of(std::string_view text, std::size_t max_depth = 80) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::system::error_code error;
    boost::json::value parsed = boost::json::parse(text, error, {}, options);
    if (error) return std::nullopt;
    return parsed;
}

}  // namespace holdpoint::fuzz
