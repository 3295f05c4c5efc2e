// SNS as its service takes requests. Input: form bodies in lines, done one after another beside a topic that exists.
#include "api/sns/sns.hpp"
#include "fuzz/service.hpp"

namespace {

using namespace holdpoint;

class World : public fuzz::ServiceWorld {
public:
    World() : service_(api::make_sns_service(context(), [] {})) { (void)send("Action=CreateTopic&Name=t"); }

    net::Response send(std::string_view form) {
        return call(*service_, {.method = "POST", .target = "/", .headers = {}, .body = std::string(form)});
    }

private:
    std::unique_ptr<api::Service> service_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    World world;
    for (int i = 0; i < 8 && !input.empty(); ++i) {
        const auto answer = world.send(input.line());
        FUZZ_CHECK(answer.body.starts_with('<') && answer.body.ends_with('>'), "an answer is not XML");
    }
    return 0;
}
