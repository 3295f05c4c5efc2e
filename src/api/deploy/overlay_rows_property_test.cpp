#include "api/deploy/overlay_rows.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "store/store.hpp"

namespace holdpoint::api {
namespace {

RC_GTEST_PROP(OverlayRowsProperty, ReadsAsIfItsWritesHadBeenMade, ()) {
    const auto below = store::make_memory_store();
    const auto expected = store::make_memory_store();
    const auto writes = [](int most) {
        std::vector<RowWrite> made;
        for (int i = *rc::gen::inRange(0, most); i > 0; --i) {
            RowWrite write{.space = Space::meta, .key = std::string(1, *rc::gen::inRange('a', 'i')), .value = {}};
            if (*rc::gen::arbitrary<bool>()) write.value = std::to_string(i);
            made.push_back(std::move(write));
        }
        return made;
    };
    const auto first = writes(8);
    const auto second = writes(8);
    const auto below_rows = below->begin();
    below_rows->apply(first);
    const auto expected_rows = expected->begin();
    expected_rows->apply(first);
    expected_rows->apply(second);
    OverlayRows overlay(*below_rows);
    overlay.apply(second);

    const std::string from(1, *rc::gen::inRange('a', 'i'));
    const std::string to = *rc::gen::arbitrary<bool>() ? std::string() : std::string(1, *rc::gen::inRange('a', 'j'));
    const auto limit = *rc::gen::inRange<std::size_t>(0, 9);
    const bool reverse = *rc::gen::arbitrary<bool>();
    RC_ASSERT(overlay.scan(Space::meta, from, to, limit, reverse) ==
              expected_rows->scan(Space::meta, from, to, limit, reverse));
    RC_ASSERT(overlay.get(Space::meta, from) == expected_rows->get(Space::meta, from));
    below_rows->apply(overlay.take());
    RC_ASSERT(below_rows->scan(Space::meta, "", "", 99, false) == expected_rows->scan(Space::meta, "", "", 99, false));
}

}  // namespace
}  // namespace holdpoint::api
