#include "approvals/domain/revocations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals/domain/links.hpp"
#include "approvals/domain/people.hpp"

namespace holdpoint::approvals {

namespace {

void drop_expired(Revocations& revocations, TimePoint now) {
    const std::int64_t seconds = to_epoch_ms(now) / 1000;
    std::erase_if(revocations.credentials, [&](const RevokedCredential& each) { return each.until <= seconds; });
    std::erase_if(revocations.people, [&](const RevokedPerson& each) { return each.until <= seconds; });
}

std::int64_t longest_from(TimePoint now) {
    return to_epoch_ms(now + kLongestToken) / 1000;
}

Result<Revocations> checked(Revocations revocations) {
    if (revocations.credentials.size() + revocations.people.size() <= kRevocationsMax) return revocations;
    return fail("TooManyRevocations", 409,
                fmt::format("{} are revoked already. holdpoint approvals rotate-keys --drop-older takes back all that "
                            "were ever made.",
                            kRevocationsMax));
}

}  // namespace

bool Revocations::cover(std::string_view credential, std::string_view person, std::int64_t issued) const {
    return std::ranges::any_of(credentials, [&](const RevokedCredential& each) { return each.id == credential; }) ||
           std::ranges::any_of(people, [&](const RevokedPerson& each) {
               return issued <= each.issued && is_same_person(each.person, person);
           });
}

Result<Revocations> with_credential(Revocations revocations, const std::string& id, TimePoint now) {
    if (!is_credential_id(id)) {
        return fail("InvalidCredential", 400,
                    "Expected the id of a token or link, as `holdpoint approvals token` printed it (such as "
                    "1798761600-5f3a09c1d2e4b687), found something else.");
    }
    drop_expired(revocations, now);
    std::erase_if(revocations.credentials, [&](const RevokedCredential& each) { return each.id == id; });
    const std::int64_t longest = longest_from(now);
    const std::int64_t until = std::min(expiry_of_credential(id).value_or(longest), longest);
    if (until > to_epoch_ms(now) / 1000) revocations.credentials.push_back({.id = id, .until = until});
    return checked(std::move(revocations));
}

Result<Revocations> with_person(Revocations revocations, const std::string& person, TimePoint now) {
    if (const auto problem = name_problem(trimmed(person), kPersonMax))
        return fail("InvalidPerson", 400, fmt::format("Expected somebody's name, found {}.", *problem));
    drop_expired(revocations, now);
    std::erase_if(revocations.people, [&](const RevokedPerson& each) { return is_same_person(each.person, person); });
    revocations.people.push_back(
        {.person = std::string(trimmed(person)), .issued = to_epoch_ms(now), .until = longest_from(now)});
    return checked(std::move(revocations));
}

}  // namespace holdpoint::approvals
