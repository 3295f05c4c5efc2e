// Exports: whatever the trails hold proves itself, and whichever byte is another one afterwards is noticed.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "approvals/domain/erasures.hpp"
#include "approvals/domain/testing_trails.hpp"

namespace holdpoint::approvals {
namespace {

using namespace testing;

std::string text() {
    return *rc::gen::element<std::string>("", "ann@x", "ünï", "\"quoted\"", "=1+1", " -1", "line\r\n=line\n", "\\n",
                                          "\t", std::string("a\0b", 3), "\u2028", "＝x", "{}", std::string(100, 'z'));
}

/// With what happens to a chain: somebody does something, or fields of something are erased.
void add_record(std::vector<AuditRecord>& chain, const std::string& approval_id, Random& random) {
    AuditEvent event{.event = "decided", .at = to_iso8601(kNow)};
    event.actor = text();
    event.details = {{"decision", text()}, {text(), text()}};
    event.personal = {{"comments", text()}, {"requester", text()}};
    const bool erases = !chain.empty() && *rc::gen::arbitrary<bool>();
    if (erases) {
        AuditRecord& record = **rc::gen::element<AuditRecord*>(&chain.front(), &chain.back());
        const Erasure erasure{.seq = record.seq, .fields = {"actor", "comments"}};
        event = erasure_event({erasure});
        erase(record, erasure.fields);
    }
    chain.push_back(next_record(approval_id, chain.empty() ? nullptr : &chain.back(), event, random));
}

std::vector<ExportFile> any_export() {
    SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
    Trails trails;
    std::vector<WholeStatement> statements;
    std::optional<WholeStatement> last;
    const int records = *rc::gen::inRange(0, 12);
    for (int i = 0; i < records; ++i) {
        const auto id = *rc::gen::element<std::string>("a", "b", "c/ü", kPoliciesChain);
        add_record(trails[id], id, random);
        if (*rc::gen::inRange(0, 3) != 0) continue;
        last = make_head(heads_of(trails), last ? &*last : nullptr, kNow, keys());
        statements.push_back(*last);
    }
    return make_export(trails, statements);
}

std::vector<std::string> problems_of(const std::vector<ExportFile>& files) {
    const KeyRing ring = keys();
    std::vector<std::string> problems = verify_export(files, &ring).problems;
    for (std::string& problem : verify_signature(files, ring)) problems.push_back(std::move(problem));
    return problems;
}

TEST(ExportProperties, AnExportProvesItselfAndNoByteOfItIsAnotherOneUnseen) {
    EXPECT_TRUE(rc::check([] {
        auto files = any_export();
        RC_ASSERT(problems_of(files).empty());
        std::string& content = files[*rc::gen::inRange<std::size_t>(0, files.size())].content;
        RC_PRE(!content.empty());
        char& byte = content[*rc::gen::inRange<std::size_t>(0, content.size())];
        byte = *rc::gen::distinctFrom(byte);
        RC_ASSERT(!problems_of(files).empty());
    }));
}

TEST(ExportProperties, NoPartOfAnExportIsTakenOutUnseen) {
    EXPECT_TRUE(rc::check([] {
        auto files = any_export();
        std::string& content = files[*rc::gen::inRange<std::size_t>(0, files.size())].content;
        RC_PRE(content.size() > 1);
        const auto begin = *rc::gen::inRange<std::size_t>(0, content.size() - 1);
        // The line feed at the end of the signature alone says nothing.
        content.erase(begin, *rc::gen::inRange<std::size_t>(1, content.size() - begin));
        RC_ASSERT(!problems_of(files).empty());
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
