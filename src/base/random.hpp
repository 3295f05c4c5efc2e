// Random: the only source of chance; a test or a simulation passes a seeded one.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace holdpoint {

class Random {
public:
    virtual ~Random() = default;
    [[nodiscard]] virtual std::uint64_t next() = 0;

    /// `count` random bytes.
    [[nodiscard]] std::string bytes(std::size_t count);
    /// A random (version 4) UUID in its usual text form (RFC 9562).
    [[nodiscard]] std::string uuid();
    /// Uniform in [0, 1).
    [[nodiscard]] double unit();
};

/// The system's cryptographic generator; safe for secrets, and from any thread.
class SystemRandom final : public Random {
public:
    [[nodiscard]] std::uint64_t next() override;
};

/// The same numbers for the same seed; never for secrets.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    [[nodiscard]] std::uint64_t next() override { return engine_(); }

private:
    std::mt19937_64 engine_;
};

}  // namespace holdpoint
