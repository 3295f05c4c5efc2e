// Over many chains: statements of their heads, erased fields, and what is handed over.
#include "approvals/domain/heads.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ranges>

#include "approvals/domain/erasures.hpp"
#include "approvals/domain/export_folder.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TimePoint kNow = parse_iso8601("2026-11-26T08:00:00Z").value();

KeyRing keys() {
    return KeyRing::make({{"k1", std::string(32, 's')}}).value();
}

void add_record(Trails& trails, const std::string& approval_id, const std::string& comments) {
    SeededRandom random(trails[approval_id].size());
    auto& chain = trails[approval_id];
    AuditEvent event{.event = "decided", .at = to_iso8601(kNow)};
    event.actor = "ann@x";
    event.details = {{"decision", "approved"}};
    event.personal = {{"comments", comments}, {"requester", "req@x"}};
    const AuditRecord* last = chain.empty() ? nullptr : &chain.back();
    chain.push_back(next_record(approval_id, last, event, random));
}

/// As `holdpoint audit erase` does it.
void erase_with_record(Trails& trails, const std::string& approval_id, std::size_t seq, const std::string& fields) {
    auto& chain = trails[approval_id];
    SeededRandom random(chain.size());
    AuditEvent event{.event = "erased", .at = to_iso8601(kNow)};
    event.details = {{"fields", fmt::format("record {}: {}", seq, fields)}};
    chain.push_back(next_record(approval_id, &chain.back(), event, random));
    std::vector<std::string> names;
    for (const auto name : std::views::split(fields, std::string_view(", ")))
        names.emplace_back(name.begin(), name.end());
    erase(chain[seq - 1], names);
}

Trails three_chains() {
    Trails trails;
    for (const std::string id : {"a", "b", "c"}) {
        for (int i = 0; i < 3; ++i) add_record(trails, id, "fine");
    }
    return trails;
}

TEST(Heads, TellWhatIsGone) {
    const Trails whole = three_chains();
    const HeadStatement head = make_head(heads_of(whole), nullptr, kNow, keys());
    EXPECT_THAT(verify_head(head, nullptr, keys()), IsEmpty());
    EXPECT_THAT(compare(head, whole), IsEmpty());

    Trails removed = whole;
    removed.erase("b");
    EXPECT_THAT(verify_trails(removed), IsEmpty()) << "by itself nobody sees it";
    EXPECT_THAT(compare(head, removed),
                ElementsAre("b: its whole chain of 3 records is gone (statement 1 of 2026-11-26T08:00:00.000Z)"));
    Trails cut = whole;
    cut["c"].pop_back();
    EXPECT_THAT(compare(head, cut),
                ElementsAre("c: its chain ends at record 2, but had 3: its end was cut off (statement 1 "
                            "of 2026-11-26T08:00:00.000Z)"));
    Trails anew = whole;
    anew.erase("a");
    for (int i = 0; i < 4; ++i) add_record(anew, "a", "forged");
    EXPECT_THAT(verify_trails(anew), IsEmpty());
    EXPECT_THAT(compare(head, anew), ElementsAre(HasSubstr("a: its chain up to record 3 is another one")));
    Trails hole = whole;
    add_record(hole, "a", "later");
    hole["a"].erase(hole["a"].begin() + 2);
    EXPECT_THAT(compare(head, hole), ElementsAre(HasSubstr("a: its record 3 is gone")));
    EXPECT_THAT(verify_trails(hole), ElementsAre("a record 4 (decided): record 3 is missing before it"));
    Trails reordered = whole;
    std::swap(reordered["a"][1], reordered["a"][2]);
    EXPECT_THAT(compare(head, reordered), IsEmpty()) << "nothing is gone";
    Trails grown = whole;
    add_record(grown, "a", "later");
    add_record(grown, "d", "new");
    EXPECT_THAT(compare(head, grown), IsEmpty());
    Trails copied = whole;
    copied["d"] = whole.at("a");
    EXPECT_THAT(verify_trails(copied), SizeIs(3));
}

TEST(Heads, FollowOneAnother) {
    Trails trails = three_chains();
    const HeadStatement first = make_head(heads_of(trails), nullptr, kNow, keys());
    add_record(trails, "a", "more");
    const HeadStatement second = make_head(heads_of(trails), &first, kNow, keys());
    EXPECT_THAT(verify_head(second, &first, keys()), IsEmpty());
    EXPECT_EQ(second.prev_hash, first.hash);
    EXPECT_THAT(verify_head(second, nullptr, keys()),
                ElementsAre(HasSubstr("statement 1 is missing before it"), HasSubstr("does not follow")));
    EXPECT_EQ(durable::from_json<HeadStatement>(Json::parse(durable::to_json(second).dump())), second);

    HeadStatement changed = second;
    changed.chains.pop_back();
    EXPECT_THAT(verify_head(changed, &first, keys()), ElementsAre(HasSubstr("was changed after it was written")));
    HeadStatement forged = second;
    forged.chains.pop_back();
    Trails fewer = trails;
    fewer.erase("c");
    forged = make_head(heads_of(fewer), &first, kNow, KeyRing::make({{"k1", std::string(32, 'x')}}).value());
    EXPECT_THAT(verify_head(forged, &first, keys()), ElementsAre(HasSubstr("its signature is not ours")));
    forged.key_id = "k9";
    EXPECT_THAT(verify_head(forged, &first, keys()), ElementsAre(HasSubstr("a key that is not known")));
}

TEST(Erasing, EmptiesValueAndSaltAndKeepsTheChain) {
    Trails trails = three_chains();
    auto& chain = trails["a"];
    const std::string digest = chain[1].digests.at("comments");
    erase_with_record(trails, "a", 2, "comments, actor");
    erase(chain[1], {"no such field"});
    EXPECT_THAT(verify_chain(chain), IsEmpty());
    EXPECT_EQ(chain[1].personal.at("comments"), PersonalField{});
    EXPECT_EQ(chain[1].personal.at("requester").value, "req@x");
    EXPECT_EQ(chain[1].digests.at("comments"), digest);
    EXPECT_THAT(erasures(chain),
                ElementsAre("a record 2 (decided): actor erased", "a record 2 (decided): comments erased"));
    erase(chain[1], {"comments"});
    EXPECT_THAT(erasures(chain), SizeIs(2));
    chain[1].personal["comments"].value = "never said";
    EXPECT_THAT(verify_chain(chain), SizeIs(1)) << "nothing comes back but what was there";
    chain[1].personal["comments"] = {};
    chain[2].personal["comments"].value.clear();
    EXPECT_THAT(verify_chain(chain), SizeIs(1)) << "a value that is gone while its salt is there";
}

TEST(Erasing, WhatNoRecordTellsOfIsAProblem) {
    constexpr auto kUntold =
        "a record 2 (decided): its fields actor, comments, requester are empty, and no record after it says that "
        "they were erased";
    const Trails whole = three_chains();
    Trails emptied = whole;
    emptied["a"][1].personal.clear();
    EXPECT_THAT(verify_trails(emptied), ElementsAre(kUntold));
    EXPECT_THAT(erasures(emptied["a"]), IsEmpty()) << "it was no erasure";
    const auto files = make_export(emptied, {}, "1.0.0", kNow, keys());
    EXPECT_THAT(verify_export(files).problems, ElementsAre(kUntold));

    Trails more = whole;
    erase_with_record(more, "a", 2, "comments");
    EXPECT_THAT(verify_trails(more), IsEmpty());
    erase(more["a"][1], {"actor"});
    erase(more["a"][0], {"comments"});
    EXPECT_THAT(
        verify_trails(more),
        ElementsAre("a record 1 (decided): its field comments is empty, and no record after it says that it was erased",
                    "a record 2 (decided): its field actor is empty, and no record after it says that it was erased"));
    EXPECT_THAT(erasures(more["a"]), ElementsAre("a record 2 (decided): comments erased"));

    Trails itself = whole;
    erase_with_record(itself, "a", 4, "actor");
    EXPECT_THAT(verify_trails(itself), ElementsAre(HasSubstr("a record 4 (erased): its field actor is empty")))
        << "only a later record tells of it";
    erase_with_record(itself, "a", 4, "actor");
    EXPECT_THAT(verify_trails(itself), IsEmpty());
}

TEST(Erasing, ARecordThatIsUnreadableTellsOfNothing) {
    for (const char* fields : {"", "record 1", "record 1:comments", "record 1: Comments", "record 11: comments",
                               "record x: comments", "1: comments", "record 1: comments "}) {
        Trails trails = three_chains();
        erase_with_record(trails, "a", 1, "comments");
        auto& record = trails["a"].back();
        record.details["fields"] = fields;
        record.hash = hash_of(record);
        EXPECT_THAT(verify_trails(trails), ElementsAre(HasSubstr("a record 1 (decided): its field comments is empty")))
            << fields;
    }
}

TEST(Personal, NothingMovesBetweenAFieldAndItsSalt) {
    Trails trails;
    add_record(trails, "a", "not fine");
    PersonalField& comments = trails["a"][0].personal["comments"];
    const PersonalField whole = comments;
    const auto problem = "a record 1 (decided): its field comments was changed after it was written";
    comments = {.value = "fine", .salt = whole.salt + "not "};
    EXPECT_THAT(verify_trails(trails), ElementsAre(problem)) << "the digest of both is the same";
    comments = {.value = whole.salt.substr(20) + whole.value, .salt = whole.salt.substr(0, 20)};
    EXPECT_THAT(verify_trails(trails), ElementsAre(problem));
    comments = {.value = whole.salt + whole.value, .salt = ""};
    EXPECT_THAT(verify_trails(trails), ElementsAre(problem));
    comments = whole;
    EXPECT_THAT(verify_trails(trails), IsEmpty());
}

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
    const ExportFile csv = to_csv(trails, "audit.csv");
    EXPECT_EQ(csv.rows, 11);
    EXPECT_EQ(std::count(csv.content.begin(), csv.content.end(), '\n'), 12);
    EXPECT_THAT(csv.content, HasSubstr(R"("'=cmd|'/c calc'!A1\r\n""and more""")"));
    EXPECT_THAT(csv.content,
                HasSubstr(R"("decided","","system","fine","{}","{""decision"":""approved""}","actor, requester")"));
    const ExportFile lines = to_json_lines(trails, "audit.jsonl");
    EXPECT_EQ(lines.rows, 11);
    EXPECT_EQ(std::count(lines.content.begin(), lines.content.end(), '\n'), 11);
    const std::string first = lines.content.substr(0, lines.content.find('\n'));
    EXPECT_EQ(durable::from_json<AuditRecord>(Json::parse(first)), trails["a"][0]);
}

TEST(Export, AManifestHoldsItsFiles) {
    Trails trails = three_chains();
    erase_with_record(trails, "a", 1, "actor");
    std::vector<ExportFile> files = {to_csv(trails, "audit.csv"), to_json_lines(trails, "audit.jsonl")};
    const Manifest manifest = make_manifest(trails, files, "1.0.0", kNow);
    EXPECT_EQ(manifest.approvals, 3);
    EXPECT_EQ(manifest.records, 10);
    EXPECT_EQ(manifest.erased_fields, 1);
    EXPECT_EQ(manifest.chains, heads_of(trails));
    EXPECT_THAT(manifest.problems, IsEmpty());
    EXPECT_EQ(durable::from_json<Manifest>(Json::parse(durable::to_json(manifest).dump())), manifest);
    EXPECT_THAT(verify_files(manifest, files), IsEmpty());
    files[0].content[5] = 'X';
    files.pop_back();
    EXPECT_THAT(verify_files(manifest, files),
                ElementsAre("audit.csv: was changed after it was exported", "audit.jsonl: is missing"));
    trails["b"][1].event = "other";
    EXPECT_THAT(make_manifest(trails, files, "1.0.0", kNow).problems, ElementsAre(HasSubstr("b record 2 (other)")));
}

TEST(ExportFolder, ProvesItself) {
    Trails trails = three_chains();
    erase_with_record(trails, "a", 1, "actor");
    const auto files = make_export(trails, {}, "1.0.0", kNow, keys());
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
    const auto files = make_export(trails, {"d record 1: expected an audit record"}, "1.0.0", kNow, keys());
    EXPECT_THAT(verify_export(files).problems,
                ElementsAre("b record 2 (other): was changed after it was written",
                            "d record 1: expected an audit record (when it was exported)"));
}

TEST(ExportFolder, EveryChangedByteIsFound) {
    const Trails trails = three_chains();
    StatementsFile statements;
    statements.add(make_head(heads_of(trails), nullptr, kNow, keys()));
    const auto files = make_export(trails, {}, "1.0.0", kNow, keys(), statements);
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
    const auto files = make_export(three_chains(), {}, "1.0.0", kNow, keys());
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
    signature.manifest_sha256 = manifest_digest(files);
    signature_file->content = durable::to_json(signature).dump() + "\n";
    return files;
}

TEST(ExportFolder, AManifestThatWasMadeAnewHidesNothing) {
    const auto files = make_export(three_chains(), {}, "1.0.0", kNow, keys());
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
    StatementsFile statements;
    statements.add(make_head(heads_of(trails), nullptr, kNow, keys()));
    const auto files = make_export(trails, {}, "1.0.0", kNow, keys(), statements);
    const auto problems_of = [&](const std::function<void(Manifest&)>& change) {
        auto changed = files;
        auto manifest = durable::from_json<Manifest>(Json::parse(changed[3].content));
        change(manifest);
        changed[3].content = durable::to_json(manifest).dump() + "\n";
        auto signature = durable::from_json<ManifestSignature>(Json::parse(changed[4].content));
        signature.manifest_sha256 = manifest_digest(changed);
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
    const auto files = make_export(three_chains(), {}, "1.0.0", kNow, keys());
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
    StatementsFile statements;
    const HeadStatement first = make_head(heads_of(whole), nullptr, kNow, keys());
    statements.add(first);
    Trails fewer = whole;
    fewer.erase("b");
    const HeadStatement second = make_head(heads_of(fewer), &first, kNow, keys());  // hides nothing
    statements.add(second);
    fewer["a"].pop_back();
    const auto files = make_export(fewer, {}, "1.0.0", kNow, keys(), statements);
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
    EXPECT_EQ(verify_export(make_export(whole, {}, "1.0.0", kNow, keys())).sealed.statements, 0);
}

TEST(ExportFolder, ItsStatementsAreThoseThatWereMade) {
    Trails trails = three_chains();
    std::vector<HeadStatement> made;
    ChainEnds written;
    ChainEnds read;
    for (int i = 0; i < 4; ++i) {
        made.push_back(make_head(heads_of(trails), made.empty() ? nullptr : &made.back(), kNow, keys()));
        if (i == 0) add_record(trails, "a", "more");
        if (i == 1) trails.erase("b");
        if (i == 2) add_record(trails, "0", "before all");
    }
    for (const HeadStatement& statement : made) {
        const StatementLine line = written.advance(statement);
        EXPECT_LE(line.chains.size(), statement.number == 1 ? 3U : 1U) << "what is said once is not said again";
        EXPECT_EQ(read.advance(durable::from_json<StatementLine>(Json::parse(durable::to_json(line).dump()))),
                  statement);
    }
}

TEST(ExportFolder, NamesWhatWasAddedOrIsNoRecord) {
    Trails trails = three_chains();
    auto files = make_export(trails, {}, "1.0.0", kNow, keys());
    add_record(trails, "c", "later");
    add_record(trails, "d", "new");
    files[0].content = to_json_lines(trails, files[0].name).content + "no JSON\n";
    const auto problems = verify_export(files).problems;
    EXPECT_THAT(problems, SizeIs(6));  // the CSV file has neither of them
    EXPECT_THAT(problems, ::testing::Contains(HasSubstr("c record 4 (decided): is not in the manifest")));
    EXPECT_THAT(problems, ::testing::Contains("d: its chain is not in the manifest: it was added"));
    EXPECT_THAT(problems, ::testing::Contains(HasSubstr("records.jsonl line 12: expected an audit record")));
}

TEST(Heads, ALaterStatementVouchesForOneWhoseKeyIsGone) {
    const Trails trails = three_chains();
    const HeadStatement head = make_head(heads_of(trails), nullptr, kNow, keys());
    const KeyRing later = KeyRing::make({{"k2", std::string(32, 't')}}).value();
    EXPECT_THAT(verify_head(head, nullptr, later), ElementsAre(HasSubstr("a key that is not known")));
    EXPECT_THAT(verify_head(head, nullptr, later, true), IsEmpty());
    HeadStatement forged = head;
    forged.chains.pop_back();
    EXPECT_THAT(verify_head(forged, nullptr, later, true), ElementsAre(HasSubstr("was changed after it was written")));
}

}  // namespace
}  // namespace holdpoint::approvals
