// Whatever the SDK writes as JSON reads back as the same value.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstring>

#include "durable/json.hpp"

namespace durable {
namespace {

namespace gen = rc::gen;

rc::Gen<std::string> text() {
    return gen::map(gen::pair(gen::container<std::string>(gen::inRange<char>('\x01', '\x7f')),
                              gen::element<std::string>("", "é", "日本", "😀", "\u2028", std::string(1, '\0'))),
                    [](const auto& parts) { return parts.first + parts.second + parts.first; });
}

/// gen::inRange alone prefers what is near the lower end.
rc::Gen<int> uniform(int first, int end) {
    return gen::resize(rc::kNominalSize, gen::inRange(first, end));
}

/// Of every size, not only those near 1.
rc::Gen<double> finite_double() {
    return gen::suchThat(gen::map(gen::resize(rc::kNominalSize, gen::arbitrary<std::uint64_t>()),
                                  [](std::uint64_t bits) {
                                      double number = 0;
                                      static_assert(sizeof number == sizeof bits);
                                      std::memcpy(&number, &bits, sizeof number);
                                      return number;
                                  }),
                         [](double number) { return std::isfinite(number); });
}

Json any_json(int depth) {
    // Containers at the top, so that most values are documents and not single numbers.
    switch (*uniform(depth > 2 ? 5 : 0, depth > 0 ? 7 : 5)) {
        case 0:
            return Json();
        case 1:
            return Json(*gen::arbitrary<bool>());
        case 2:
            return Json(*gen::arbitrary<std::int64_t>());
        case 3:
            return Json(*finite_double());
        case 4:
            return Json(*text());
        case 5: {
            Json::Array array(static_cast<std::size_t>(*uniform(0, 5)));
            for (Json& element : array) element = any_json(depth - 1);
            return Json(std::move(array));
        }
        default: {
            Json::Object object;
            const int members = *uniform(0, 5);
            for (int i = 0; i < members; ++i) object.emplace_back(*text(), any_json(depth - 1));
            return Json(std::move(object));
        }
    }
}

RC_GTEST_PROP(JsonValues, ReadBack, ()) {
    const Json json = any_json(4);
    const std::string written = json.dump();
    RC_ASSERT(Json::parse(written) == json);
    boost::system::error_code problem;
    (void)boost::json::parse(written, problem);  // somebody else's reader takes it too
    RC_ASSERT(!problem);
}

RC_GTEST_PROP(JsonValues, AnyTextIsReadOrRefused, ()) {
    std::string damaged = any_json(3).dump();
    const auto at = *gen::resize(rc::kNominalSize, gen::inRange<std::size_t>(0, damaged.size()));
    damaged[at] = *gen::arbitrary<char>();
    try {
        const Json json = Json::parse(damaged);
        RC_ASSERT(Json::parse(json.dump()) == json);
    } catch (const SerdesError&) {
    }
}

enum class Level { low, middle, high };
BOOST_DESCRIBE_ENUM(Level, low, middle, high)

struct Inner {
    std::string name;
    std::optional<double> weight;
    friend bool operator==(const Inner&, const Inner&) = default;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name, weight))

struct Outer {
    bool flag = false;
    std::int64_t number = 0;
    std::uint8_t small = 0;
    double fraction = 0;
    std::string title;
    Level level = Level::low;
    std::chrono::seconds pause{0};
    std::chrono::milliseconds exact{0};
    std::optional<Inner> one;
    std::vector<Inner> many;
    std::map<std::string, std::vector<int>> by_name;
    friend bool operator==(const Outer&, const Outer&) = default;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (flag, number, small, fraction, title, level, pause, exact, one, many, by_name))

Inner any_inner() {
    Inner inner{.name = *text(), .weight = {}};
    if (*gen::arbitrary<bool>()) inner.weight = *finite_double();
    return inner;
}

RC_GTEST_PROP(DescribedStructs, ReadBack, ()) {
    Outer outer;
    outer.flag = *gen::arbitrary<bool>();
    outer.number = *gen::arbitrary<std::int64_t>();
    outer.small = *gen::arbitrary<std::uint8_t>();
    outer.fraction = *finite_double();
    outer.title = *text();
    outer.level = *gen::element(Level::low, Level::middle, Level::high);
    outer.pause = std::chrono::seconds(*gen::arbitrary<std::int64_t>());
    outer.exact = std::chrono::seconds(*gen::arbitrary<std::int32_t>());
    if (*gen::arbitrary<bool>()) outer.one = any_inner();
    outer.many.resize(*gen::inRange<std::size_t>(0, 4));
    for (Inner& inner : outer.many) inner = any_inner();
    outer.by_name =
        *gen::container<std::map<std::string, std::vector<int>>>(text(), gen::arbitrary<std::vector<int>>());
    RC_ASSERT(from_json<Outer>(Json::parse(to_json(outer).dump())) == outer);
}

}  // namespace
}  // namespace durable
