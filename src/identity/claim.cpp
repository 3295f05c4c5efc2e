// Reading what a request claims about who signed it: an Authorization header, or the query of a presigned URL.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "identity/sigv4_parts.hpp"

namespace holdpoint::identity {

namespace {

constexpr std::chrono::seconds kExpiresMax{7 * 24 * 3600};  // (AWS General Reference, X-Amz-Expires)
/// What a URL that names none is good for: as long as what is signed in a header.
constexpr std::chrono::seconds kExpiresDefault{15 * 60};
/// Of an Authorization header: more than the three that it has, few enough to be told apart one by one.
constexpr std::size_t kPartsMax = 16;

std::unexpected<Error> incomplete(std::string message) {
    return fail("IncompleteSignature", 400, std::move(message));
}

/// Says which header was meant without repeating it.
std::string hashed(std::string_view authorization) {
    return fmt::format("(Hashed with SHA-256 and encoded with Base64) Authorization={}",
                       base64_encode(sha256(authorization)));
}

/// `Wed, 25 Nov 2026 10:00:00 GMT` as 20261125T100000Z. (RFC 9110, IMF-fixdate)
std::optional<std::string> from_http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
    const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
    if (month == kMonths.end()) return std::nullopt;
    return fmt::format("{}{:02}{}T{}{}{}Z", text.substr(12, 4), month - kMonths.begin() + 1, text.substr(5, 2),
                       text.substr(17, 2), text.substr(20, 2), text.substr(23, 2));
}

/// Which instant it was signed at, as it stands in what was signed.
Result<std::string> read_date(std::string_view text) {
    std::string basic = from_http_date(text).value_or(std::string(text));
    if (read_timestamp(basic)) return basic;
    return incomplete(
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                    "http://en.wikipedia.org/wiki/ISO_8601",
                    is_utf8(text) ? text.substr(0, 64) : "what is no text"));
}

Result<void> read_credential(std::string_view credential, Claim& claim) {
    std::array<std::string_view, 5> parts;
    std::size_t count = 0;
    for (std::string_view rest = credential;; ++count) {
        const std::string_view part = rest.substr(0, rest.find('/'));
        if (count < parts.size()) parts[count] = part;
        if (part.size() == rest.size()) break;
        rest.remove_prefix(part.size() + 1);
    }
    if (count + 1 != parts.size()) {
        return incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/aws4_request.");
    }
    if (parts[4] != "aws4_request") {
        return fail("SignatureDoesNotMatch", 403,
                    "Credential should be scoped with a valid terminator: 'aws4_request'.");
    }
    claim.access_key_id = parts[0];
    claim.date = parts[1];
    claim.region = parts[2];
    claim.service = parts[3];
    return {};
}

void read_signed_headers(std::string_view text, Claim& claim) {
    while (!text.empty()) {
        const std::string_view name = text.substr(0, text.find(';'));
        claim.signed_headers.emplace_back(name);
        text.remove_prefix(std::min(text.size(), name.size() + 1));
    }
}

/// One parameter of the header or the query under the header's name; false when it was there before.
Result<void> take(std::string_view name, std::string_view value, Claim& claim) {
    if (name == "Credential") return read_credential(value, claim);
    if (name == "SignedHeaders") read_signed_headers(value, claim);
    if (name == "Signature") claim.signature = value;
    return {};
}

bool is_new(std::vector<std::string>& seen, std::string_view name) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return false;
    seen.emplace_back(name);
    return true;
}

Result<void> read_expires(std::string_view text, Claim& claim) {
    const auto seconds = read_number<long>(text);
    if (!seconds || *seconds < 1 || *seconds > kExpiresMax.count()) {
        return incomplete(fmt::format("X-Amz-Expires must be a number of seconds from 1 to {}.", kExpiresMax.count()));
    }
    claim.expires = std::chrono::seconds(*seconds);
    return {};
}

Result<Claim> read_presigned(const SignedRequest& request) {
    Claim claim;
    std::vector<std::string> seen;
    for (const auto& [name, value] : query_of(request.target)) {
        if (!name.starts_with("X-Amz-")) continue;
        if (!is_new(seen, name)) return incomplete(fmt::format("{} must be given once.", name));
        if (auto ok = take(std::string_view(name).substr(6), value, claim); !ok) return std::unexpected(ok.error());
        if (name == "X-Amz-Algorithm" && value != kAlgorithm) {
            return incomplete(fmt::format("X-Amz-Algorithm must be {}.", kAlgorithm));
        }
        if (name == "X-Amz-Date") claim.timestamp = value;
        if (name == "X-Amz-Security-Token") claim.session_token = value;
        if (name == "X-Amz-Expires") {
            if (auto ok = read_expires(value, claim); !ok) return std::unexpected(ok.error());
        }
    }
    if (is_new(seen, "X-Amz-Expires")) claim.expires = kExpiresDefault;
    for (const std::string name :
         {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
        if (is_new(seen, name)) return incomplete(fmt::format("AWS query-string parameters must include {}.", name));
    }
    if (!read_timestamp(claim.timestamp)) return std::unexpected(read_date(claim.timestamp).error());
    return claim;
}

Result<Claim> read_authorization(std::string_view authorization, const Headers& headers) {
    Claim claim;
    std::vector<std::string> seen;
    std::string_view rest = authorization.substr(kAlgorithm.size());
    while (!rest.empty()) {
        const std::string_view whole = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), whole.size() + 1));
        const std::string part = trimmed(whole);
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos || seen.size() == kPartsMax || !is_new(seen, part.substr(0, equals))) {
            return incomplete(
                fmt::format("A part of the Authorization header is not a valid key=value pair, or comes "
                            "twice, or is more than there are. {}",
                            hashed(authorization)));
        }
        if (auto ok = take(part.substr(0, equals), std::string_view(part).substr(equals + 1), claim); !ok) {
            return std::unexpected(ok.error());
        }
    }
    auto date = first_header(headers, "x-amz-date");
    if (!date) date = first_header(headers, "date");
    std::string missing;
    const auto need = [&](bool there, std::string_view what) {
        if (!there) missing += fmt::format("Authorization header requires {}. ", what);
    };
    need(!claim.access_key_id.empty(), "'Credential' parameter");
    need(!claim.signature.empty(), "'Signature' parameter");
    need(!claim.signed_headers.empty(), "'SignedHeaders' parameter");
    need(date.has_value(), "existence of either a 'X-Amz-Date' or a 'Date' header");
    if (!missing.empty()) return incomplete(missing + hashed(authorization));
    auto timestamp = read_date(*date);
    if (!timestamp) return std::unexpected(timestamp.error());
    claim.timestamp = std::move(*timestamp);
    claim.session_token = first_header(headers, "x-amz-security-token").value_or("");
    return claim;
}

}  // namespace

std::optional<Claim> read_stated_claim(const Headers& headers) {
    auto authorization = first_header(headers, "authorization");
    if (!authorization || !authorization->starts_with(kStated)) return std::nullopt;
    authorization->remove_prefix(kStated.size());
    Claim claim;
    if (!read_credential(*authorization, claim)) return std::nullopt;
    claim.session_token = first_header(headers, "x-amz-security-token").value_or("");
    return claim;
}

Result<Claim> read_claim(const SignedRequest& request) {
    const auto authorization = first_header(request.headers, "authorization");
    if (!authorization) {
        if (request.target.find("X-Amz-Signature=") != std::string_view::npos) return read_presigned(request);
        return fail("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
    }
    if (std::count_if(request.headers.begin(), request.headers.end(),
                      [](const auto& header) { return equal_ignoring_case(header.first, "authorization"); }) > 1) {
        return incomplete("The Authorization header must be given once.");
    }
    if (!authorization->starts_with(kAlgorithm) ||
        (authorization->size() > kAlgorithm.size() && (*authorization)[kAlgorithm.size()] != ' ')) {
        return incomplete(fmt::format("Unsupported AWS 'algorithm': expected {}.", kAlgorithm));
    }
    return read_authorization(*authorization, request.headers);
}

}  // namespace holdpoint::identity
