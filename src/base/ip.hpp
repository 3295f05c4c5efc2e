// IP addresses and ranges of them, as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdpoint {

class IpAddress {
public:
    /// Nothing when the whole text is no address. An IPv4 address that is written within IPv6 (::ffff:192.0.2.7) is
    /// that IPv4 address: a listener on [::] sees all of them so.
    [[nodiscard]] static std::optional<IpAddress> read(std::string_view text);

    /// In the one form that there is for each: 2001:db8::1 for 2001:DB8:0::1.
    [[nodiscard]] std::string text() const;
    bool operator==(const IpAddress&) const = default;

private:
    friend class IpNetwork;
    explicit IpAddress(std::string bytes) : bytes_(std::move(bytes)) {}

    std::string bytes_;  // 4 or 16, as on the wire
};

/// Whom an address is counted as: an IPv4 address as itself, an IPv6 address as its /64, of which one host may have
/// all. (RFC 4291, 2.5.4) What is no address stays as it is.
[[nodiscard]] std::string counted_as(std::string_view address);

class IpNetwork {
public:
    /// 192.0.2.0/24, or one address. Nothing when the whole text is neither.
    [[nodiscard]] static std::optional<IpNetwork> read(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string text() const;

private:
    IpNetwork(IpAddress address, unsigned bits) : address_(std::move(address)), bits_(bits) {}

    IpAddress address_;
    unsigned bits_;  // that all of its addresses begin with
};

}  // namespace holdpoint
