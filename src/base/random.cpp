#include "base/random.hpp"

#include <openssl/rand.h>

#include <stdexcept>

#include "base/encoding.hpp"

namespace holdpoint {

std::string Random::bytes(std::size_t count) {
    std::string result;
    result.reserve(count + 8);
    while (result.size() < count) {
        const std::uint64_t word = next();
        for (unsigned shift = 0; shift < 64; shift += 8) result.push_back(static_cast<char>((word >> shift) & 0xff));
    }
    result.resize(count);
    return result;
}

std::string Random::uuid() {
    std::string raw = bytes(16);
    raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
    raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
    const std::string hex = to_hex(raw);
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
           hex.substr(20);
}

double Random::unit() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t SystemRandom::next() {
    std::uint64_t value = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
    return value;
}

}  // namespace holdpoint
