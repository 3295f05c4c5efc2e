// JSON of the SDK: what is refused, in either direction, and how durations and numbers are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "durable/json.hpp"

namespace durable {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

template <class F>
std::string problem_of(F&& body) {
    try {
        (void)body();
    } catch (const SerdesError& error) {
        return error.what();
    }
    return "";
}

template <class T>
std::string problem_reading(std::string_view text) {
    return problem_of([&] { return from_json<T>(Json::parse(text)); });
}

TEST(Dump, RefusesWhatJsonHasNoFormFor) {
    using Map = std::map<std::string, std::vector<double>>;
    EXPECT_EQ(problem_of([] { return to_json(Map{{"a", {1, std::numeric_limits<double>::infinity()}}}).dump(); }),
              "$.a[1]: a number that is not finite cannot be written as JSON");
    EXPECT_EQ(problem_of([] { return to_json(std::map<std::string, std::string>{{"a", "\xc3"}}).dump(); }),
              "$.a: text that is not UTF-8 cannot be written as JSON");
    EXPECT_EQ(problem_of([] { return to_json(std::map<std::string, int>{{"\xff", 1}}).dump(); }),
              "$: text that is not UTF-8 cannot be written as JSON");
    Json deep;
    for (int i = 0; i < 257; ++i) deep = Json(Json::Array{deep});
    EXPECT_THAT(problem_of([&] { return deep.dump(); }), HasSubstr("is nested too deep"));
}

struct Counts {
    std::vector<std::uint64_t> d;
    std::map<std::string, std::optional<std::chrono::hours>> age;
};
BOOST_DESCRIBE_STRUCT(Counts, (), (d, age))

TEST(Dump, SaysWhereAValueIsThatDoesNotFit) {
    EXPECT_EQ(problem_of([] { return to_json(Counts{.d = {1, std::uint64_t{1} << 63U}, .age = {}}); }),
              "$.d[1]: a number above 2^63-1 cannot be written as JSON");
    EXPECT_EQ(problem_of([] { return to_json(Counts{.d = {}, .age = {{"a", std::chrono::hours::max()}}}); }),
              "$.age.a: a duration that does not fit cannot be written as JSON");
}

TEST(Dump, WritesNumbersShort) {
    EXPECT_EQ(to_json(std::vector<double>{0.1, 2, 1e300, -0.0}).dump(), "[0.1,2.0,1e+300,-0.0]");
    EXPECT_EQ(to_json(std::numeric_limits<std::int64_t>::min()).dump(), "-9223372036854775808");
}

TEST(Parse, SaysWhereItStopsBeingJson) {
    EXPECT_THAT(problem_of([] { return Json::parse("1 x"); }), HasSubstr("not JSON at byte 2"));
    EXPECT_THAT(problem_of([] { return Json::parse(""); }), HasSubstr("not JSON at byte 0"));
    EXPECT_THAT(problem_of([] { return Json::parse(R"({"a":1)"); }), HasSubstr("not JSON at byte 6"));
    EXPECT_THAT(problem_of([] { return Json::parse(std::string(300, '[')); }), HasSubstr("not JSON at byte"));
    EXPECT_EQ(Json::parse(" [ 1 , \"a\\u00e9\\n\" , 2.50 ] ").dump(), "[1,\"aé\\n\",2.5]");
}

TEST(Parse, RefusesNumbersThatNoDoubleHolds) {
    EXPECT_THAT(problem_of([] { return Json::parse("1e400"); }), HasSubstr("not JSON at byte"));
    EXPECT_EQ(Json::parse("1e-400").dump(), "0.0");
}

TEST(Parse, LastOfSeveralMembersCounts) {
    EXPECT_EQ(*Json::parse(R"({"a":1,"a":2})").find("a")->get_if<std::int64_t>(), 2);
}

TEST(Numbers, ThatNoFloatHoldsAreRefused) {
    EXPECT_EQ(problem_reading<float>("1e39"), "$ is a number that does not fit");
    EXPECT_EQ(problem_reading<std::vector<float>>("[1,-1e39]"), "$[1] is a number that does not fit");
    constexpr float kMost = std::numeric_limits<float>::max();
    EXPECT_EQ(from_json<float>(Json::parse(to_json(kMost).dump())), kMost);
}

enum class Level { low, high };
BOOST_DESCRIBE_ENUM(Level, low, high)

TEST(Enums, AreTheirWholeNames) {
    EXPECT_EQ(from_json<Level>(Json::parse("\"high\"")), Level::high);
    EXPECT_EQ(problem_reading<Level>(R"("low\u0000er")"), "$: expected one of low, high, found text");
    EXPECT_EQ(problem_reading<Level>("1"), "$: expected one of low, high, found a whole number");
}

TEST(Durations, AreWholeSecondsRoundedUp) {
    EXPECT_EQ(to_json(1500ms).dump(), "2");
    EXPECT_EQ(to_json(-1500ms).dump(), "-1");
    EXPECT_EQ(to_json(2h).dump(), "7200");
    EXPECT_EQ(to_json(std::chrono::duration<double>(0.25)).dump(), "1");
    EXPECT_EQ(from_json<std::chrono::milliseconds>(Json::parse("2")), 2000ms);
    EXPECT_EQ(from_json<std::chrono::minutes>(Json::parse("120")), 2min);
    EXPECT_EQ((from_json<std::chrono::duration<double, std::ratio<60>>>(Json::parse("90")).count()), 1.5);
}

TEST(Durations, ThatDoNotFitAreRefused) {
    EXPECT_EQ(problem_reading<std::chrono::minutes>("90"), "$: expected a multiple of 60 seconds, found 90");
    EXPECT_EQ(problem_reading<std::chrono::milliseconds>("9223372036854775807"), "$ is a duration that does not fit");
    EXPECT_EQ((problem_reading<std::chrono::duration<std::int8_t>>("200")), "$ is a duration that does not fit");
    EXPECT_EQ(problem_reading<std::chrono::seconds>("1.5"), "$: expected a whole number, found a number");
    const std::string unwritable = "$: a duration that does not fit cannot be written as JSON";
    EXPECT_EQ(problem_of([] { return to_json(std::chrono::hours::max()); }), unwritable);
    using Fraction = std::chrono::duration<double>;
    EXPECT_EQ(problem_of([] { return to_json(Fraction(std::numeric_limits<double>::quiet_NaN())); }), unwritable);
    EXPECT_EQ(problem_of([] { return to_json(Fraction(1e19)); }), unwritable);
}

}  // namespace
}  // namespace durable
