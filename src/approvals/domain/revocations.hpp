// Revocations: which links, tokens and sessions were taken back before they expired. What expired by itself needs no
// entry any more, so there are never many.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace holdpoint::approvals {

/// One link or token, and every session that began with it.
struct RevokedCredential {
    std::string id;
    std::int64_t until = 0;  // epoch seconds: it expires by itself then
    friend bool operator==(const RevokedCredential&, const RevokedCredential&) = default;
};
BOOST_DESCRIBE_STRUCT(RevokedCredential, (), (id, until))

/// Everything that somebody was given up to a moment.
struct RevokedPerson {
    std::string person;
    std::int64_t issued = 0;  // epoch milliseconds, included
    std::int64_t until = 0;   // epoch seconds: all of it expires by itself then
    friend bool operator==(const RevokedPerson&, const RevokedPerson&) = default;
};
BOOST_DESCRIBE_STRUCT(RevokedPerson, (), (person, issued, until))

struct Revocations {
    std::vector<RevokedCredential> credentials;
    std::vector<RevokedPerson> people;
    friend bool operator==(const Revocations&, const Revocations&) = default;

    /// Whether what was issued to this person, then, was taken back.
    [[nodiscard]] bool cover(std::string_view credential, std::string_view person, std::int64_t issued) const;
};
BOOST_DESCRIBE_STRUCT(Revocations, (), (credentials, people))

/// As many entries as one item of a table holds with room to spare.
inline constexpr std::size_t kRevocationsMax = 2000;
/// No token is good for longer.
inline constexpr std::chrono::hours kLongestToken{24 * 3650};

/// With one more, and without what has expired. Fails when there are too many, and for a credential that is none.
[[nodiscard]] Result<Revocations> with_credential(Revocations revocations, const std::string& id, TimePoint now);
[[nodiscard]] Result<Revocations> with_person(Revocations revocations, const std::string& person, TimePoint now);

}  // namespace holdpoint::approvals
