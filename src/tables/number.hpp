// Number: DynamoDB's decimal of 38 significant digits, exact; never a double.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdpoint::tables {

/// Zero, or a magnitude from 1E-130 to 9.99…E+125 with at most 38 significant digits. (DynamoDB, Data types: Number)
class Number {
public:
    Number() = default;

    /// ValidationException in DynamoDB's words: not a number, too many digits, overflow, underflow.
    [[nodiscard]] static Result<Number> parse(std::string_view text);
    [[nodiscard]] static Number of(std::int64_t value);

    /// Plain notation without an exponent, leading or trailing zeros, as DynamoDB answers it.
    [[nodiscard]] std::string str() const;
    /// Bytes that order as the numbers do, and of which none is the beginning of another.
    [[nodiscard]] std::string key_bytes() const;
    /// Takes what key_bytes() wrote off the front of `key`; false when it begins otherwise.
    [[nodiscard]] static bool take_key_bytes(std::string_view& key);
    /// What DynamoDB counts for it: one byte for two digits, on either side of the point, one for a minus, and one
    /// more.
    [[nodiscard]] std::size_t stored_size() const;
    /// Rounded towards zero; saturates at the ends of the type.
    [[nodiscard]] std::int64_t to_int64() const;

    [[nodiscard]] Number negated() const;
    /// ValidationException when the exact result does not fit.
    [[nodiscard]] static Result<Number> add(const Number& a, const Number& b);
    [[nodiscard]] static Result<Number> subtract(const Number& a, const Number& b);

    friend bool operator==(const Number&, const Number&) = default;
    friend std::strong_ordering operator<=>(const Number& a, const Number& b);

private:
    /// Takes any digits (most significant first) and 10's exponent of the point before them.
    [[nodiscard]] static Result<Number> normalised(bool negative, std::string digits, std::int64_t exponent,
                                                   bool computed);

    // The value is 0.<digits> times ten to the exponent; digits have no zero at either end; zero has none at all.
    bool negative_ = false;
    int exponent_ = 0;
    std::string digits_;
};

}  // namespace holdpoint::tables
