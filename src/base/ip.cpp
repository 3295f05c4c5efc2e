#include "base/ip.hpp"

#include <arpa/inet.h>

#include <array>

#include "base/text.hpp"

namespace holdpoint {

namespace {

constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;
constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", kIpv6Bytes - kIpv4Bytes);
constexpr auto kMappedBits = static_cast<unsigned>(kMapped.size()) * 8;

/// 4 or 16; none when it is no address.
std::string read_bytes(std::string_view text) {
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos) return {};  // where inet_pton ends
    const bool is_ipv4 = terminated.find(':') == std::string::npos;
    std::string bytes(is_ipv4 ? kIpv4Bytes : kIpv6Bytes, '\0');
    return ::inet_pton(is_ipv4 ? AF_INET : AF_INET6, terminated.c_str(), bytes.data()) == 1 ? bytes : std::string();
}

bool is_mapped(std::string_view bytes) {
    return bytes.size() == kIpv6Bytes && bytes.starts_with(kMapped);
}

unsigned bits_of(std::string_view bytes) {
    return static_cast<unsigned>(bytes.size()) * 8;
}

}  // namespace

std::optional<IpAddress> IpAddress::read(std::string_view text) {
    std::string bytes = read_bytes(text);
    if (bytes.empty()) return std::nullopt;
    if (is_mapped(bytes)) bytes.erase(0, kMapped.size());
    return IpAddress(std::move(bytes));
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(bytes_.size() == kIpv4Bytes ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

std::string counted_as(std::string_view address) {
    std::string bytes = read_bytes(address);
    if (bytes.size() != kIpv6Bytes) return std::string(address);
    constexpr std::size_t kNetworkBytes = 8;
    const auto read = IpAddress::read(address);
    if (is_mapped(bytes)) return read->text();
    bytes.replace(kNetworkBytes, std::string::npos, kIpv6Bytes - kNetworkBytes, '\0');
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    return std::string(text.data()) + "/64";
}

std::optional<IpNetwork> IpNetwork::read(std::string_view text) {
    const std::size_t slash = text.find('/');
    std::string bytes = read_bytes(text.substr(0, slash));
    if (bytes.empty()) return std::nullopt;
    unsigned bits = bits_of(bytes);
    if (slash != std::string_view::npos) {
        const auto given = read_number<unsigned>(text.substr(slash + 1));
        if (!given || *given > bits) return std::nullopt;
        bits = *given;
    }
    if (is_mapped(bytes) && bits >= kMappedBits) {
        bytes.erase(0, kMapped.size());
        bits -= kMappedBits;
    }
    return IpNetwork(IpAddress(std::move(bytes)), bits);
}

bool IpNetwork::contains(const IpAddress& address) const {
    const std::string& ours = address_.bytes_;
    const std::string& theirs = address.bytes_;
    if (ours.size() != theirs.size()) return false;
    const std::size_t whole = bits_ / 8;
    if (ours.compare(0, whole, theirs, 0, whole) != 0) return false;
    if (bits_ % 8 == 0) return true;
    const auto differs = static_cast<unsigned char>(ours[whole]) ^ static_cast<unsigned char>(theirs[whole]);
    return (static_cast<unsigned>(differs) >> (8 - bits_ % 8)) == 0;
}

std::string IpNetwork::text() const {
    const bool is_one = bits_ == bits_of(address_.bytes_);
    return address_.text() + (is_one ? "" : "/" + std::to_string(bits_));
}

}  // namespace holdpoint
