#include "approvals/use_cases/document_approval/document.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

namespace {

constexpr std::int64_t kVersionMax = 1'000'000'000;

std::string name_of(DocumentKind kind) {
    return boost::describe::enum_to_string(kind, "");
}

std::string read_digest(const Reader& reader) {
    constexpr std::size_t kDigits = 64;
    std::string digest = reader.text(256);
    const bool is_hex = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (digest.size() != kDigits || !is_hex)
        reader.expected("a SHA-256 digest: 64 hexadecimal digits in lower case", in_quotes(digest));
    return digest;
}

/// Of both, whoever is in either.
Approvers either(const Approvers& a, const Approvers& b) {
    Approvers both = a;
    for (const std::string& group : b.groups) add_once(both.groups, group);
    for (const std::string& person : b.people) add_once(both.people, person);
    return both;
}

}  // namespace

Result<DocumentRules> document_rules(Settings settings) {
    DocumentRules rules;
    rules.currency = settings.currency("CURRENCY");
    rules.budget_limit = settings.amount("BUDGET_LIMIT");
    rules.legal = settings.approvers("LEGAL");
    rules.finance = settings.approvers("FINANCE");
    rules.designers = settings.approvers("DESIGNERS");
    rules.directors = settings.approvers("DIRECTORS");
    return unless_wrong(std::move(rules), settings);
}

Result<Document> read_document(const durable::Json& event, const std::string& currency, std::int64_t timeout_max) {
    Reader::Problem problem;
    const Reader reader(&event, "", problem);
    reader.only({"document_id", "document_name", "kind", "version", "digest", "requester", "summary", "link", "amount",
                 "currency", "timeout_seconds"});
    Document document;
    document.document_id = reader.member("document_id").text(kIdMax);
    document.document_name = reader.member("document_name").text(kTextMax);
    document.kind = reader.member("kind").choice<DocumentKind>();
    document.version = reader.member("version").number(1, kVersionMax);
    document.digest = read_digest(reader.member("digest"));
    document.requester = reader.member("requester").text(kIdMax);
    if (reader.has("summary")) document.summary = reader.member("summary").text(kTextMax);
    if (reader.has("link")) document.link = reader.member("link").link();
    if (document.kind == DocumentKind::budget) {
        document.money = read_money(event, reader, currency);
    } else {
        for (const std::string_view member : {"amount", "currency"}) {
            if (reader.has(member)) reader.member(member).refuse("only a budget has one.");
        }
    }
    if (reader.has("timeout_seconds")) {
        document.timeout_seconds = reader.member("timeout_seconds").number(1, timeout_max);
    }
    if (problem) return fail("InvalidEvent", 400, std::move(*problem));
    return document;
}

Policy document_policy(const Document& document, const DocumentRules& rules) {
    Policy policy;
    policy.name = name_of(document.kind);
    switch (document.kind) {
        case DocumentKind::contract:
            policy.stages = {make_stage("review", either(rules.legal, rules.finance), 2),
                             make_stage("signature", rules.directors)};
            break;
        case DocumentKind::policy:
            policy.order = StageOrder::parallel;
            policy.stages = {make_stage("legal", rules.legal), make_stage("director", rules.directors)};
            break;
        case DocumentKind::design:
            policy.stages = {make_stage("design", rules.designers)};
            break;
        case DocumentKind::budget:
            policy.stages = {make_stage("finance", rules.finance)};
            if (document.money && document.money->cents > rules.budget_limit) {
                policy.stages.push_back(make_stage("director", rules.directors));
            }
            break;
    }
    return policy;
}

Request make_request(const Document& document, const DocumentRules& rules) {
    return {.document_id = document.document_id,
            .document_name = fmt::format("{}, version {}", document.document_name, document.version),
            .requester = document.requester,
            .fields = {{"Kind", name_of(document.kind)},
                       {"Version", std::to_string(document.version)},
                       {"Summary", document.summary.value_or("")},
                       {"Amount", document.money ? to_string(*document.money) : ""},
                       {"SHA-256", document.digest}},
            .link = document.link,
            .kind = ApprovalKind::document,
            .policy = document_policy(document, rules),
            .timeout_seconds = document.timeout_seconds};
}

}  // namespace holdpoint::approvals
