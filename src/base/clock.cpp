#include "base/clock.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace holdpoint {

TimePoint SystemClock::now() const {
    return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

Milliseconds SystemClock::monotonic() const {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

Microseconds SystemClock::monotonic_us() const {
    return std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string to_iso8601(TimePoint at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{at - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

std::string to_http_date(TimePoint at) {
    constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    // Each answer has one, and a second has thousands of answers.
    struct Written {
        std::chrono::sys_seconds second = std::chrono::sys_seconds::min();
        std::string text;
    };
    thread_local Written last;
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    if (second == last.second) return last.text;
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{second - day};
    std::string text = fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                                   kDays[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                                   kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                                   time.hours().count(), time.minutes().count(), time.seconds().count());
    last = {.second = second, .text = std::move(text)};
    return last.text;
}

namespace {

/// Takes `digits` decimal digits and then the character `end` (0 for none) from the front of `text`.
bool take(std::string_view& text, std::size_t digits, char end, int& value) {
    if (text.size() < digits) return false;
    const auto number = read_number<unsigned>(text.substr(0, digits));
    if (!number) return false;
    value = static_cast<int>(*number);
    text.remove_prefix(digits);
    if (end == 0) return true;
    if (text.empty() || text.front() != end) return false;
    text.remove_prefix(1);
    return true;
}

bool take_fraction(std::string_view& text, int& milliseconds) {
    if (text.empty() || text.front() != '.') return true;
    text.remove_prefix(1);
    int scale = 100;
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') {
        milliseconds += (text[count] - '0') * scale;
        scale /= 10;
        ++count;
    }
    text.remove_prefix(count);
    return count > 0;
}

bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
    if (text == "Z" || text == "z") return true;
    if (text.size() < 5 || (text.front() != '+' && text.front() != '-')) return false;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (!take(text, 2, text.size() == 5 ? ':' : '\0', hours) || !take(text, 2, 0, minutes) || !text.empty())
        return false;
    offset = sign * (std::chrono::hours{hours} + std::chrono::minutes{minutes});
    return true;
}

}  // namespace

Result<TimePoint> parse_iso8601(std::string_view text) {
    const auto refuse = [&] {
        return fail("ValidationException", 400,
                    fmt::format("'{}' is not an ISO 8601 time such as 2026-11-23T20:33:00Z", text.substr(0, 64)));
    };
    std::string_view rest = text;
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
    std::chrono::minutes offset{0};
    if (!take(rest, 4, '-', year) || !take(rest, 2, '-', month) || !take(rest, 2, 'T', day) ||
        !take(rest, 2, ':', hour) || !take(rest, 2, ':', minute) || !take(rest, 2, 0, second) ||
        !take_fraction(rest, milliseconds) || !take_offset(rest, offset)) {
        return refuse();
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return refuse();
    return TimePoint{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} + Milliseconds{milliseconds} - offset;
}

}  // namespace holdpoint
