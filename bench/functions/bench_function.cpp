// bench_function: the workflows that benchmarks run; which one, and how long, says the event.
#include <durable/durable.hpp>

namespace {

struct Event {
    std::string workflow;                 // "steps" or "map"
    std::int64_t count = 0;               // of steps, of items
    std::optional<int> concurrency = {};  // of items
};
BOOST_DESCRIBE_STRUCT(Event, (), (workflow, count, concurrency))

std::int64_t steps(durable::Context& ctx, std::int64_t count) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += ctx.step("step", [] { return 1; });
    return sum;
}

std::int64_t map(durable::Context& ctx, const Event& event) {
    const std::vector<std::int64_t> items(static_cast<std::size_t>(event.count), 1);
    const auto result =
        ctx.map("items", items,
                [](durable::Context& item, std::int64_t number) { return item.step("step", [&] { return number; }); },
                {.max_concurrency = event.concurrency});
    return static_cast<std::int64_t>(result.results().size());
}

std::int64_t run(durable::Context& ctx, const Event& event) {
    if (event.workflow == "steps") return steps(ctx, event.count);
    if (event.workflow == "map") return map(ctx, event);
    throw durable::ValidationError("workflow is \"steps\" or \"map\", got \"" + event.workflow + "\"");
}

}  // namespace

int main() {
    return durable::run(run);
}
