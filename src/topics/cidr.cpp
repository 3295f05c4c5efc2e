#include "topics/cidr.hpp"

#include <arpa/inet.h>

#include <string>

#include "base/text.hpp"

namespace holdpoint::topics {

std::optional<Cidr::Address> Cidr::parse_address(std::string_view text) {
    Address address;
    const std::string name(text);
    address.size = name.contains(':') ? 16 : 4;
    const int family = address.size == 16 ? AF_INET6 : AF_INET;
    if (name.contains('\0') || ::inet_pton(family, name.c_str(), address.bytes.data()) != 1) return std::nullopt;
    return address;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto base = parse_address(text.substr(0, slash));
    const auto bits = read_number<std::size_t>(text.substr(slash + 1));
    if (!base || !bits || *bits > base->size * 8) return std::nullopt;
    Cidr cidr;
    cidr.base_ = *base;
    cidr.bits_ = *bits;
    return cidr;
}

bool Cidr::contains(std::string_view text) const {
    const auto address = parse_address(text);
    if (!address || address->size != base_.size) return false;
    for (std::size_t bit = 0; bit < bits_; ++bit) {
        const unsigned mask = 0x80U >> (bit % 8);
        if (((address->bytes.at(bit / 8) ^ base_.bytes.at(bit / 8)) & mask) != 0) return false;
    }
    return true;
}

}  // namespace holdpoint::topics
