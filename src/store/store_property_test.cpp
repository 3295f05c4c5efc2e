#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <map>

#include "base/encoding.hpp"
#include "store/compact_store.hpp"
#include "store/store.hpp"

namespace holdpoint::store {
namespace {

using Model = std::map<std::string, std::string>;

std::vector<Row> model_scan(const Model& model, const std::string& from, const std::string& to, std::size_t limit,
                            bool reverse) {
    std::vector<Row> rows;
    for (const auto& [key, value] : model) {
        if (key >= from && (to.empty() || key < to)) rows.push_back({key, value});
    }
    if (reverse) std::ranges::reverse(rows);
    if (rows.size() > limit) rows.resize(limit);
    return rows;
}

/// Random transactions, some dropped, some committed; after each the store must agree with a plain map.
void agrees_with_a_map(Store& store) {
    Model model;
    const auto rounds = *rc::gen::inRange(1, 8);
    for (int round = 0; round < rounds; ++round) {
        Model next = model;
        auto transaction = store.begin();
        const auto keys = *rc::gen::container<std::vector<std::string>>(
            rc::gen::container<std::string>(rc::gen::elementOf(std::string("\0a\xff", 3))));
        for (const std::string& key : keys) {
            if (*rc::gen::arbitrary<bool>()) {
                std::string value = std::to_string(*rc::gen::inRange(0, 1000));
                // Long enough to be made compact, more or less alike.
                if (*rc::gen::arbitrary<bool>()) {
                    const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
                    value += std::string(*rc::gen::inRange<std::size_t>(0, 300), '{') + to_hex(bytes);
                }
                next[key] = value;
                transaction->apply({{Space::items, key, value}});
            } else {
                next.erase(key);
                transaction->apply({{Space::items, key, std::nullopt}});
            }
            RC_ASSERT(transaction->scan(Space::items, "", "", 1000) == model_scan(next, "", "", 1000, false));
        }
        if (*rc::gen::arbitrary<bool>()) {
            transaction->commit();
            model = next;
        }
        transaction.reset();
        const auto from = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\0a\xff", 3)));
        const auto to = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\0a\xff", 3)));
        const auto limit = *rc::gen::inRange<std::size_t>(1, 5);
        const auto reverse = *rc::gen::arbitrary<bool>();
        RC_ASSERT(store.snapshot()->scan(Space::items, from, to, limit, reverse) ==
                  model_scan(model, from, to, limit, reverse));
    }
}

RC_GTEST_PROP(Store, MemoryAgreesWithAMap, ()) {
    agrees_with_a_map(*make_memory_store());
}

RC_GTEST_PROP(Store, SqliteAgreesWithAMap, ()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "holdpoint-store-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    agrees_with_a_map(*open_sqlite_store(folder / "holdpoint.db"));
    std::filesystem::remove_all(folder);
}

RC_GTEST_PROP(Store, CompactAgreesWithAMap, ()) {
    agrees_with_a_map(*make_compact_store(make_memory_store()));
}

}  // namespace
}  // namespace holdpoint::store
