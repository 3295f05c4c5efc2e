#include "durable/retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/linear_regex.hpp"
#include "base/random.hpp"
#include "durable/step.hpp"
#include "sdk/delays.hpp"
#include "sdk/jitter.hpp"

namespace durable {

namespace {

thread_local holdpoint::Random* given_random = nullptr;

double jittered(double base, Jitter jitter) {
    static holdpoint::SystemRandom system_random;
    holdpoint::Random& random = given_random == nullptr ? system_random : *given_random;
    switch (jitter) {
        case Jitter::none:
            return base;
        case Jitter::half:
            return base / 2 + random.unit() * base / 2;
        case Jitter::full:
            return random.unit() * base;
    }
    return base;
}

/// Whole seconds, at least one.
std::chrono::seconds pause_of(double base, std::chrono::seconds max, Jitter jitter) {
    const double pause = jittered(std::min(base, static_cast<double>(max.count())), jitter);
    // Also for what is no number.
    if (!(pause < static_cast<double>(detail::kDelayMax))) return std::chrono::seconds(detail::kDelayMax);
    return std::chrono::seconds(std::max<long long>(1, std::llround(pause)));
}

/// initial · rate^(attempt-1). Nothing stays nothing, also when the power is more than a double holds.
double grown(std::chrono::seconds initial, double rate, int attempt) {
    return initial.count() == 0 ? 0 : static_cast<double>(initial.count()) * std::pow(rate, attempt - 1);
}

void check_attempts(std::string_view strategy, int attempts) {
    if (attempts >= 1) return;
    throw ValidationError(fmt::format("{}: attempts is {}; it is at least 1", strategy, attempts));
}

/// Nothing is taken as a second, and what is too long as 366 days; what is negative is a mistake.
void check_pause(std::string_view strategy, std::string_view option, std::chrono::seconds pause) {
    if (pause.count() >= 0) return;
    throw ValidationError(fmt::format("{}: {} is {} seconds; it is at least 0", strategy, option, pause.count()));
}

void check_rate(std::string_view strategy, double rate) {
    if (rate >= 1 && std::isfinite(rate)) return;
    throw ValidationError(fmt::format("{}: rate is {}; it is a finite number of at least 1", strategy, rate));
}

/// Of strategies whose pauses grow by a factor.
template <class Options>
void check_growing(std::string_view strategy, const Options& options) {
    check_attempts(strategy, options.attempts);
    check_pause(strategy, "initial", options.initial);
    check_pause(strategy, "max", options.max);
    check_rate(strategy, options.rate);
}

bool gives_up(int attempt, int attempts, const retry::Predicate& when, const ErrorInfo& error) {
    return attempt >= attempts || (when && !when(error));
}

}  // namespace

namespace detail {

void check(const WaitStrategyOptions& options) {
    check_growing("wait_strategy", options);
}

std::chrono::seconds next_poll(const WaitStrategyOptions& options, int attempt) {
    if (attempt >= options.attempts) {
        throw Error("WaitForConditionExhausted",
                    "the condition did not hold after " + std::to_string(options.attempts) + " checks");
    }
    return pause_of(grown(options.initial, options.rate, attempt), options.max, options.jitter);
}

}  // namespace detail

namespace retry {

Predicate on_types(std::vector<std::string> types) {
    return [types = std::move(types)](const ErrorInfo& error) {
        return std::ranges::find(types, error.type) != types.end();
    };
}

namespace {

std::regex expression_of(const std::string& pattern) {
    try {
        (void)holdpoint::linear_regex(pattern);
        // From the start, over anything before it: one pass, where a search begins again at each character.
        return holdpoint::linear_regex("[\\s\\S]*(?:" + pattern + ")");
    } catch (const std::regex_error& error) {
        if (error.code() == std::regex_constants::error_complexity) {
            throw ValidationError(
                fmt::format("retry::on_message: '{}' refers back to a group, which is not supported", pattern));
        }
        throw ValidationError(
            fmt::format("retry::on_message: '{}' is no regular expression: {}", pattern, error.what()));
    }
}

}  // namespace

Predicate on_message(const std::string& pattern) {
    return [expression = expression_of(pattern)](const ErrorInfo& error) {
        return std::regex_search(error.message, expression, std::regex_constants::match_continuous);
    };
}

RetryStrategy exponential(Exponential options) {
    check_growing("retry::exponential", options);
    return [options = std::move(options)](const ErrorInfo& error, int attempt) -> RetryDecision {
        if (gives_up(attempt, options.attempts, options.when, error)) return std::nullopt;
        return pause_of(grown(options.initial, options.rate, attempt), options.max, options.jitter);
    };
}

RetryStrategy linear(Linear options) {
    check_attempts("retry::linear", options.attempts);
    check_pause("retry::linear", "initial", options.initial);
    check_pause("retry::linear", "increment", options.increment);
    check_pause("retry::linear", "max", options.max);
    return [options = std::move(options)](const ErrorInfo& error, int attempt) -> RetryDecision {
        if (gives_up(attempt, options.attempts, options.when, error)) return std::nullopt;
        return pause_of(static_cast<double>(options.initial.count()) +
                            static_cast<double>(options.increment.count()) * (attempt - 1),
                        options.max, options.jitter);
    };
}

RetryStrategy fixed(Fixed options) {
    check_attempts("retry::fixed", options.attempts);
    check_pause("retry::fixed", "pause", options.pause);
    return [options = std::move(options)](const ErrorInfo& error, int attempt) -> RetryDecision {
        if (gives_up(attempt, options.attempts, options.when, error)) return std::nullopt;
        return std::max(std::chrono::seconds(1), options.pause);
    };
}

RetryStrategy none() {
    return [](const ErrorInfo&, int) -> RetryDecision { return std::nullopt; };
}

RetryStrategy transient() {
    return exponential({.attempts = 3, .max = std::chrono::seconds(300), .jitter = Jitter::half});
}

RetryStrategy resource_availability() {
    return exponential({.attempts = 5, .max = std::chrono::seconds(300)});
}

RetryStrategy critical() {
    return exponential({.attempts = 10, .initial = std::chrono::seconds(1), .rate = 1.5, .jitter = Jitter::none});
}

}  // namespace retry
detail::JitterFrom::JitterFrom(holdpoint::Random& random) : before_(std::exchange(given_random, &random)) {}
detail::JitterFrom::~JitterFrom() {
    given_random = before_;
}

}  // namespace durable
