// The smallest durable function that shows what one can do: a step, a wait, and a callback that a person answers.
//
// Its event is {"name": "Ada"}. It greets, waits a while (no process runs meanwhile), then waits for somebody to send
// a reply with the callback's id, and answers {"greeting": "Hello, Ada!", "reply": …}.
#include <durable/durable.hpp>

struct Event {
    std::string name;
    std::optional<std::chrono::seconds> pause;  // 5 seconds when the event does not say
};
BOOST_DESCRIBE_STRUCT(Event, (), (name, pause))

struct Result {
    std::string greeting;
    std::string reply;
};
BOOST_DESCRIBE_STRUCT(Result, (), (greeting, reply))

Result hello(durable::Context& ctx, const Event& event) {
    const std::string greeting = ctx.step("greet", [&](durable::StepContext& step) {
        if (event.name.empty()) throw durable::Error("InvalidEvent", "name is empty");
        step.logger().info("greeting", {{"name", event.name}});
        return "Hello, " + event.name + "!";
    });

    ctx.wait("pause", event.pause.value_or(std::chrono::seconds(5)));

    const auto reply = ctx.create_callback<std::string>("reply", {.timeout = std::chrono::hours(1)});
    try {
        return {.greeting = greeting, .reply = reply.result()};
    } catch (const durable::CallbackTimeoutError&) {
        return {.greeting = greeting, .reply = "(nobody replied)"};
    }
}

int main() {
    return durable::run(hello);
}
