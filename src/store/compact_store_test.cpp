// Compact stores: everything reads as it was written, what is alike takes little room, and damage is found.
#include "store/compact_store.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/encoding.hpp"
#include "base/seal.hpp"
#include "store/sealed_store.hpp"

namespace holdpoint::store {
namespace {

namespace fs = std::filesystem;

std::string journal_entry() {
    const std::string id = to_hex(sha256("1"));
    return fmt::format(
        R"([{{"k":"started","at":1800000000000,"id":"{}","type":"STEP","name":"charge the card","sub":"Step"}},)"
        R"({{"k":"succeeded","at":1800000000000,"id":"{}","payload":"{{\"receipt\":\"R-17\"}}","n":1}}])",
        id, id);
}

class CompactStoreTest : public ::testing::Test {
protected:
    CompactStoreTest() {
        char name[] = "/tmp/holdpoint_compact_XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~CompactStoreTest() override { fs::remove_all(folder_); }
    CompactStoreTest(const CompactStoreTest&) = delete;
    CompactStoreTest& operator=(const CompactStoreTest&) = delete;

    [[nodiscard]] std::unique_ptr<Store> plain() const { return open_sqlite_store(folder_ + "/holdpoint.db"); }
    [[nodiscard]] std::unique_ptr<Store> compact() const { return make_compact_store(plain()); }
    static void write(Store& store, const std::vector<RowWrite>& rows) {
        const auto transaction = store.begin();
        transaction->apply(rows);
        for (const auto& row : rows) EXPECT_EQ(transaction->get(row.space, row.key), row.value) << "in its transaction";
        transaction->commit();
    }
    [[nodiscard]] std::string on_disk(Space space, std::string_view key) const {
        return plain()->snapshot()->get(space, key).value();
    }

    std::string folder_;
};

TEST_F(CompactStoreTest, ReadsWhatItWroteAndKeepsAThirdOfIt) {
    const std::string entry = journal_entry();
    write(*compact(), {{Space::journal, "1", entry}, {Space::journal, "2", entry}});
    const auto rows = compact()->snapshot()->scan(Space::journal, "1", "3", 10);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].value, entry);
    EXPECT_EQ(rows[1].value, entry);
    EXPECT_TRUE(is_compact(on_disk(Space::journal, "1")));
    EXPECT_LT(on_disk(Space::journal, "1").size(), entry.size() / 3);
}

TEST_F(CompactStoreTest, WhatIsShortOrSeldomStaysReadable) {
    const std::string configuration(1000, 'x');
    write(*compact(), {{Space::journal, "1", "[]"}, {Space::timers, "t", ""}, {Space::functions, "f", configuration}});
    EXPECT_EQ(on_disk(Space::journal, "1"), "[]");
    EXPECT_EQ(on_disk(Space::timers, "t"), "");
    EXPECT_EQ(on_disk(Space::functions, "f"), configuration);
}

TEST_F(CompactStoreTest, WhatWasThereBeforeIsReadAndBecomesCompactWhenItIsWrittenAgain) {
    write(*plain(), {{Space::items, "i", journal_entry()}});
    EXPECT_EQ(compact()->snapshot()->get(Space::items, "i"), journal_entry());
    write(*compact(), {{Space::items, "i", journal_entry()}});
    EXPECT_TRUE(is_compact(on_disk(Space::items, "i")));
}

// What is on disk stays readable whatever dictionary comes after: schema 4's, and that of today.
TEST_F(CompactStoreTest, WhatAnyVersionMadeCompactIsRead) {
    for (const std::string_view kept :
         {"9WA2APUBANA4Y2hhcmdlIHRoZSBjYXJyZWNlaXB0Ui0xNwoA2oFM2ANbgw8cMKQ3AckDS603f1BPgQgogAW0px17Sg4C",
          "9mA2AMUBAKPBBY3GB0XYMAJTDAUFqRssSJEbDAgKCqI8CvzawcMe3OBTypAW2eSh1atRTyGiQAg0WPZ8YUYL"}) {
        write(*plain(), {{Space::journal, "1", base64_decode(kept).value()}});
        EXPECT_TRUE(is_compact(on_disk(Space::journal, "1")));
        EXPECT_EQ(compact()->snapshot()->get(Space::journal, "1"), journal_entry());
    }
}

TEST_F(CompactStoreTest, WhatDoesNotGetShorterStaysAsItIs) {
    std::string noise;
    for (int i = 0; i < 10; ++i) noise += sha256(std::to_string(i));
    for (const std::string begin : {"{", "\xf5", "\xf6", "\x01HP\x01"}) {
        write(*compact(), {{Space::items, "i", begin + noise}, {Space::items, "short", begin}});
        EXPECT_EQ(compact()->snapshot()->get(Space::items, "i"), begin + noise);
        EXPECT_EQ(compact()->snapshot()->get(Space::items, "short"), begin);
    }
}

TEST_F(CompactStoreTest, DamageIsFound) {
    write(*compact(), {{Space::items, "i", journal_entry()}});
    std::string value = on_disk(Space::items, "i");
    const auto reads = [&](const std::string& damaged) {
        write(*plain(), {{Space::items, "i", damaged}});
        return compact()->snapshot()->get(Space::items, "i");
    };
    EXPECT_THROW((void)reads(value.substr(0, value.size() / 2)), std::runtime_error);
    EXPECT_THROW((void)reads(value.substr(0, 1)), std::runtime_error);
    EXPECT_THROW((void)reads(value.substr(0, 1) + std::string(40, '\0')), std::runtime_error);
}

TEST_F(CompactStoreTest, AValueIsSealedAfterItBecameCompact) {
    const SealKey key = SealKey::make();
    const auto open = [&] { return make_compact_store(make_sealed_store(plain(), key)); };
    write(*open(), {{Space::journal, "1", journal_entry()}});
    EXPECT_EQ(open()->snapshot()->get(Space::journal, "1"), journal_entry());
    const std::string sealed = on_disk(Space::journal, "1");
    EXPECT_TRUE(is_sealed(sealed));
    EXPECT_LT(sealed.size(), journal_entry().size() / 2);
}

}  // namespace
}  // namespace holdpoint::store
