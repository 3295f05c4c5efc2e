// DynamoDB as its service takes requests. Input: lines of an action's name and its JSON, done one after another on a
// small table. Nothing breaks, refusals are 4xx, and no index entry is left without its item.
#include "api/dynamodb/dynamodb.hpp"
#include "fuzz/service.hpp"

namespace {

using namespace holdpoint;

constexpr std::string_view kTable = R"({"TableName":"orders","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},
                            {"AttributeName":"status","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-status","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}]}]})";

class World : public fuzz::ServiceWorld {
public:
    World() : service_(api::make_dynamodb_service(context())) { (void)send("CreateTable", kTable); }

    net::Response send(std::string_view action, std::string_view body) {
        return call(*service_, {.method = "POST",
                                .target = "/",
                                .headers = {{"X-Amz-Target", "DynamoDB_20120810." + std::string(action)}},
                                .body = std::string(body)});
    }

    /// Every entry of an index leads to an item.
    void check_index() {
        const auto rows = store().snapshot();
        for (const Row& entry : rows->scan(Space::index_items, "", "", 1000)) {
            FUZZ_CHECK(rows->get(Space::items, entry.value).has_value(), "an index entry has no item");
        }
    }

private:
    std::unique_ptr<api::Service> service_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    World world;
    for (int i = 0; i < 8 && !input.empty(); ++i) {
        fuzz::Input line(input.line());
        const std::string_view action = line.until(' ');
        const auto answer = world.send(action, line.rest());
        FUZZ_CHECK(fuzz::json_of(answer.body, 200), "an answer is not JSON");
    }
    world.check_index();
    return 0;
}
