// ServiceWorld: one AWS service over a memory store, with a writer that runs when it is told to.
#pragma once

#include "api/service.hpp"
#include "fuzz/fuzz.hpp"

namespace holdpoint::fuzz {

class ServiceWorld {
public:
    /// Sends a request as the account's own key, and answers what the service answered.
    net::Response call(api::Service& service, net::Request request) {
        std::optional<net::Response> answer;
        api::Call call;
        call.request = std::move(request);
        call.caller.account = "000000000000";
        call.caller.arn = "arn:aws:iam::000000000000:user/holdpoint";
        call.authorize = [](const auto&...) -> Result<void> { return {}; };
        call.request_id = "00000000-0000-4000-8000-000000000000";
        call.respond = [&answer](net::Response response) {
            FUZZ_CHECK(!answer, "a request was answered twice");
            answer = std::move(response);
        };
        service.handle(std::move(call));
        while (writer_.has_queued()) writer_.run_queued();
        FUZZ_CHECK(answer.has_value(), "a request was not answered");
        FUZZ_CHECK(answer->status >= 200 && answer->status < 500, "the server says that it is at fault");
        return std::move(*answer);
    }

    [[nodiscard]] store::Store& store() { return *store_; }

protected:
    [[nodiscard]] api::Context context() {
        return {.clock = clock_, .random = random_, .store = *store_, .writer = writer_};
    }
    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] Random& random() { return random_; }
    [[nodiscard]] engine::Writer& writer() { return writer_; }

private:
    ManualClock clock_{from_epoch_ms(1'764'104'400'000)};
    SeededRandom random_{7};
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_{clock_, *store_, engine::WriterThread::none};
};

}  // namespace holdpoint::fuzz
