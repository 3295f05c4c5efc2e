#include "identity/sigv4.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/encoding.hpp"

namespace holdpoint::identity {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::chrono::minutes kWindow{15};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = lower(c);
    return result;
}

/// `name` is in small letters.
bool is_named(std::string_view text, std::string_view name) {
    return text.size() == name.size() &&
           std::equal(text.begin(), text.end(), name.begin(), [](char a, char b) { return lower(a) == b; });
}

/// Without spaces at the ends, and inner runs of spaces as one.
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

std::optional<std::string_view> header(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (is_named(key, name)) return value;
    }
    return std::nullopt;
}

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const std::size_t mark = target.find('?');
    std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
        pairs.emplace_back(percent_decode(part.substr(0, equals)), percent_decode(value));
    }
    return pairs;
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

std::string canonical_query(std::string_view target) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : query_of(target)) {
        if (name == "X-Amz-Signature") continue;
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
            if (!is_named(key, name)) continue;
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

std::string signature_of(const SignedRequest& request, const std::vector<std::string>& names,
                         std::string_view body_digest, std::string_view secret, std::string_view timestamp,
                         const Scope& scope) {
    const std::string canonical = fmt::format(
        "{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(path_of(request.target)),
        canonical_query(request.target), canonical_headers(request.headers, names), fmt::join(names, ";"), body_digest);
    const std::string to_sign =
        fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, scope.text(), to_hex(sha256(canonical)));
    return to_hex(hmac_sha256(signing_key(secret, scope), to_sign));
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

std::unexpected<Error> incomplete(std::string message) {
    return fail("IncompleteSignature", 400, std::move(message));
}

Result<void> read_credential(std::string_view credential, Claim& claim) {
    std::vector<std::string> parts;
    for (std::string_view rest = credential;; rest.remove_prefix(parts.back().size() + 1)) {
        parts.emplace_back(rest.substr(0, rest.find('/')));
        if (parts.back().size() == rest.size()) break;
    }
    if (parts.size() != 5 || parts[4] != "aws4_request") {
        return incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/aws4_request.");
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

Result<Claim> read_presigned(const SignedRequest& request) {
    Claim claim;
    for (const auto& [name, value] : query_of(request.target)) {
        if (name == "X-Amz-Credential") {
            if (auto ok = read_credential(value, claim); !ok) return std::unexpected(ok.error());
        }
        if (name == "X-Amz-SignedHeaders") read_signed_headers(value, claim);
        if (name == "X-Amz-Signature") claim.signature = value;
        if (name == "X-Amz-Date") claim.timestamp = value;
        if (name == "X-Amz-Security-Token") claim.session_token = value;
    }
    if (claim.access_key_id.empty() || claim.signature.empty() || claim.timestamp.empty()) {
        return incomplete(
            "A presigned request needs X-Amz-Credential, X-Amz-Date, X-Amz-SignedHeaders and "
            "X-Amz-Signature.");
    }
    return claim;
}

/// The digest that the signature covers; refused when it is not that of the body.
Result<std::string> body_digest(const SignedRequest& request) {
    std::string actual = to_hex(sha256(request.body));
    const auto stated = header(request.headers, "x-amz-content-sha256");
    if (!stated) return actual;
    if (stated->starts_with("STREAMING-")) {
        return fail("InvalidRequest", 400, "Streaming (chunked) payload signatures are not supported by this service.");
    }
    if (*stated != kUnsigned && *stated != actual) {
        return fail("SignatureDoesNotMatch", 403, "The provided x-amz-content-sha256 header does not match the body.");
    }
    return std::string(*stated);
}

}  // namespace

Headers sign(const SignedRequest& request, const Credentials& credentials, std::string_view region,
             std::string_view service, TimePoint now) {
    Headers added = {{"X-Amz-Date", timestamp_of(now)}};
    if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);
    Headers all = request.headers;
    all.insert(all.end(), added.begin(), added.end());
    std::vector<std::string> names;
    for (const auto& [name, value] : all) names.push_back(lower(name));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const Scope scope{
        .date = std::string_view(added.front().second).substr(0, 8), .region = region, .service = service};
    const SignedRequest complete{
        .method = request.method, .target = request.target, .headers = all, .body = request.body};
    const auto stated = header(all, "x-amz-content-sha256");
    const std::string digest = stated ? std::string(*stated) : to_hex(sha256(request.body));
    const std::string signature =
        signature_of(complete, names, digest, credentials.secret_access_key, added.front().second, scope);
    added.emplace_back("Authorization",
                       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                   credentials.access_key_id, scope.text(), fmt::join(names, ";"), signature));
    return added;
}

Result<Claim> read_claim(const SignedRequest& request) {
    const auto authorization = header(request.headers, "authorization");
    if (!authorization) {
        if (request.target.find("X-Amz-Signature=") != std::string_view::npos) return read_presigned(request);
        return fail("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
    }
    if (!authorization->starts_with(kAlgorithm)) {
        return incomplete(fmt::format("Unsupported AWS 'algorithm': expected {}.", kAlgorithm));
    }
    Claim claim;
    std::string_view rest = authorization->substr(kAlgorithm.size());
    while (!rest.empty()) {
        const std::string_view whole = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), whole.size() + 1));
        const std::string part = trimmed(whole);
        const std::string_view view = part;
        if (view.starts_with("Credential=")) {
            if (auto ok = read_credential(view.substr(11), claim); !ok) return std::unexpected(ok.error());
        } else if (view.starts_with("SignedHeaders=")) {
            read_signed_headers(view.substr(14), claim);
        } else if (view.starts_with("Signature=")) {
            claim.signature = view.substr(10);
        }
    }
    claim.timestamp = header(request.headers, "x-amz-date").value_or("");
    claim.session_token = header(request.headers, "x-amz-security-token").value_or("");
    std::vector<std::string_view> missing;
    if (claim.access_key_id.empty()) missing.emplace_back("'Credential' parameter");
    if (claim.signature.empty()) missing.emplace_back("'Signature' parameter");
    if (claim.signed_headers.empty()) missing.emplace_back("'SignedHeaders' parameter");
    if (claim.timestamp.empty()) missing.emplace_back("'X-Amz-Date' header");
    if (missing.empty()) return claim;
    return incomplete(fmt::format("Authorization header requires {}.", fmt::join(missing, ", ")));
}

Result<void> check_signature(const SignedRequest& request, const Claim& claim, const Credentials& credentials,
                             TimePoint now) {
    const auto at = read_timestamp(claim.timestamp);
    if (!at || claim.timestamp.substr(0, 8) != claim.date) {
        return fail("SignatureDoesNotMatch", 403,
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP");
    }
    if (*at + kWindow < now) {
        return fail("SignatureDoesNotMatch", 403,
                    fmt::format("Signature expired: {} is now earlier than {} ({} - 15 min.)", claim.timestamp,
                                timestamp_of(now - kWindow), timestamp_of(now)));
    }
    if (*at > now + kWindow) {
        return fail("SignatureDoesNotMatch", 403,
                    fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)", claim.timestamp,
                                timestamp_of(now + kWindow), timestamp_of(now)));
    }
    const auto& names = claim.signed_headers;
    if (std::find(names.begin(), names.end(), "host") == names.end()) {
        return fail("SignatureDoesNotMatch", 403, "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    }
    if (!equal_constant_time(claim.session_token, credentials.session_token)) {
        return fail("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    }
    const auto digest = body_digest(request);
    if (!digest) return std::unexpected(digest.error());
    const Scope scope{.date = claim.date, .region = claim.region, .service = claim.service};
    const std::string expected =
        signature_of(request, names, *digest, credentials.secret_access_key, claim.timestamp, scope);
    if (equal_constant_time(expected, claim.signature)) return {};
    return fail("SignatureDoesNotMatch", 403,
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.");
}

}  // namespace holdpoint::identity
