// DynamoDB's expressions: whatever can be parsed can be evaluated on, and applied to, an item with every type in it.
#include "fuzz/fuzz.hpp"
#include "tables/expression/condition.hpp"
#include "tables/expression/projection.hpp"
#include "tables/expression/update.hpp"

namespace {

using namespace holdpoint;
using namespace holdpoint::tables;

constexpr std::string_view kItem = R"({"id":{"S":"a"},"status":{"S":"pending"},"n":{"N":"12.5"},"b":{"B":"AAEC"},
    "ss":{"SS":["x","y"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA=="]},"l":{"L":[{"N":"1"},{"S":"two"},{"L":[{"NULL":true}]}]},
    "m":{"M":{"k":{"S":"v"},"l":{"L":[{"M":{"deep":{"BOOL":true}}}]}}},"z":{"NULL":true},"t":{"BOOL":false}})";
constexpr std::string_view kBindings =
    R"({"ExpressionAttributeNames":{"#s":"status","#n":"n","#m":"m","#l":"l","#x":"ss"},
    "ExpressionAttributeValues":{":p":{"S":"pending"},":n":{"N":"1"},":m":{"N":"-2.5e3"},":l":{"L":[{"S":"more"}]},
    ":s":{"SS":["y","z"]},":ns":{"NS":["2","3"]},":b":{"B":"AAEC"},":o":{"M":{"k":{"N":"1"}}},":t":{"S":"N"},":z":{"NULL":true}},
    "ConditionExpression":"x"})";

expression::Bindings bindings() {
    static const boost::json::object kRequest = boost::json::parse(kBindings).as_object();
    return expression::Bindings::read(kRequest, {"ConditionExpression"}).value();
}

const Item& item() {
    static const Item kParsed = parse_item(boost::json::parse(kItem).as_object()).value();
    return kParsed;
}

void check_condition(std::string_view text) {
    auto bound = bindings();
    const auto condition = expression::parse_condition("ConditionExpression", text, bound);
    if (!condition) return;
    (void)expression::evaluate(*condition, {});
    const bool holds = expression::evaluate(*condition, item());
    auto bound_again = bindings();
    const auto negation =
        expression::parse_condition("ConditionExpression", "NOT (" + std::string(text) + ")", bound_again);
    if (negation) FUZZ_CHECK(expression::evaluate(*negation, item()) != holds, "NOT does not negate");
    (void)expression::paths_of(*condition);
}

void check_update(std::string_view text) {
    auto bound = bindings();
    const auto update = expression::parse_update(text, bound);
    if (!update) return;
    (void)expression::apply(*update, {});
    const auto changed = expression::apply(*update, item());
    if (!changed) return;
    const auto read = parse_item(to_json(*changed));
    FUZZ_CHECK(!read || Value{*read} == Value{*changed}, "an updated item reads back as another");
}

void check_projection(std::string_view text) {
    auto bound = bindings();
    const auto paths = expression::parse_projection(text, bound);
    if (!paths) return;
    const Item once = expression::project(item(), *paths);
    FUZZ_CHECK(size_of(once) <= size_of(item()), "a part is larger than the whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    const std::uint8_t kind = input.byte();
    if (kind == 'c') check_condition(input.rest());
    if (kind == 'u') check_update(input.rest());
    if (kind == 'p') check_projection(input.rest());
    return 0;
}
