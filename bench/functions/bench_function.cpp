// bench_function: the workflows that benchmarks run; which one, and how long, says the event.
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <durable/durable.hpp>

namespace {

/// Who is told of an approval: `id` is what it is called there.
struct Subscriber {
    std::string host;
    std::string port;
    std::string id;
};
BOOST_DESCRIBE_STRUCT(Subscriber, (), (host, port, id))

struct Event {
    std::string workflow;                       // "steps", "map", "wait" or "approval"
    std::int64_t count = 0;                     // of steps, of items, of seconds to wait at most
    std::optional<int> concurrency = {};        // of items
    std::optional<std::string> notes = {};      // of a wait: the file to note its moments in …
    std::optional<std::int64_t> number = {};    // … and what it is called there
    std::optional<Subscriber> subscriber = {};  // of an approval
};
BOOST_DESCRIBE_STRUCT(Event, (), (workflow, count, concurrency, notes, number, subscriber))

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

void notify(const Subscriber& subscriber, const std::string& callback_id) {
    namespace http = boost::beast::http;
    boost::asio::io_context io;
    boost::beast::tcp_stream stream(io);
    stream.connect(boost::asio::ip::tcp::resolver(io).resolve(subscriber.host, subscriber.port));
    http::request<http::string_body> request(http::verb::post, "/", 11);
    request.set(http::field::host, subscriber.host + ":" + subscriber.port);
    request.body() = boost::json::serialize(boost::json::object{{"id", subscriber.id}, {"callback_id", callback_id}});
    request.prepare_payload();
    http::write(stream, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    http::read(stream, buffer, answer);
    if (answer.result() != http::status::ok)
        throw std::runtime_error("the subscriber answered " + std::to_string(answer.result_int()));
}

/// The approval as other engines' pages write it (bench/peers/engines): the record is the execution itself, the
/// decision a number, 1 when it is approved.
std::int64_t approval(durable::Context& ctx, const Event& event) {
    return ctx.wait_for_callback<std::int64_t>(
        "decision", [&](const std::string& callback_id) { notify(event.subscriber.value(), callback_id); },
        {.timeout = std::chrono::seconds(event.count)});
}

std::int64_t run(durable::Context& ctx, const Event& event) {
    if (event.workflow == "approval") return approval(ctx, event);
    if (event.workflow == "steps") return steps(ctx, event.count);
    if (event.workflow == "map") return map(ctx, event);
    if (event.workflow == "wait") return wait(ctx, event);
    throw durable::ValidationError("workflow is \"steps\", \"map\", \"wait\" or \"approval\", got \"" + event.workflow +
                                   "\"");
}

}  // namespace

int main() {
    return durable::run(run);
}
