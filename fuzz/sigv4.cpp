// Signatures: nothing breaks the reader of a claim, nobody gets in by chance, and what we sign we accept.
// Input: method, target and headers (`Name:value`) in lines, an empty line, the body.
#include "identity/sigv4.hpp"
#include "fuzz/fuzz.hpp"

namespace {

using namespace holdpoint;
using namespace holdpoint::identity;

/// Shorter than any real signature's secret, longer than chance finds.
const Credentials kKey{.access_key_id = "AKIAEXAMPLE", .secret_access_key = "kLp9sVw2", .session_token = {}};
const TimePoint kNow = from_epoch_ms(1'764'104'400'000);  // 20251125T210000Z

/// Others are refused, whoever signed them.
bool reads_as_itself(std::string_view target) {
    const std::string path(target.substr(0, target.find('?')));
    const std::string whole = path + "/";
    return path.starts_with('/') && path.find("//") == std::string::npos && whole.find("/./") == std::string::npos &&
           whole.find("/../") == std::string::npos;
}

void check_claimed(const SignedRequest& request) {
    const auto claim = read_claim(request);
    if (!claim) return;
    (void)check_signature(request, *claim, kKey, kNow);
    Claim forged = *claim;
    forged.signature = std::string(64, '0');
    FUZZ_CHECK(!check_signature(request, forged, kKey, kNow), "a signature of zeros was accepted");
}

/// What the functions' socket takes instead.
void check_stated(const Headers& headers) {
    const Credentials session{
        .access_key_id = "ASIAEXAMPLE", .secret_access_key = "kLp9sVw2", .session_token = "tQ7xWb3n"};
    if (const auto claim = read_stated_claim(headers)) {
        FUZZ_CHECK(!is_stated_by(*claim, session), "a session's token was found by chance");
        FUZZ_CHECK(!is_stated_by(*claim, kKey), "a key without a token was stated");
    }
    const auto claim = read_stated_claim(state(session, "us-east-1", "lambda"));
    FUZZ_CHECK(claim && claim->service == "lambda" && is_stated_by(*claim, session), "our own statement was refused");
}

void check_signed(SignedRequest request, Headers headers) {
    // As the server sees them: names without regard to case, and none of those that signing adds.
    std::erase_if(headers, [](const auto& header) {
        return header.first.size() > 6 || header.first.find_first_of(",;= \t") != std::string::npos ||
               header.first.empty();
    });
    headers.emplace_back("Host", "localhost:4566");
    const auto added = sign({request.method, request.target, headers, request.body}, kKey, "us-east-1", "lambda", kNow);
    headers.insert(headers.end(), added.begin(), added.end());
    const SignedRequest sent{request.method, request.target, headers, request.body};
    const auto claim = read_claim(sent);
    FUZZ_CHECK(claim.has_value(), "our own claim cannot be read");
    FUZZ_CHECK(check_signature(sent, *claim, kKey, kNow).has_value() == reads_as_itself(request.target),
               "our own signature was refused, or taken at a path that reads as another one");
    const std::string other = std::string(request.body) + "x";
    FUZZ_CHECK(!check_signature({request.method, request.target, headers, other}, *claim, kKey, kNow),
               "a changed body was accepted");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    const std::string_view method = input.line();
    const std::string_view target = input.line();
    Headers headers;
    for (std::string_view line = input.line(); !line.empty(); line = input.line()) {
        fuzz::Input header(line);
        std::string name(header.until(':'));
        headers.emplace_back(std::move(name), std::string(header.rest()));
    }
    const SignedRequest request{method, target, headers, input.rest()};
    check_claimed(request);
    check_stated(headers);
    check_signed(request, headers);
    return 0;
}
