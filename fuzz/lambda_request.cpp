// Lambda as its service takes requests, with a durable function whose invocation is under way. Input: requests in
// lines,
//     METHOD TARGET HEADERS BODY      where HEADERS is - or Name:value;Name:value
// with $A for the execution's ARN, $T for its next checkpoint token, and $C for the id of its callback. After them
// every execution must still be read from the store, as it would be after a restart.
#include <filesystem>
#include <map>

#include "api/lambda/lambda.hpp"
#include "base/encoding.hpp"
#include "base/text.hpp"
#include "core/history.hpp"
#include "core/rows.hpp"
#include "functions/registry.hpp"
#include "fuzz/service.hpp"
#include "store/log_store.hpp"

namespace {

using namespace holdpoint;

/// Takes what executions want invoked, begins it, and leaves it under way.
class Hands final : public engine::Workforce {
public:
    void invoke(engine::Work work) override {
        work.begin("00000000-0000-4000-8000-00000000000" + std::to_string(++invocations_ % 10),
                   [this](const std::optional<std::string>& payload) {
                       if (payload) envelope = *payload;
                   });
        under_way_.push_back(std::move(work.done));
    }
    void answer(std::string body) {
        for (auto& done : std::exchange(under_way_, {})) done({.body = body, .error = {}, .log_tail = {}});
    }
    std::string envelope;

private:
    std::vector<std::function<void(engine::InvocationResult)>> under_way_;
    int invocations_ = 0;
};

/// Where zips would be unpacked to; those in requests are refused before, or are in the way of nobody.
std::string code_folder() {
    static const std::string made = [] {
        std::string pattern = std::filesystem::temp_directory_path() / "holdpoint-fuzz-XXXXXX";
        FUZZ_CHECK(::mkdtemp(pattern.data()) != nullptr, "there is no place for code");
        return pattern;
    }();
    return made;
}

/// Only there because the service asks for one: no function here is a plain one.
engine::Invoker& no_invoker() {
    static SystemClock clock;
    static SystemRandom random;
    static const auto logs = store::open_log_store(":memory:");
    static engine::Invoker one(
        clock, random, *logs, {}, [](const functions::Function&) { return engine::ProcessCredentials{}; },
        [](const std::string&) {});
    return one;
}

void no_log(const functions::Function& /*function*/, const std::string& /*line*/) {}

class World : public fuzz::ServiceWorld {
public:
    World() : service_(api::make_lambda_service(context(), {executions_, no_invoker(), events_, code_, concurrency_})) {
        writer().submit([](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            functions::Function function;
            function.name = "f";
            function.executable = "f";
            function.code_sha256 = "c";
            function.durable = functions::DurableConfig{.execution_timeout_seconds = 600, .retention_days = 1};
            rows.apply(functions::create_function(rows, function, now, "r")->writes);
            return {};
        });
        engine::Writer& queue = writer();
        while (queue.has_queued()) queue.run_queued();
        answer_ = one("POST", "/2015-03-31/functions/f/versions", "-", "{}");
        answer_ = one("POST", "/2015-03-31/functions/f:1/invocations", "X-Amz-Invocation-Type:Event", "{}");
        arn_ = std::string(answer_.header("X-Amz-Durable-Execution-Arn"));
        read_envelope();
    }

    void line(fuzz::Input line) {
        const std::string method(line.until(' '));
        if (method == "DONE") {
            hands_.answer(filled(line.rest(), false));
            engine::Writer& queue = writer();
            while (queue.has_queued()) queue.run_queued();
            return;
        }
        const std::string target = filled(line.until(' '), true);
        const std::string headers(line.until(' '));
        answer_ = one(method, target, headers, filled(line.rest(), false));
        if (!answer_.body.empty()) {
            const auto json = fuzz::json_of(answer_.body, 200);
            FUZZ_CHECK(json.has_value(), "an answer is not JSON");
            remember(*json);
        }
    }

    /// What is on the store can be read back: a row that cannot would end the server at every start.
    void check_store() {
        const auto rows = store().snapshot();
        for (const Row& row : rows->scan(Space::executions, "", "", 100)) {
            std::string_view key = row.key;
            const auto execution = core::load_execution(*rows, take_key_number(key).value());
            FUZZ_CHECK(execution.has_value(), "an execution cannot be read");
        }
    }

private:
    net::Response one(const std::string& method, const std::string& target, std::string_view headers,
                      std::string body) {
        net::Request request{.method = method, .target = target, .headers = {}, .body = std::move(body)};
        fuzz::Input all(headers == "-" ? std::string_view() : headers);
        while (!all.empty()) {
            fuzz::Input header(all.until(';'));
            std::string name(header.until(':'));
            request.headers.emplace_back(std::move(name), std::string(header.rest()));
        }
        // Nobody would answer a caller who waits for the result, which who says nothing does.
        constexpr std::string_view kType = "X-Amz-Invocation-Type";
        std::erase_if(request.headers, [&](const auto& header) {
            return equal_ignoring_case(header.first, kType) &&
                   (header.second.empty() || header.second == "RequestResponse");
        });
        if (request.header(kType).empty()) request.headers.emplace_back(kType, "Event");
        return call(*service_, std::move(request));
    }

    std::string filled(std::string_view text, bool encoded) const {
        std::string result;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char next = i + 1 < text.size() ? text[i + 1] : ' ';
            if (text[i] != '$' || (next != 'A' && next != 'T' && next != 'C')) {
                result += text[i];
                continue;
            }
            const std::string& value = next == 'A' ? arn_ : next == 'T' ? token_ : callback_;
            result += encoded ? percent_encode(value) : value;
            ++i;
        }
        return result;
    }

    void read_envelope() {
        if (const auto json = fuzz::json_of(hands_.envelope)) remember(*json);
    }

    void remember(const boost::json::value& json) {
        const auto* object = json.if_object();
        if (object == nullptr) return;
        if (const auto* token = object->if_contains("CheckpointToken"); token != nullptr && token->is_string()) {
            token_ = std::string(token->get_string());
        }
        const std::string text = boost::json::serialize(json);
        constexpr std::string_view kName = R"("CallbackId":")";
        if (const auto at = text.find(kName); at != std::string::npos) {
            callback_ = text.substr(at + kName.size(), text.find('"', at + kName.size()) - at - kName.size());
        }
    }

    Hands hands_;
    engine::Timers timers_{clock(), store()};
    engine::Executions executions_{random(),    writer(),      timers_, hands_, {}, api::may_send(context()),
                                   "us-east-1", "000000000000"};
    engine::EventQueue events_{random(),    writer(),      hands_, no_log, api::may_send(context()),
                               "us-east-1", "000000000000"};
    api::CodeStore code_{code_folder(), random()};
    engine::Concurrency concurrency_{hands_};
    std::unique_ptr<api::Service> service_;
    net::Response answer_;
    std::string arn_;
    std::string token_;
    std::string callback_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    World world;
    for (int i = 0; i < 8 && !input.empty(); ++i) world.line(fuzz::Input(input.line()));
    world.check_store();
    return 0;
}
