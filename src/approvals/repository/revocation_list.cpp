#include "approvals/repository/revocation_list.hpp"

#include <boost/json.hpp>

#include "approvals/repository/items.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

constexpr std::string_view kName = "revoked";
constexpr int kAttempts = 10;
constexpr std::chrono::seconds kKept{5};

}  // namespace

Result<Revocations> RevocationList::current() {
    if (kept_ && clock_.monotonic() - read_at_ < kKept) return *kept_;
    auto stored = read();
    if (!stored) return std::unexpected(stored.error());
    kept_ = std::move(stored->revocations);
    read_at_ = clock_.monotonic();
    return *kept_;
}

Result<void> RevocationList::revoke_credential(const std::string& id) {
    return change([&](Revocations known) { return with_credential(std::move(known), id, clock_.now()); });
}

Result<void> RevocationList::revoke_person(const std::string& person) {
    return change([&](Revocations known) { return with_person(std::move(known), person, clock_.now()); });
}

Result<void> RevocationList::change(const std::function<Result<Revocations>(Revocations)>& add) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        auto stored = read();
        if (!stored) return std::unexpected(stored.error());
        auto with = add(std::move(stored->revocations));
        if (!with) return std::unexpected(with.error());
        const auto written = write({.revocations = std::move(*with), .revision = stored->revision});
        if (!written) return std::unexpected(written.error());
        if (!*written) continue;
        kept_.reset();
        return {};
    }
    return fail("SettingsBusy", 503, "The revocations are being written by too many at once.");
}

Result<RevocationList::Stored> RevocationList::read() {
    if (table_.empty())
        return fail("ConfigurationError", 500, "The environment variable SETTINGS_TABLE_NAME must be set.");
    const auto answer =
        client_.json("dynamodb", "DynamoDB_20120810.GetItem",
                     {{"TableName", table_}, {"Key", {{"name", {{"S", kName}}}}}, {"ConsistentRead", true}});
    if (!answer) return std::unexpected(answer.error());
    const json::value* item = answer->if_contains("Item");
    if (item == nullptr) return Stored{};
    Stored stored;
    try {
        stored.revision = std::stoll(std::string(item->at("revision").at("N").as_string()));
        stored.revocations = durable::from_json<Revocations>(of_attribute(item->at("revocations")));
    } catch (const std::exception& error) {
        // Nobody is let in by what cannot be read.
        return fail("SettingsUnreadable", 500, std::string("The item revoked of the settings: ") + error.what());
    }
    return stored;
}

Result<bool> RevocationList::write(const Stored& stored) {
    const auto written =
        client_.json("dynamodb", "DynamoDB_20120810.PutItem",
                     {{"TableName", table_},
                      {"Item",
                       {{"name", {{"S", kName}}},
                        {"revision", {{"N", std::to_string(stored.revision + 1)}}},
                        {"revocations", to_attribute(durable::to_json(stored.revocations))}}},
                      {"ConditionExpression", "attribute_not_exists(#name) OR revision = :read"},
                      {"ExpressionAttributeNames", {{"#name", "name"}}},
                      {"ExpressionAttributeValues", {{":read", {{"N", std::to_string(stored.revision)}}}}}});
    if (written) return true;
    if (written.error().name == "ConditionalCheckFailedException") return false;
    return std::unexpected(written.error());
}

}  // namespace holdpoint::approvals
