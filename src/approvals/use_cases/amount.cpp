#include "approvals/use_cases/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kDigitsMax = 10;
constexpr std::array<std::string_view, 18> kCurrencies = {"AUD", "BRL", "CAD", "CHF", "CZK", "DKK",
                                                          "EUR", "GBP", "INR", "MXN", "NOK", "NZD",
                                                          "PLN", "RON", "SEK", "SGD", "USD", "ZAR"};

bool are_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t number_of(std::string_view digits) {
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

}  // namespace

std::optional<std::int64_t> parse_amount(std::string_view text) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view cents = point == std::string_view::npos ? "00" : text.substr(point + 1);
    if (whole.empty() || whole.size() > kDigitsMax || !are_digits(whole)) return std::nullopt;
    if (whole.size() > 1 && whole.front() == '0') return std::nullopt;
    if (cents.size() != 2 || !are_digits(cents)) return std::nullopt;
    const std::int64_t amount = number_of(whole) * 100 + number_of(cents);
    if (amount > kCentsMax) return std::nullopt;
    return amount;
}

std::string format_amount(std::int64_t cents) {
    return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

bool is_currency_with_cents(std::string_view code) {
    return std::find(kCurrencies.begin(), kCurrencies.end(), code) != kCurrencies.end();
}

std::string to_string(const Money& money) {
    return format_amount(money.cents) + " " + money.currency;
}

Money read_money(const durable::Json& event, const Reader& reader, const std::string& currency) {
    const durable::Json* value = event.find("amount");
    const std::string* text = value == nullptr ? nullptr : value->get_if<std::string>();
    const auto cents = text == nullptr ? std::nullopt : parse_amount(*text);
    if (!cents || *cents == 0) {
        reader.member("amount").expected(
            fmt::format("text such as '1234.50', from 0.01 to {}", format_amount(kCentsMax)),
            text == nullptr ? found(value) : in_quotes(*text));
    }
    const Reader code = reader.member("currency");
    const std::string given = code.text(currency.size());
    if (given != currency) code.expected(currency, in_quotes(given));
    return {.cents = cents.value_or(0), .currency = currency};
}

}  // namespace holdpoint::approvals
