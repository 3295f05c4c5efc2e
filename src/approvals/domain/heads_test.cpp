// Over many chains: statements of their heads, and erased fields.
#include "approvals/domain/heads.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/domain/erasures.hpp"
#include "approvals/domain/testing_trails.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using namespace testing;

TEST(Heads, TellWhatIsGone) {
    const Trails whole = three_chains();
    const WholeStatement head = make_head(heads_of(whole), nullptr, kNow, keys());
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

TEST(Heads, HaveTheHashThatIsDocumented) {
    const std::string nothing_before(64, '0');
    const auto head = make_head({{.approval_id = "ab", .seq = 3, .hash = "cde"}}, nullptr, kNow, keys());
    const std::string text = "1;24:2026-11-26T08:00:00.000Z;" + nothing_before + ";2:ab;3;3:cde;";
    EXPECT_EQ(head.hash, to_hex(sha256(text)));
}

TEST(Heads, FollowOneAnother) {
    Trails trails = three_chains();
    const WholeStatement first = make_head(heads_of(trails), nullptr, kNow, keys());
    add_record(trails, "a", "more");
    const WholeStatement second = make_head(heads_of(trails), &first, kNow, keys());
    EXPECT_THAT(verify_head(second, &first, keys()), IsEmpty());
    EXPECT_EQ(second.prev_hash, first.hash);
    EXPECT_THAT(verify_head(second, nullptr, keys()),
                ElementsAre(HasSubstr("statement 1 is missing before it"), HasSubstr("does not follow")));

    WholeStatement changed = second;
    changed.chains.pop_back();
    EXPECT_THAT(verify_head(changed, &first, keys()), ElementsAre(HasSubstr("was changed after it was written")));
    WholeStatement forged = second;
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
    const auto files = make_export(emptied);
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

TEST(Heads, ALaterStatementVouchesForOneWhoseKeyIsGone) {
    const Trails trails = three_chains();
    const WholeStatement head = make_head(heads_of(trails), nullptr, kNow, keys());
    const KeyRing later = KeyRing::make({{"k2", std::string(32, 't')}}).value();
    EXPECT_THAT(verify_head(head, nullptr, later), ElementsAre(HasSubstr("a key that is not known")));
    EXPECT_THAT(verify_head(head, nullptr, later, true), IsEmpty());
    WholeStatement forged = head;
    forged.chains.pop_back();
    EXPECT_THAT(verify_head(forged, nullptr, later, true), ElementsAre(HasSubstr("was changed after it was written")));
}

}  // namespace
}  // namespace holdpoint::approvals
