// IAM policy documents, and SNS filter policies: what is accepted can be evaluated, and a denial wins.
// Input: `i` and a document, or `f`, a message attribute's type and value in lines, and a filter policy.
#include "identity/policy.hpp"
#include "fuzz/fuzz.hpp"
#include "topics/filter_policy.hpp"

namespace {

using namespace holdpoint;

void check_iam(std::string_view text) {
    const auto policy = identity::parse_policy(text);
    if (!policy) return;
    const identity::Access access{.action = "dynamodb:PutItem",
                                  .resource = "arn:aws:dynamodb:us-east-1:000000000000:table/orders",
                                  .context = [](std::string_view key) -> std::vector<std::string> {
                                      if (key == "aws:PrincipalAccount") return {"000000000000"};
                                      if (key == "aws:PrincipalArn") return {"arn:a"};
                                      if (key == "dynamodb:LeadingKeys") return {"a", "b"};
                                      return {};
                                  }};
    const auto verdict = identity::evaluate({*policy}, access);
    static const identity::Policy kDeny =
        identity::parse_policy(R"({"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]})").value();
    FUZZ_CHECK(identity::evaluate({*policy, kDeny}, access) == identity::Verdict::explicitly_denied,
               "an allow won over a denial");
    (void)identity::refusal_text("arn:a", access, verdict);
}

void check_filter(fuzz::Input input) {
    const std::string type(input.line());
    const std::string value(input.line());
    if (topics::check_filter_policy(input.rest(), topics::FilterScope::message_attributes)) {
        (void)topics::passes_filter_policy(input.rest(), {});
        (void)topics::passes_filter_policy(input.rest(), {{"a", {.type = type, .value = value}}});
    }
    if (topics::check_filter_policy(input.rest(), topics::FilterScope::message_body)) {
        (void)topics::passes_body_filter_policy(input.rest(), "{}");
        (void)topics::passes_body_filter_policy(input.rest(), value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    const std::uint8_t kind = input.byte();
    if (kind == 'i') check_iam(input.rest());
    if (kind == 'f') check_filter(input);
    return 0;
}
