#include "use_cases.hpp"

#include <stdexcept>

namespace holdpoint::approvals::testing {

namespace {

Approvers people(std::vector<std::string> names) {
    return {.people = std::move(names), .groups = {}};
}

void make_table(aws::Client& client, std::string_view name, std::string_view hash, std::string_view range = {}) {
    boost::json::array attributes{{{"AttributeName", hash}, {"AttributeType", "S"}}};
    boost::json::array keys{{{"AttributeName", hash}, {"KeyType", "HASH"}}};
    if (!range.empty()) {
        attributes.push_back({{"AttributeName", range}, {"AttributeType", "N"}});
        keys.push_back({{"AttributeName", range}, {"KeyType", "RANGE"}});
    }
    const auto made = client.json("dynamodb", "DynamoDB_20120810.CreateTable",
                                  {{"TableName", name},
                                   {"AttributeDefinitions", attributes},
                                   {"KeySchema", keys},
                                   {"BillingMode", "PAY_PER_REQUEST"}});
    if (!made) throw std::logic_error(made.error().message);
}

}  // namespace

UseCases::UseCases(Tables& tables, const Clock& clock, Random& random)
    : expense_rules{.currency = "EUR",
                    .manager_limit = 10'000,
                    .finance_limit = 100'000,
                    .managers = people({"boss"}),
                    .finance = people({"ann"}),
                    .directors = people({"cleo"})},
      document_rules{.currency = "EUR",
                     .budget_limit = 1'000'000,
                     .legal = people({"lea"}),
                     .finance = people({"ann"}),
                     .designers = people({"dora"}),
                     .directors = people({"cleo"})},
      moderation_rules{.moderators = people({"may"}), .urgent_timeout_seconds = 60},
      client_(configuration_of_tests(), tables, clock, random, [](std::chrono::milliseconds) {}),
      ledger(client_, "ledger"),
      document_table(client_, "documents"),
      contents(client_, "content") {
    make_table(client_, "ledger", "expense_id");
    make_table(client_, "documents", "document_id", "version");
    make_table(client_, "content", "content_id");
}

std::int64_t UseCases::count(std::string_view table) {
    const auto answer = client_.json("dynamodb", "DynamoDB_20120810.Scan", {{"TableName", table}});
    if (!answer) throw std::logic_error(answer.error().message);
    return answer->at("Count").as_int64();
}

void UseCases::expenses(World& world) {
    world.runner.deploy([this, &world](durable::Context& context, const durable::Json& event) {
        return run_expense_approval(context, event,
                                    {.approvals = world.services(), .rules = expense_rules, .ledger = ledger});
    });
}

void UseCases::documents(World& world) {
    world.runner.deploy([this, &world](durable::Context& context, const durable::Json& event) {
        return run_document_approval(
            context, event, {.approvals = world.services(), .rules = document_rules, .documents = document_table});
    });
}

void UseCases::moderation(World& world) {
    world.runner.deploy([this, &world](durable::Context& context, const durable::Json& event) {
        return run_content_moderation(context, event,
                                      {.approvals = world.services(), .rules = moderation_rules, .contents = contents});
    });
}

}  // namespace holdpoint::approvals::testing
