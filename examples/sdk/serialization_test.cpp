// Values and formats: docs/sdk/serialization.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [structs]
enum class Priority { low, high };
BOOST_DESCRIBE_ENUM(Priority, low, high)

struct Ticket {
    std::string id;
    Priority priority = Priority::low;
    std::optional<std::string> note;  // may be missing or null
    std::vector<std::string> tags;
    std::map<std::string, int> votes;
    std::chrono::seconds age{0};  // a number of seconds
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (id, priority, note, tags, votes, age))
// [/structs]

TEST(Serialization, Structs) {
    const auto ticket = durable::from_json<Ticket>(
        durable::Json::parse(R"({"id":"t","priority":"high","tags":["a"],"votes":{"ada":1},"age":90,"other":true})"));
    EXPECT_EQ(durable::to_json(ticket).dump(),
              R"({"id":"t","priority":"high","tags":["a"],"votes":{"ada":1},"age":90})");
    try {
        (void)durable::from_json<Ticket>(durable::Json::parse(R"({"id":7})"));
        FAIL();
    } catch (const durable::SerdesError& error) {
        EXPECT_STREQ(error.what(), "$.id: expected text, found a whole number");
    }
}

// [json]
std::string greet(durable::Context& ctx, const durable::Json& event) {
    const durable::Json* name = event.find("name");  // nullptr when there is none
    const auto* text = name ? name->get_if<std::string>() : nullptr;
    return ctx.step("greet", [&] { return "Hello, " + (text ? *text : "stranger") + "!"; });
}
// [/json]

TEST(Serialization, Json) {
    Runner runner(greet);
    runner.run(std::map<std::string, std::string>{{"name", "Ada"}});
    EXPECT_EQ(runner.result<std::string>(), "Hello, Ada!");
    Runner empty(greet);
    empty.run();
    EXPECT_EQ(empty.result<std::string>(), "Hello, stranger!");
}

}  // namespace

// [serdes]
struct Point {
    int x = 0;
    int y = 0;
};
template <>
inline constexpr bool durable::has_no_json<Point> = true;  // neither described nor to be

namespace {

durable::Serdes<Point> as_text() {
    return {.serialize = [](const Point& p,
                            const durable::SerdesContext&) { return std::to_string(p.x) + ";" + std::to_string(p.y); },
            .deserialize =
                [](const std::string& text, const durable::SerdesContext&) {
                    const auto middle = text.find(';');
                    return Point{.x = std::stoi(text.substr(0, middle)), .y = std::stoi(text.substr(middle + 1))};
                }};
}

int locate(durable::Context& ctx, const durable::Json&) {
    const Point point = ctx.step("locate", [] { return Point{.x = 3, .y = 4}; }, {.serdes = as_text()});
    return point.x + point.y;
}
// [/serdes]

TEST(Serialization, Serdes) {
    Runner runner(locate);
    runner.run();
    EXPECT_EQ(runner.result<int>(), 7);
    EXPECT_EQ(runner.operation("locate").result, "3;4");
}

TEST(Serialization, TypeWithoutJsonNeedsASerdes) {
    Runner runner(
        [](durable::Context& ctx, const durable::Json&) { return ctx.step("locate", [] { return Point(); }).x; });
    EXPECT_EQ(runner.run(), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->message,
              "a type that has no JSON form was recorded without a Serdes; give one to the operation");
}

}  // namespace
