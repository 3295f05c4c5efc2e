// JSON that is made and read by hand: docs/sdk/serialization.md.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;

namespace {

// [by-hand]
durable::Json list_of(const std::vector<std::string>& names) {
    durable::Json::Array list;
    for (const std::string& name : names) list.push_back(durable::Json(name));
    return durable::Json(durable::Json::Object{{"names", durable::Json(std::move(list))},
                                               {"count", durable::to_json(names.size())},
                                               {"next", durable::Json()}});  // null
}

std::string first_of(const durable::Json& json) {
    const durable::Json* names = json.find("names");
    const auto* list = names == nullptr ? nullptr : names->get_if<durable::Json::Array>();
    if (list == nullptr || list->empty()) return "";
    return durable::from_json<std::string>(list->front());  // SerdesError when it is no text
}
// [/by-hand]

TEST(Json, ByHand) {
    const durable::Json json = list_of({"Ada", "Grace"});
    EXPECT_EQ(json.dump(), R"({"names":["Ada","Grace"],"count":2,"next":null})");
    EXPECT_EQ(first_of(json), "Ada");
    EXPECT_EQ(first_of(durable::Json()), "");
    EXPECT_EQ(*json.find("count")->get_if<std::int64_t>(), 2);
}

TEST(Json, WholeNumbersEndAt63Bits) {
    EXPECT_THROW((void)durable::to_json(std::uint64_t{1} << 63), durable::SerdesError);
    const auto above = durable::Json::parse("9223372036854775808");
    EXPECT_EQ(above.get_if<std::int64_t>(), nullptr);
    EXPECT_EQ(*above.get_if<double>(), std::ldexp(1.0, 63));
    EXPECT_THROW((void)durable::from_json<std::uint64_t>(above), durable::SerdesError);
    EXPECT_EQ(durable::from_json<double>(above), std::ldexp(1.0, 63));
}

}  // namespace
