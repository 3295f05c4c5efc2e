// bench_function: the workflows that benchmarks run; which one, and how long, says the event.
#include <fcntl.h>
#include <unistd.h>

#include <durable/durable.hpp>

namespace {

struct Event {
    std::string workflow;                     // "steps", "map" or "wait"
    std::int64_t count = 0;                   // of steps, of items, of seconds
    std::optional<int> concurrency = {};      // of items
    std::optional<std::string> notes = {};    // of a wait: the file to note its moments in …
    std::optional<std::int64_t> number = {};  // … and what it is called there
};
BOOST_DESCRIBE_STRUCT(Event, (), (workflow, count, concurrency, notes, number))

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

/// One line of the file: who, when (microseconds of the machine's clock, which the load has, too), what. Every replay
/// notes what it passes again; the first line is the one that counts.
void note(const Event& event, std::string_view what) {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
    const std::string line =
        std::to_string(event.number.value()) + ' ' + std::to_string(now) + ' ' + std::string(what) + '\n';
    const int file = ::open(event.notes.value().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    const bool written = ::write(file, line.data(), line.size()) > 0;
    ::close(file);
    if (!written) throw std::runtime_error("the notes cannot be written");
}

std::int64_t wait(durable::Context& ctx, const Event& event) {
    note(event, "called");
    ctx.wait("wait", std::chrono::seconds(event.count));
    note(event, "resumed");
    return event.number.value();
}

std::int64_t run(durable::Context& ctx, const Event& event) {
    if (event.workflow == "steps") return steps(ctx, event.count);
    if (event.workflow == "map") return map(ctx, event);
    if (event.workflow == "wait") return wait(ctx, event);
    throw durable::ValidationError("workflow is \"steps\", \"map\" or \"wait\", got \"" + event.workflow + "\"");
}

}  // namespace

int main() {
    return durable::run(run);
}
