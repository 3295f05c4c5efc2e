// What SDK and service say to each other: whatever a reader takes, it takes again from what it was written as.
#include "wire/durable_json.hpp"
#include <algorithm>

#include "fuzz/fuzz.hpp"

namespace {

using namespace holdpoint;
using boost::json::value;

/// Milliseconds and seconds are told apart by their size, so that those of before 1973 and after 5138 cannot be.
void date_between(wire::Operation& operation) {
    const auto clamp = [](TimePoint& time) {
        time = std::clamp(time, from_epoch_ms(1'000'000'000'000), from_epoch_ms(99'000'000'000'000));
    };
    clamp(operation.started_at);
    for (auto* time : {&operation.ended_at, &operation.next_attempt_at, &operation.scheduled_end_at}) {
        if (*time) clamp(**time);
    }
}

/// Written and read once, a value is in its normal form; from there on nothing may change.
template <class Read, class Write>
void round_trip(const value& json, Read read, Write write) {
    const auto first = read(json);
    if (!first) return;
    const value written = write(*first);
    const auto again = read(boost::json::parse(boost::json::serialize(written)));
    FUZZ_CHECK(again.has_value(), "what was written cannot be read");
    FUZZ_CHECK(boost::json::serialize(write(*again)) == boost::json::serialize(written), "it reads back as another");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    const std::size_t shape = input.pick(8);
    const auto json = fuzz::json_of(input.rest());
    if (!json) return 0;
    const auto plain = [](const auto& read) { return wire::to_json(read); };
    const auto operation = [](wire::TimeFormat format) {
        return [format](const wire::Operation& read) { return wire::to_json(read, format); };
    };
    const auto read_operation = [](const value& one) {
        auto read = wire::read_operation(one);
        if (read) date_between(*read);
        return read;
    };
    switch (shape) {
        case 0:
            round_trip(*json, wire::read_error_object, plain);
            break;
        case 1:
            round_trip(*json, wire::read_operation_update, plain);
            break;
        case 2:
            round_trip(*json, read_operation, operation(wire::TimeFormat::api_seconds));
            break;
        case 3:
            round_trip(*json, read_operation, operation(wire::TimeFormat::envelope_milliseconds));
            break;
        case 4:
            round_trip(
                *json,
                [](const value& one) {
                    auto read = wire::read_invocation_input(one);
                    if (read) std::ranges::for_each(read->operations, date_between);
                    return read;
                },
                plain);
            break;
        case 5:
            round_trip(*json, wire::read_invocation_output, plain);
            break;
        case 6:
            round_trip(*json, wire::read_checkpoint_request, plain);
            break;
        default:
            round_trip(
                *json,
                [](const value& one) {
                    auto read = wire::read_checkpoint_response(one);
                    if (read) std::ranges::for_each(read->operations, date_between);
                    return read;
                },
                plain);
            (void)wire::read_state_page(*json);
    }
    return 0;
}
