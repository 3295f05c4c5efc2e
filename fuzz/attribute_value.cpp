// DynamoDB's values and numbers: what is read is written and read again as the same, and numbers order and add up as
// numbers do.
#include "fuzz/fuzz.hpp"
#include "tables/value.hpp"

namespace {

using namespace holdpoint;
using namespace holdpoint::tables;

void check_numbers(std::string_view first, std::string_view second) {
    const auto a = Number::parse(first);
    const auto b = Number::parse(second);
    if (!a || !b) return;
    const auto again = Number::parse(a->str());
    FUZZ_CHECK(again && *again == *a, "a number reads back as another");
    FUZZ_CHECK((*a <=> *b) == (a->key_bytes() <=> b->key_bytes()), "keys do not order as their numbers do");
    FUZZ_CHECK((*a == *b) == (a->str() == b->str()), "equal numbers are written in two ways");
    FUZZ_CHECK(a->stored_size() <= 22, "a number is larger than DynamoDB's largest");
    (void)a->to_int64();
    const auto sum = Number::add(*a, *b);
    const auto turned = Number::add(*b, *a);
    FUZZ_CHECK(sum.has_value() == turned.has_value() && (!sum || *sum == *turned), "a + b is not b + a");
    const auto difference = Number::subtract(*a, *b);
    const auto negated = Number::add(*a, b->negated());
    FUZZ_CHECK(difference.has_value() == negated.has_value() && (!difference || *difference == *negated),
               "a - b is not a + -b");
}

void check_item(const boost::json::object& json) {
    const auto item = parse_item(json);
    if (!item) return;
    const auto again = parse_item(to_json(*item));
    FUZZ_CHECK(again && Value{*again} == Value{*item}, "an item reads back as another");
    FUZZ_CHECK(Value{decode_item(encode_item(*item))} == Value{*item}, "a stored item reads back as another");
    FUZZ_CHECK(size_of(*item) == size_of(*again), "an item changes its size");
    (void)display(Value{*item});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    if (input.rest().starts_with('{')) {
        const auto json = fuzz::json_of(input.rest());
        if (json && json->is_object()) check_item(json->get_object());
        return 0;
    }
    const std::string_view first = input.line();
    check_numbers(first, input.rest());
    return 0;
}
