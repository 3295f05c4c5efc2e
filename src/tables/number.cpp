#include "tables/number.hpp"

#include <algorithm>
#include <limits>

#include "tables/errors.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kDigitsMax = 38;
constexpr int kExponentMax = 126;   // 9.99E+125 is 0.999E+126
constexpr int kExponentMin = -129;  // 1E-130 is 0.1E-129

constexpr const char* kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr const char* kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
constexpr const char* kTooManyDigits = "Attempting to store more than 38 significant digits in a Number";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::unexpected<Error> not_numeric(std::string_view text) {
    if (text.empty()) return validation_error("The parameter cannot be converted to a numeric value");
    return validation_error("The parameter cannot be converted to a numeric value: " + std::string(text));
}

/// Adds two digit strings of the same length; the result has one digit more.
std::string add_digits(std::string_view a, std::string_view b) {
    std::string sum(a.size() + 1, '0');
    int carry = 0;
    for (std::size_t i = a.size(); i-- > 0;) {
        const int digit = (a[i] - '0') + (b[i] - '0') + carry;
        sum[i + 1] = static_cast<char>('0' + digit % 10);
        carry = digit / 10;
    }
    sum[0] = static_cast<char>('0' + carry);
    return sum;
}

/// Subtracts the smaller from the larger of two digit strings of the same length.
std::string subtract_digits(std::string_view larger, std::string_view smaller) {
    std::string difference(larger.size(), '0');
    int borrow = 0;
    for (std::size_t i = larger.size(); i-- > 0;) {
        int digit = (larger[i] - '0') - (smaller[i] - '0') - borrow;
        borrow = digit < 0 ? 1 : 0;
        if (digit < 0) digit += 10;
        difference[i] = static_cast<char>('0' + digit);
    }
    return difference;
}

}  // namespace

Result<Number> Number::parse(std::string_view text) {
    std::string_view rest = text;
    bool negative = false;
    if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
        negative = rest[0] == '-';
        rest.remove_prefix(1);
    }
    std::string digits;
    std::int64_t exponent = 0;
    std::size_t seen = 0;
    bool point = false;
    while (!rest.empty() && (is_digit(rest[0]) || (rest[0] == '.' && !point))) {
        if (rest[0] == '.') {
            point = true;
        } else {
            digits.push_back(rest[0]);
            if (!point) ++exponent;
            ++seen;
        }
        rest.remove_prefix(1);
    }
    if (seen == 0) return not_numeric(text);
    if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
        rest.remove_prefix(1);
        bool down = false;
        if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
            down = rest[0] == '-';
            rest.remove_prefix(1);
        }
        if (rest.empty() || !std::ranges::all_of(rest, is_digit)) return not_numeric(text);
        std::int64_t power = 0;
        // Far beyond every legal exponent it no longer matters how far, only that nothing overflows.
        for (const char c : rest) power = std::min<std::int64_t>(power * 10 + (c - '0'), 1'000'000'000);
        exponent += down ? -power : power;
        rest = {};
    }
    if (!rest.empty()) return not_numeric(text);
    return normalised(negative, std::move(digits), exponent, false);
}

Number Number::of(std::int64_t value) {
    return *parse(std::to_string(value));
}

Result<Number> Number::normalised(bool negative, std::string digits, std::int64_t exponent, bool computed) {
    const auto first = digits.find_first_not_of('0');
    if (first == std::string::npos) return Number{};
    exponent -= static_cast<std::int64_t>(first);
    digits = digits.substr(first, digits.find_last_not_of('0') + 1 - first);
    // DynamoDB calls a sum that needs too many digits an overflow.
    if (digits.size() > kDigitsMax) return validation_error(computed ? kOverflow : kTooManyDigits);
    if (exponent > kExponentMax) return validation_error(kOverflow);
    if (exponent < kExponentMin) return validation_error(kUnderflow);
    Number number;
    number.negative_ = negative;
    number.exponent_ = static_cast<int>(exponent);
    number.digits_ = std::move(digits);
    return number;
}

std::string Number::str() const {
    if (digits_.empty()) return "0";
    std::string text = negative_ ? "-" : "";
    const auto length = static_cast<int>(digits_.size());
    if (exponent_ <= 0) {
        text += "0." + std::string(static_cast<std::size_t>(-exponent_), '0') + digits_;
    } else if (exponent_ >= length) {
        text += digits_ + std::string(static_cast<std::size_t>(exponent_ - length), '0');
    } else {
        const auto point = static_cast<std::size_t>(exponent_);
        text += digits_.substr(0, point) + "." + digits_.substr(point);
    }
    return text;
}

std::string Number::key_bytes() const {
    if (digits_.empty()) return "\x02";
    std::string bytes(1, negative_ ? '\x01' : '\x03');
    std::string magnitude(1, static_cast<char>(exponent_ - kExponentMin));
    magnitude += digits_;
    magnitude.push_back('\0');  // ends the digits, below every digit
    // Negative numbers order against their magnitude.
    if (negative_) {
        for (char& c : magnitude) c = static_cast<char>(~c);
    }
    return bytes + magnitude;
}

bool Number::take_key_bytes(std::string_view& key) {
    if (key.starts_with('\x02')) {
        key.remove_prefix(1);
        return true;
    }
    if (!key.starts_with('\x01') && !key.starts_with('\x03')) return false;
    constexpr std::size_t kDigitsAt = 2;  // after the sign and the exponent
    const auto end = key.find(key.front() == '\x01' ? '\xff' : '\0', kDigitsAt);
    if (end == std::string_view::npos) return false;
    key.remove_prefix(end + 1);
    return true;
}

std::size_t Number::stored_size() const {
    if (digits_.empty()) return 1;
    const auto before_point = std::min(digits_.size(), static_cast<std::size_t>(std::max(0, exponent_)));
    const auto behind_point = digits_.size() - before_point;
    return 1 + (before_point + 1) / 2 + (behind_point + 1) / 2 + (negative_ ? 1 : 0);
}

std::int64_t Number::to_int64() const {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
    if (exponent_ <= 0) return 0;
    if (exponent_ > 19) return negative_ ? kMin : kMax;
    std::uint64_t magnitude = 0;
    for (int i = 0; i < exponent_; ++i) {
        const auto at = static_cast<std::size_t>(i);
        magnitude = magnitude * 10 + static_cast<std::uint64_t>(at < digits_.size() ? digits_[at] - '0' : 0);
    }
    if (magnitude > static_cast<std::uint64_t>(kMax)) return negative_ ? kMin : kMax;
    return negative_ ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
}

Number Number::negated() const {
    Number result = *this;
    if (!digits_.empty()) result.negative_ = !negative_;
    return result;
}

Result<Number> Number::add(const Number& a, const Number& b) {
    if (a.digits_.empty()) return b;
    if (b.digits_.empty()) return a;
    // Both as digits after one common point; at most 255 + 38 of them.
    const int exponent = std::max(a.exponent_, b.exponent_);
    const auto aligned = [exponent](const Number& number) {
        return std::string(static_cast<std::size_t>(exponent - number.exponent_), '0') + number.digits_;
    };
    std::string left = aligned(a);
    std::string right = aligned(b);
    const auto length = std::max(left.size(), right.size());
    left.resize(length, '0');
    right.resize(length, '0');
    if (a.negative_ == b.negative_) return normalised(a.negative_, add_digits(left, right), exponent + 1, true);
    if (left >= right) return normalised(a.negative_, subtract_digits(left, right), exponent, true);
    return normalised(b.negative_, subtract_digits(right, left), exponent, true);
}

Result<Number> Number::subtract(const Number& a, const Number& b) {
    return add(a, b.negated());
}

std::strong_ordering operator<=>(const Number& a, const Number& b) {
    const auto sign = [](const Number& number) { return number.digits_.empty() ? 0 : number.negative_ ? -1 : 1; };
    if (const auto order = sign(a) <=> sign(b); order != 0) return order;
    const auto magnitude = a.exponent_ != b.exponent_ ? a.exponent_ <=> b.exponent_ : a.digits_ <=> b.digits_;
    return a.negative_ ? 0 <=> magnitude : magnitude;
}

}  // namespace holdpoint::tables
