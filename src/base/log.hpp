// Log: what the server says to its operator, one line each on standard error, as text or as JSON. Secrets and payloads
// never go here: fields are ids, names, numbers and reasons.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace holdpoint::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// The one thing of the process that everything may reach: a line has to come out from wherever something fails. Call
/// it before threads start; without it, `info` and above come out as text.
void set_up(Level least, Format format);
/// Whether lines of this level come out; ask before a line that costs something to make.
[[nodiscard]] bool is_on(Level level);
/// `event` says what happened, always in the same words; what differs goes into fields.
void write(Level level, std::string_view event, Fields fields = {});

/// The line, with its end.
[[nodiscard]] std::string line(TimePoint at, Level level, std::string_view event, Fields fields, Format format);

}  // namespace holdpoint::log
