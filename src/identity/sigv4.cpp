#include "identity/sigv4.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "identity/sigv4_parts.hpp"

namespace holdpoint::identity {

std::string trimmed(std::string_view text) {
    if (!text.starts_with(' ') && !text.ends_with(' ') && text.find("  ") == std::string_view::npos) {
        return std::string(text);
    }
    std::string result;
    for (const char c : text) {
        if (c == ' ' && (result.empty() || result.back() == ' ')) continue;
        result += c;
    }
    while (!result.empty() && result.back() == ' ') result.pop_back();
    return result;
}

std::optional<std::string_view> first_header(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
    const std::size_t mark = target.find('?');
    return decode_query(mark == std::string_view::npos ? "" : target.substr(mark + 1));
}

std::string timestamp_of(TimePoint at) {
    return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::optional<TimePoint> read_timestamp(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    const auto part = [&](std::size_t from, std::size_t count) { return std::string(text.substr(from, count)); };
    const auto time = parse_iso8601(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(9, 2) + ":" +
                                    part(11, 2) + ":" + part(13, 2) + "Z");
    if (!time) return std::nullopt;
    return *time;
}

namespace {

constexpr std::chrono::minutes kWindow{15};

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

/// The path is encoded once more (as every service but S3 wants it), after `.`, `..` and empty segments are resolved.
std::string canonical_path(std::string_view path) {
    std::vector<std::string_view> segments;
    std::string_view rest = path;
    while (!rest.empty()) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
        if (segment.empty() || segment == ".") continue;
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
        } else {
            segments.push_back(segment);
        }
    }
    std::string result;
    for (const std::string_view segment : segments) result += "/" + percent_encode(segment);
    if (result.empty() || (path.ends_with('/') && path.size() > 1)) result += '/';
    return result;
}

/// A presigned URL carries its signature where the rest is signed.
std::string canonical_query(std::string_view target, bool is_presigned) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : query_of(target)) {
        if (is_presigned && name == "X-Amz-Signature") continue;
        parts.push_back(percent_encode(name) + "=" + percent_encode(value));
    }
    // Sorted by encoded name, then by encoded value; `=` sorts after what may stand in a name.
    std::sort(parts.begin(), parts.end(), [](std::string_view a, std::string_view b) {
        const auto split = [](std::string_view part) {
            const std::size_t equals = part.find('=');
            return std::pair{part.substr(0, equals), part.substr(equals + 1)};
        };
        return split(a) < split(b);
    });
    return fmt::format("{}", fmt::join(parts, "&"));
}

std::string canonical_headers(const Headers& headers, const std::vector<std::string>& names) {
    std::string result;
    for (const std::string& name : names) {
        result.append(name).append(":");
        const std::size_t start = result.size();
        for (const auto& [key, value] : headers) {
            if (!equal_ignoring_case(key, name)) continue;
            if (result.size() > start) result += ',';
            result += trimmed(value);
        }
        result += '\n';
    }
    return result;
}

struct Scope {
    std::string_view date;
    std::string_view region;
    std::string_view service;

    [[nodiscard]] std::string text() const { return fmt::format("{}/{}/{}/aws4_request", date, region, service); }
};

std::string derive_key(std::string_view secret, const Scope& scope) {
    std::string key = hmac_sha256("AWS4" + std::string(secret), scope.date);
    key = hmac_sha256(key, scope.region);
    key = hmac_sha256(key, scope.service);
    return hmac_sha256(key, "aws4_request");
}

/// A key is good for a day, and deriving it costs more than using it.
const std::string& signing_key(std::string_view secret, const Scope& scope) {
    constexpr std::size_t kKeptMax = 128;
    thread_local std::unordered_map<std::string, std::string> kept;
    const std::string name = fmt::format("{}/{}", secret, scope.text());
    if (const auto known = kept.find(name); known != kept.end()) return known->second;
    if (kept.size() >= kKeptMax) kept.clear();
    return kept.emplace(name, derive_key(secret, scope)).first->second;
}

std::string signature_of(const SignedRequest& request, bool is_presigned, const std::vector<std::string>& names,
                         std::string_view body_digest, std::string_view secret, std::string_view timestamp,
                         const Scope& scope) {
    const std::string canonical =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(path_of(request.target)),
                    canonical_query(request.target, is_presigned), canonical_headers(request.headers, names),
                    fmt::join(names, ";"), body_digest);
    const std::string to_sign =
        fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, scope.text(), to_hex(sha256(canonical)));
    return to_hex(hmac_sha256(signing_key(secret, scope), to_sign));
}

std::unexpected<Error> mismatch(std::string message) {
    return fail("SignatureDoesNotMatch", 403, std::move(message));
}

/// Fifteen minutes to both sides; what is presigned may say less.
Result<void> check_time(const Claim& claim, TimePoint now) {
    const auto at = read_timestamp(claim.timestamp);
    const std::string day = claim.timestamp.substr(0, 8);
    if (!at || day != claim.date) {
        return mismatch(
            fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                        "'{}' != '{}', from '{}'.",
                        claim.date, day, claim.timestamp));
    }
    const std::chrono::seconds window = std::min<std::chrono::seconds>(kWindow, claim.expires.value_or(kWindow));
    if (*at + window < now) {
        return mismatch(fmt::format("Signature expired: {} is now earlier than {} ({} - {} {}.)", claim.timestamp,
                                    timestamp_of(now - window), timestamp_of(now),
                                    window == kWindow ? kWindow.count() : window.count(),
                                    window == kWindow ? "min" : "sec"));
    }
    if (*at > now + kWindow) {
        return mismatch(fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)",
                                    claim.timestamp, timestamp_of(now + kWindow), timestamp_of(now)));
    }
    return {};
}

/// Host and every x-amz-* header: what the server acts on may not be added on the way.
Result<void> check_signed_headers(const SignedRequest& request, const std::vector<std::string>& names) {
    const auto is_signed = [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (!is_signed("host")) {
        return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    }
    for (const auto& [key, value] : request.headers) {
        const std::string name = lower_case(key);
        if (name.starts_with("x-amz-") && !is_signed(name)) {
            return mismatch(fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name));
        }
    }
    return {};
}

/// The body's own digest is what is signed, for every service but S3: so a digest that a header states must be that.
Result<std::string> body_digest(const SignedRequest& request) {
    std::string actual = to_hex(sha256(request.body));
    const auto stated = first_header(request.headers, "x-amz-content-sha256");
    if (!stated || *stated == actual) return actual;
    if (*stated == "UNSIGNED-PAYLOAD" || stated->starts_with("STREAMING-")) {
        return mismatch(
            "The body must be signed whole: UNSIGNED-PAYLOAD and STREAMING-… in x-amz-content-sha256 are for Amazon S3 "
            "alone.");
    }
    return mismatch("The provided x-amz-content-sha256 header does not match the body.");
}

/// A path that reads as another one is signed like that one, so it is not taken for the one that was meant.
bool is_normal(std::string_view path) {
    return path.starts_with('/') && path.find("//") == std::string_view::npos &&
           (std::string(path) + "/").find("/./") == std::string::npos &&
           (std::string(path) + "/").find("/../") == std::string::npos;
}

}  // namespace

Headers sign(const SignedRequest& request, const Credentials& credentials, std::string_view region,
             std::string_view service, TimePoint now) {
    Headers added = {{"X-Amz-Date", timestamp_of(now)}};
    if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);
    Headers all = request.headers;
    all.insert(all.end(), added.begin(), added.end());
    std::vector<std::string> names;
    for (const auto& [name, value] : all) names.push_back(lower_case(name));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const Scope scope{
        .date = std::string_view(added.front().second).substr(0, 8), .region = region, .service = service};
    const SignedRequest complete{
        .method = request.method, .target = request.target, .headers = all, .body = request.body};
    const auto stated = first_header(all, "x-amz-content-sha256");
    const std::string digest = stated ? std::string(*stated) : to_hex(sha256(request.body));
    const std::string signature =
        signature_of(complete, false, names, digest, credentials.secret_access_key, added.front().second, scope);
    added.emplace_back("Authorization",
                       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                   credentials.access_key_id, scope.text(), fmt::join(names, ";"), signature));
    return added;
}

Result<void> check_signature(const SignedRequest& request, const Claim& claim, const Credentials& credentials,
                             TimePoint now) {
    if (auto ok = check_time(claim, now); !ok) return ok;
    if (auto ok = check_signed_headers(request, claim.signed_headers); !ok) return ok;
    if (!equal_constant_time(claim.session_token, credentials.session_token)) {
        return fail("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    }
    const auto digest = body_digest(request);
    if (!digest) return std::unexpected(digest.error());
    const Scope scope{.date = claim.date, .region = claim.region, .service = claim.service};
    const std::string expected = signature_of(request, claim.expires.has_value(), claim.signed_headers, *digest,
                                              credentials.secret_access_key, claim.timestamp, scope);
    const bool is_right = equal_constant_time(expected, claim.signature);
    if (is_right && is_normal(path_of(request.target))) return {};
    return mismatch(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.");
}

}  // namespace holdpoint::identity
