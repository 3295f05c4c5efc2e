// Templates: every text is a plan or a list of what is wrong with it.
#include "fuzz/fuzz.hpp"
#include "stacks/plan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdpoint;
    static const stacks::Target kTarget{.stack_name = "app",
                                        .stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1",
                                        .region = "us-east-1",
                                        .account = "000000000000"};
    const auto plan = stacks::make_plan(fuzz::text_of(data, size), {.given = {{"Mode", "callback"}}}, kTarget);
    FUZZ_CHECK(plan || !plan.error().message.empty(), "a refusal says nothing");
    return 0;
}
