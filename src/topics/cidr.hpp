// CIDR: a range of IP addresses, such as 10.0.0.0/24 or 2001:db8::/32. (RFC 4632, RFC 4291 section 2.3)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdpoint::topics {

class Cidr {
public:
    /// Nothing unless `text` is an address, a slash and the number of leading bits that count.
    [[nodiscard]] static std::optional<Cidr> parse(std::string_view text);
    /// Whether `text` is an address of the range; one of the other version is not.
    [[nodiscard]] bool contains(std::string_view text) const;

private:
    struct Address {
        std::array<std::uint8_t, 16> bytes{};
        std::size_t size = 0;  // 4 or 16 bytes
    };
    static std::optional<Address> parse_address(std::string_view text);

    Address base_;
    std::size_t bits_ = 0;
};

}  // namespace holdpoint::topics
