// Amounts: money in whole cents, never in floating-point numbers.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "approvals/domain/reading.hpp"

namespace holdpoint::approvals {

inline constexpr std::int64_t kCentsMax = 100'000'000'000;  // 1000000000.00

/// "1234" or "1234.50", from 0 to kCentsMax; nothing for any other text.
[[nodiscard]] std::optional<std::int64_t> parse_amount(std::string_view text);
/// "1234.50"; of no negative number.
[[nodiscard]] std::string format_amount(std::int64_t cents);

/// Whether it is one of the currencies that are known here, all of which have a hundred cents. (ISO 4217)
[[nodiscard]] bool is_currency_with_cents(std::string_view code);

struct Money {
    std::int64_t cents = 0;
    std::string currency;
    friend bool operator==(const Money&, const Money&) = default;
};
BOOST_DESCRIBE_STRUCT(Money, (), (cents, currency))

/// "1234.50 EUR"
[[nodiscard]] std::string to_string(const Money& money);

/// The members "amount" (text, at least 0.01) and "currency" (this one) of `event`, which `reader` reads.
[[nodiscard]] Money read_money(const durable::Json& event, const Reader& reader, const std::string& currency);

}  // namespace holdpoint::approvals
