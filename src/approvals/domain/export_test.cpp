// What is handed over of many chains, and what is said of it later.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ranges>

#include "approvals/domain/erasures.hpp"
#include "approvals/domain/testing_trails.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {
namespace {

using namespace testing;
using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Export, CsvCellsAreTextAndOneLine) {
    EXPECT_EQ(csv_cell("plain"), R"("plain")");
    EXPECT_EQ(csv_cell(R"(say "yes", now)"), R"("say ""yes"", now")");
    EXPECT_EQ(csv_cell("one\r\n=two\n"), R"("one\r\n=two\n")");
    EXPECT_EQ(csv_cell(std::string_view("a\0b", 3)), R"("ab")");
    for (const std::string formula :
         {"=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\tx", "\n=1", "\rx", "＝1", "＠x"}) {
        EXPECT_THAT(csv_cell(formula), ::testing::StartsWith("\"'")) << formula;
    }
    EXPECT_EQ(csv_cell(""), R"("")");
}

TEST(Export, HasEveryRecordOnALine) {
    Trails trails = three_chains();
    add_record(trails, "c", "=cmd|'/c calc'!A1\r\n\"and more\"");
    erase_with_record(trails, "a", 1, "actor, requester");
    const auto files = make_export(trails);
    const std::string& csv = files[1].content;
    EXPECT_EQ(std::ranges::count(csv, '\n'), 12);
    EXPECT_THAT(csv, HasSubstr(R"("'=cmd|'/c calc'!A1\r\n""and more""")"));
    EXPECT_THAT(csv,
                HasSubstr(R"("decided","","system","fine","{}","{""decision"":""approved""}","actor, requester")"));
    const std::string& lines = files[0].content;
    EXPECT_EQ(std::ranges::count(lines, '\n'), 11);
    const std::string first = lines.substr(0, lines.find('\n'));
    EXPECT_EQ(durable::from_json<AuditRecord>(Json::parse(first)), trails["a"][0]);
}

Manifest manifest_of(const std::vector<ExportFile>& files) {
    return durable::from_json<Manifest>(Json::parse(files[3].content));
}

TEST(Export, AManifestHoldsItsFiles) {
    Trails trails = three_chains();
    add_record(trails, kPoliciesChain, "put");
    erase_with_record(trails, "a", 1, "actor");
    const auto files = make_export(trails);
    const Manifest manifest = manifest_of(files);
    EXPECT_EQ(manifest.approvals, 3);
    EXPECT_EQ(manifest.records, 11);
    EXPECT_EQ(manifest.erased_fields, 1);
    EXPECT_EQ(manifest.chains, heads_of(trails));
    EXPECT_THAT(manifest.problems, IsEmpty());
    ASSERT_THAT(manifest.files, SizeIs(3));
    for (std::size_t i = 0; i < 3; ++i) {
        const ManifestFile expected{.name = files[i].name,
                                    .sha256 = to_hex(sha256(files[i].content)),
                                    .bytes = std::ssize(files[i].content),
                                    .rows = i < 2 ? 11 : 0};
        EXPECT_EQ(manifest.files[i], expected);
    }
    EXPECT_EQ(durable::to_json(manifest).dump() + "\n", files[3].content);
    trails["b"][1].event = "other";
    trails["a"][1].event = "other";
    EXPECT_THAT(manifest_of(make_export(trails)).problems,
                ElementsAre(HasSubstr("a record 2 (other)"), HasSubstr("b record 2 (other)")));
}

TEST(ExportFolder, ProvesItself) {
    Trails trails = three_chains();
    erase_with_record(trails, "a", 1, "actor");
    const auto files = make_export(trails);
    const Verification found = verify_export(files);
    EXPECT_THAT(found.problems, IsEmpty());
    EXPECT_THAT(found.erased, ElementsAre("a record 1 (decided): actor erased"));
    EXPECT_EQ(found.approvals, 3);
    EXPECT_EQ(found.records, 10);
    EXPECT_THAT(verify_signature(files, keys()), IsEmpty());
    const KeyRing other = KeyRing::make({{"k1", std::string(32, 't')}}).value();
    EXPECT_THAT(verify_signature(files, other), ElementsAre("manifest.signature.json: its signature is not ours"));
    const KeyRing unknown = KeyRing::make({{"k2", std::string(32, 's')}}).value();
    EXPECT_THAT(verify_signature(files, unknown), ElementsAre(HasSubstr("a key that is not known")));
}

TEST(ExportFolder, TellsWhatWasWrongAlready) {
    Trails trails = three_chains();
    trails["b"][1].event = "other";
    const auto files = make_export(trails, {}, {"d record 1: expected an audit record"});
    EXPECT_THAT(verify_export(files).problems,
                ElementsAre("b record 2 (other): was changed after it was written",
                            "d record 1: expected an audit record (when it was exported)"));
}

TEST(ExportFolder, EveryChangedByteIsFound) {
    const Trails trails = three_chains();
    std::vector<WholeStatement> statements;
    statements.push_back(make_head(heads_of(trails), nullptr, kNow, keys()));
    const auto files = make_export(trails, statements);
    for (std::size_t i = 0; i < files.size(); ++i) {
        // The signature's own bytes are for those who have the keys.
        for (std::size_t at = 0; i < 4 && at < files[i].content.size(); at += 37) {
            auto changed = files;
            changed[i].content[at] = static_cast<char>(changed[i].content[at] ^ 1);
            EXPECT_FALSE(verify_export(changed).problems.empty()) << files[i].name << " byte " << at;
        }
        auto fewer = files;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_THAT(verify_export(fewer).problems, ::testing::Contains(files[i].name + ": is missing"));
    }
}

TEST(ExportFolder, NamesLinesThatStandElsewhereOrTwice) {
    const auto files = make_export(three_chains());
    const auto problems_of = [&](std::size_t file, auto change) {
        std::vector<std::string> lines;
        for (const auto line : std::views::split(files[file].content, '\n'))
            lines.emplace_back(line.begin(), line.end());
        change(lines);
        auto changed = files;
        changed[file].content.clear();
        for (const std::string& line : lines) changed[file].content += line.empty() ? line : line + "\n";
        return verify_export(changed).problems;
    };
    const auto swapped = [](std::size_t a) { return [a](auto& lines) { std::swap(lines[a], lines[a + 1]); }; };
    const auto doubled = [](std::size_t a) { return [a](auto& lines) { lines.insert(lines.begin() + 1, lines[a]); }; };
    EXPECT_THAT(problems_of(0, swapped(2)),
                ElementsAre("records.jsonl: was changed after it was exported",
                            "records.jsonl line 4: a record 3 (decided) stands after records of b: the lines are in "
                            "another order"))
        << "of two chains, both of which are whole";
    EXPECT_THAT(problems_of(1, swapped(4)),
                ElementsAre("records.csv: was changed after it was exported",
                            "records.csv line 5: b record 2 stands where b record 1 belongs: the lines are in another "
                            "order"));
    EXPECT_THAT(problems_of(1, doubled(3)), ElementsAre("records.csv: was changed after it was exported",
                                                        "records.csv line 5: a record 3 is there twice",
                                                        "records.csv line 2: a record 3 stands where a record 1 "
                                                        "belongs: the lines are in another order"));
}

/// With a manifest, and what names its digest, that fit the other files.
std::vector<ExportFile> with_manifest_anew(std::vector<ExportFile> files) {
    const auto file = [&](std::string_view name) { return std::ranges::find(files, name, &ExportFile::name); };
    const auto manifest_file = file(kManifestFile);
    auto manifest = durable::from_json<Manifest>(Json::parse(manifest_file->content));
    std::erase_if(manifest.files, [&](const ManifestFile& each) { return file(each.name) == files.end(); });
    for (ManifestFile& each : manifest.files) {
        each.sha256 = to_hex(sha256(file(each.name)->content));
        each.bytes = static_cast<std::int64_t>(file(each.name)->content.size());
    }
    manifest_file->content = durable::to_json(manifest).dump() + "\n";
    const auto signature_file = file(kSignatureFile);
    auto signature = durable::from_json<ManifestSignature>(Json::parse(signature_file->content));
    signature.manifest_sha256 = to_hex(sha256(manifest_file->content));
    signature_file->content = durable::to_json(signature).dump() + "\n";
    return files;
}

TEST(ExportFolder, AManifestThatWasMadeAnewHidesNothing) {
    const auto files = make_export(three_chains());
    EXPECT_THAT(verify_export(with_manifest_anew(files)).problems, IsEmpty());
    auto changed = files;
    changed[1].content.replace(changed[1].content.find("\"fine\""), 6, "\"poor\"");
    EXPECT_THAT(verify_export(with_manifest_anew(changed)).problems,
                ElementsAre("records.csv: its line of a record 1 is not what records.jsonl says, or is missing",
                            "records.csv line 2: is of no record in records.jsonl"));
    for (const std::size_t i : {0UL, 1UL}) {
        auto fewer = files;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_THAT(verify_export(with_manifest_anew(fewer)).problems, ElementsAre(files[i].name + ": is missing"));
    }
}

TEST(ExportFolder, AManifestCountsWhatIsThere) {
    Trails trails = three_chains();
    erase_with_record(trails, "a", 1, "actor");
    std::vector<WholeStatement> statements;
    statements.push_back(make_head(heads_of(trails), nullptr, kNow, keys()));
    const auto files = make_export(trails, statements);
    const auto problems_of = [&](const std::function<void(Manifest&)>& change) {
        auto changed = files;
        auto manifest = durable::from_json<Manifest>(Json::parse(changed[3].content));
        change(manifest);
        changed[3].content = durable::to_json(manifest).dump() + "\n";
        auto signature = durable::from_json<ManifestSignature>(Json::parse(changed[4].content));
        signature.manifest_sha256 = to_hex(sha256(changed[3].content));
        changed[4].content = durable::to_json(signature).dump() + "\n";
        return verify_export(changed).problems;
    };
    EXPECT_THAT(problems_of([](Manifest&) {}), IsEmpty());
    EXPECT_THAT(problems_of([](Manifest& m) { m.approvals = 2; }),
                ElementsAre("manifest.json: approvals: expected 3, found 2"));
    EXPECT_THAT(problems_of([](Manifest& m) { ++m.records; }),
                ElementsAre("manifest.json: records: expected 10, found 11"));
    EXPECT_THAT(problems_of([](Manifest& m) { m.erased_fields = 0; }),
                ElementsAre("manifest.json: erased_fields: expected 1, found 0"));
    EXPECT_THAT(problems_of([](Manifest& m) { m.files[1].rows = 9; }),
                ElementsAre("manifest.json: rows of records.csv: expected 10, found 9"));
    EXPECT_THAT(problems_of([](Manifest& m) { m.files[2].bytes = 0; }),
                ElementsAre(::testing::StartsWith("manifest.json: bytes of statements.jsonl: expected ")));
}

TEST(ExportFolder, ALineSaysNothingTwiceAndNothingThatIsNotProven) {
    const auto files = make_export(three_chains());
    // What is there twice is read so by one program, and otherwise by another.
    for (const auto& [what, instead] : {std::pair<std::string, std::string>{R"("seq":)", R"("seq":7,"seq":)"},
                                        {R"("comments":{)", R"("comments":{"value":"no","salt":"s"},"comments":{)"},
                                        {R"("event":)", R"("approved_by":"mallory","event":)"}}) {
        auto changed = files;
        changed[0].content.replace(changed[0].content.find(what), what.size(), instead);
        EXPECT_THAT(
            verify_export(with_manifest_anew(changed)).problems,
            ElementsAre("records.jsonl line 1: is written otherwise than an audit record is: it has more than the "
                        "members of one, or a member twice"))
            << instead;
    }
}

TEST(ExportFolder, NamesWhatItsStatementsHadAndIsGone) {
    const Trails whole = three_chains();
    std::vector<WholeStatement> statements;
    const WholeStatement first = make_head(heads_of(whole), nullptr, kNow, keys());
    statements.push_back(first);
    Trails fewer = whole;
    fewer.erase("b");
    const WholeStatement second = make_head(heads_of(fewer), &first, kNow, keys());  // hides nothing
    statements.push_back(second);
    fewer["a"].pop_back();
    const auto files = make_export(fewer, statements);
    const Verification found = verify_export(files);
    EXPECT_THAT(found.problems,
                ElementsAre(HasSubstr("a: its chain ends at record 2, but had 3"),
                            "b: its whole chain of 3 records is gone (statement 1 of 2026-11-26T08:00:00.000Z)"));
    EXPECT_EQ(found.sealed.statements, 2);
    EXPECT_EQ(found.sealed.signatures, 0);
    const KeyRing known = keys();
    EXPECT_EQ(verify_export(files, &known).sealed.signatures, 2);
    const KeyRing other = KeyRing::make({{"k1", std::string(32, 't')}}).value();
    EXPECT_THAT(verify_export(files, &other).problems, ::testing::Contains(HasSubstr("statement 2 of")));
    EXPECT_EQ(verify_export(make_export(whole)).sealed.statements, 0);
}

TEST(ExportFolder, ItsStatementsAreThoseThatWereMade) {
    Trails trails = three_chains();
    std::vector<WholeStatement> made;
    for (int i = 0; i < 4; ++i) {
        made.push_back(make_head(heads_of(trails), made.empty() ? nullptr : &made.back(), kNow, keys()));
        if (i == 0) add_record(trails, "a", "more");
        if (i == 1) trails.erase("b");
        if (i == 2) add_record(trails, "0", "before all");
    }
    const auto files = make_export(trails, made);
    std::istringstream lines(files[2].content);
    std::vector<std::size_t> named;
    std::vector<std::vector<std::string>> gone;
    for (std::string line; std::getline(lines, line);) {
        const auto statement = durable::from_json<StatementLine>(Json::parse(line));
        EXPECT_EQ(durable::to_json(statement).dump(), line);
        named.push_back(statement.chains.size());
        gone.push_back(statement.gone);
    }
    EXPECT_THAT(named, ElementsAre(3, 1, 0, 1)) << "what is said once is not said again";
    EXPECT_THAT(gone, ElementsAre(IsEmpty(), IsEmpty(), ElementsAre("b"), IsEmpty()));
    EXPECT_THAT(verify_export(files).problems, ElementsAre(HasSubstr("b: its whole chain of 3 records is gone")))
        << "each has the hash that it was made with";
}

TEST(ExportFolder, NamesWhatWasAddedOrIsNoRecord) {
    Trails trails = three_chains();
    auto files = make_export(trails);
    add_record(trails, "c", "later");
    add_record(trails, "d", "new");
    files[0].content = make_export(trails)[0].content + "no JSON\n";
    const auto problems = verify_export(files).problems;
    EXPECT_THAT(problems, SizeIs(6));  // the CSV file has neither of them
    EXPECT_THAT(problems, ::testing::Contains(HasSubstr("c record 4 (decided): is not in the manifest")));
    EXPECT_THAT(problems, ::testing::Contains("d: its chain is not in the manifest: it was added"));
    EXPECT_THAT(problems, ::testing::Contains(HasSubstr("records.jsonl line 12: expected an audit record")));
}

}  // namespace
}  // namespace holdpoint::approvals
