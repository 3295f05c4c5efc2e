#include "identity/sigv4.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "identity/sigv4_parts.hpp"

namespace holdpoint::identity {

void append_trimmed(std::string& out, std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t end = text.find_last_not_of(kBlanks) + 1;
    bool is_first = true;
    for (std::size_t at = text.find_first_not_of(kBlanks); at < end; at = text.find_first_not_of(kBlanks, at)) {
        const std::size_t stop = std::min(text.find_first_of(kBlanks, at), end);
        if (!std::exchange(is_first, false)) out += ' ';
        out.append(text, at, stop - at);
        at = stop;
    }
}

std::string trimmed(std::string_view text) {
    std::string result;
    append_trimmed(result, text);
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
    std::string extended = "....-..-..T..:..:..Z";
    for (std::size_t from = 0, to = 0; from < 15; ++from, ++to) {
        if (from == 8) continue;  // the T
        if (extended[to] != '.') ++to;
        extended[to] = text[from];
    }
    const auto time = parse_iso8601(extended);
    if (!time) return std::nullopt;
    return *time;
}

namespace {

constexpr std::chrono::minutes kWindow{15};

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

/// A path that is what it seems to be: nothing in it is resolved.
bool is_resolved(std::string_view path) {
    return path.starts_with('/') && path.find("//") == std::string_view::npos &&
           path.find("/./") == std::string_view::npos && path.find("/../") == std::string_view::npos &&
           !path.ends_with("/.") && !path.ends_with("/..");
}

std::string resolved(std::string_view path) {
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
    for (const std::string_view segment : segments) result.append("/").append(segment);
    if (result.empty() || (path.ends_with('/') && path.size() > 1)) result += '/';
    return result;
}

/// The path is encoded once more (as every service but S3 wants it), after `.`, `..` and empty segments are resolved.
void append_path(std::string& out, std::string_view path) {
    constexpr bool kKeepSlash = true;
    if (is_resolved(path)) return append_percent_encoded(out, path, kKeepSlash);
    append_percent_encoded(out, resolved(path), kKeepSlash);
}

/// A presigned URL carries its signature where the rest is signed.
std::string canonical_query(std::string_view target, bool is_presigned) {
    if (target.find('?') == std::string_view::npos) return {};
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

void append_headers(std::string& out, const Headers& headers, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        out.append(name).append(":");
        const std::size_t start = out.size();
        for (const auto& [key, value] : headers) {
            if (!equal_ignoring_case(key, name)) continue;
            if (out.size() > start) out += ',';
            append_trimmed(out, value);
        }
        out += '\n';
    }
}

void append_names(std::string& out, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (&name != &names.front()) out += ';';
        out += name;
    }
}

struct Scope {
    std::string_view date;
    std::string_view region;
    std::string_view service;

    void append_to(std::string& out) const {
        out.append(date).append("/").append(region).append("/").append(service).append("/aws4_request");
    }
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
    std::string name;
    name.reserve(secret.size() + 64);
    name.append(secret).append("/");
    scope.append_to(name);
    if (const auto known = kept.find(name); known != kept.end()) return known->second;
    if (kept.size() >= kKeptMax) kept.clear();
    return kept.emplace(name, derive_key(secret, scope)).first->second;
}

/// Each text that is signed is written in one piece: every request has one, and a dozen small ones cost more than
/// the digest.
std::string signature_of(const SignedRequest& request, bool is_presigned, const std::vector<std::string>& names,
                         std::string_view body_digest, std::string_view secret, std::string_view timestamp,
                         const Scope& scope) {
    std::string canonical;
    canonical.reserve(1024 + request.target.size());
    canonical.append(request.method).append("\n");
    append_path(canonical, path_of(request.target));
    canonical.append("\n").append(canonical_query(request.target, is_presigned)).append("\n");
    append_headers(canonical, request.headers, names);
    canonical += '\n';
    append_names(canonical, names);
    canonical.append("\n").append(body_digest);

    std::string to_sign;
    to_sign.reserve(256);
    to_sign.append(kAlgorithm).append("\n").append(timestamp).append("\n");
    scope.append_to(to_sign);
    to_sign.append("\n").append(to_hex(sha256(canonical)));
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
    constexpr std::string_view kAmazons = "x-amz-";
    for (const auto& [key, value] : request.headers) {
        if (!equal_ignoring_case(std::string_view(key).substr(0, kAmazons.size()), kAmazons)) continue;
        if (const std::string name = lower_case(key); !is_signed(name)) {
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

}  // namespace

Headers sign(const SignedRequest& request, const Credentials& credentials, std::string_view region,
             std::string_view service, TimePoint now) {
    Headers added = {{"X-Amz-Date", timestamp_of(now)}};
    if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);
    Headers all;
    all.reserve(request.headers.size() + added.size());
    all.insert(all.end(), request.headers.begin(), request.headers.end());
    all.insert(all.end(), added.begin(), added.end());
    std::vector<std::string> names;
    names.reserve(all.size());
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
    std::string authorization;
    authorization.reserve(320);
    authorization.append(kAlgorithm).append(" Credential=").append(credentials.access_key_id).append("/");
    scope.append_to(authorization);
    authorization += ", SignedHeaders=";
    append_names(authorization, names);
    authorization.append(", Signature=").append(signature);
    added.emplace_back("Authorization", std::move(authorization));
    return added;
}

Headers state(const Credentials& credentials, std::string_view region, std::string_view service) {
    // A scope has a date, which says nothing where nothing is signed.
    const Scope scope{.date = "-", .region = region, .service = service};
    std::string authorization;
    authorization.reserve(128);
    authorization.append(kStated).append(credentials.access_key_id).append("/");
    scope.append_to(authorization);
    Headers added;
    added.reserve(2);
    added.emplace_back("X-Amz-Security-Token", credentials.session_token);
    added.emplace_back("Authorization", std::move(authorization));
    return added;
}

bool is_stated_by(const Claim& claim, const Credentials& credentials) {
    return !credentials.session_token.empty() && equal_constant_time(claim.session_token, credentials.session_token);
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
    // A path that reads as another one is signed like that one, so it is not taken for the one that was meant.
    if (is_right && is_resolved(path_of(request.target))) return {};
    return mismatch(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.");
}

}  // namespace holdpoint::identity
