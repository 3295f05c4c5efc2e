#include "base/random.hpp"

#include <openssl/rand.h>

#include <array>
#include <stdexcept>
#include <utility>

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
    std::string text(36, '-');
    // Where the five groups begin in `hex` and in `text`, and how long they are.
    constexpr std::size_t kGroups[][3] = {{0, 0, 8}, {8, 9, 4}, {12, 14, 4}, {16, 19, 4}, {20, 24, 12}};
    for (const auto& [from, to, count] : kGroups) hex.copy(&text[to], count, from);
    return text;
}

double Random::unit() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t SystemRandom::next() {
    // Many at once: a call of the generator costs as much for 64 numbers as for one.
    struct Drawn {
        std::array<std::uint64_t, 64> numbers{};
        std::size_t left = 0;
    };
    thread_local Drawn drawn;
    if (drawn.left == 0) {
        if (RAND_bytes(reinterpret_cast<unsigned char*>(drawn.numbers.data()), sizeof drawn.numbers) != 1) {
            throw std::runtime_error("the system's random generator failed");
        }
        drawn.left = drawn.numbers.size();
    }
    // Nothing stays behind of what may become a secret.
    return std::exchange(drawn.numbers[--drawn.left], 0);
}

}  // namespace holdpoint
