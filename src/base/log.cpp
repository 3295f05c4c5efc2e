#include "base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>

#include "base/encoding.hpp"

namespace holdpoint::log {

namespace {

std::atomic<Level> least_level{Level::info};
std::atomic<Format> line_format{Format::text};

constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};

/// JSON without what it leaves as it is and a terminal obeys: DEL, and the control characters from U+0080 to U+009F.
std::string shown(const std::string& json) {
    std::string text;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const bool is_pair = json[i] == '\xc2' && i + 1 < json.size() && static_cast<unsigned char>(json[i + 1]) < 0xa0;
        if (json[i] == '\x7f' || is_pair) {
            text += is_pair ? fmt::format("\\u{:04x}", static_cast<unsigned char>(json[++i])) : "\\u007f";
        } else {
            text += json[i];
        }
    }
    return text;
}

/// A value as text: in quotes when it is not one plain word, so that a line is one line and its fields can be told
/// apart. What a client sent need be no text.
std::string plain(std::string_view value) {
    const bool is_word = !value.empty() && std::ranges::all_of(value, [](char c) {
        return c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\';
    });
    return is_word ? std::string(value) : shown(boost::json::serialize(boost::json::string(as_utf8(value))));
}

}  // namespace

void set_up(Level least, Format format) {
    least_level = least;
    line_format = format;
}

bool is_on(Level level) {
    return level >= least_level.load(std::memory_order_relaxed);
}

std::string line(TimePoint at, Level level, std::string_view event, Fields fields, Format format) {
    const std::string_view name = kNames.at(static_cast<std::size_t>(level));
    if (format == Format::json) {
        boost::json::object object{{"time", to_iso8601(at)}, {"level", name}, {"event", event}};
        for (const auto& [key, value] : fields) object[key] = as_utf8(value);
        return shown(boost::json::serialize(object)) + "\n";
    }
    std::string text = to_iso8601(at);
    text += ' ';
    text += name;
    text += " holdpoint: ";
    text += event;
    for (const auto& [key, value] : fields) {
        text += ' ';
        text += key;
        text += '=';
        text += plain(value);
    }
    return text + "\n";
}

void write(Level level, std::string_view event, Fields fields) {
    if (!is_on(level)) return;
    const std::string text = line(SystemClock().now(), level, event, fields, line_format.load());
    // One call for one line, so that lines of several threads do not mix.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace holdpoint::log
