#include "approvals/repository/signing_keys.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

constexpr std::string_view kName = "signing-keys";
constexpr std::size_t kSecretBytes = 32;
constexpr int kAttempts = 10;
constexpr std::chrono::seconds kKept{5};
constexpr std::chrono::seconds kPause{1};

/// An attribute's value of one type; empty when it is not there.
std::string value_of(const json::object& item, std::string_view name, std::string_view type) {
    const json::value* attribute = item.if_contains(name);
    const json::value* value = attribute == nullptr ? nullptr : attribute->as_object().if_contains(type);
    return value == nullptr || !value->is_string() ? "" : std::string(value->get_string());
}

}  // namespace

Result<KeyRing> SigningKeys::current() {
    if (ring_ && clock_.monotonic() - read_at_ < kKept) return *ring_;
    return reread();
}

Result<KeyRing> SigningKeys::reread() {
    if (ring_ && clock_.monotonic() - read_at_ < kPause) return *ring_;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        auto stored = read();
        if (!stored) return std::unexpected(stored.error());
        if (stored->keys.empty()) {
            stored->keys.push_back(make_key());
            const auto written = write(*stored);
            if (!written) return std::unexpected(written.error());
            if (!*written) continue;
        }
        return kept(std::move(*stored));
    }
    return fail("SettingsBusy", 503, "The signing keys are being written by too many at once.");
}

Result<KeyRing> SigningKeys::rotate(bool drop_older) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        auto stored = read();
        if (!stored) return std::unexpected(stored.error());
        if (drop_older) stored->keys.clear();
        stored->keys.insert(stored->keys.begin(), make_key());
        const auto written = write(*stored);
        if (!written) return std::unexpected(written.error());
        if (*written) return kept(std::move(*stored));
    }
    return fail("SettingsBusy", 503, "The signing keys are being written by too many at once.");
}

Result<SigningKeys::Stored> SigningKeys::read() {
    if (table_.empty())
        return fail("ConfigurationError", 500, "The environment variable SETTINGS_TABLE_NAME must be set.");
    const auto answer =
        client_.json("dynamodb", "DynamoDB_20120810.GetItem",
                     {{"TableName", table_}, {"Key", {{"name", {{"S", kName}}}}}, {"ConsistentRead", true}});
    if (!answer) return std::unexpected(answer.error());
    Stored stored;
    const json::value* item = answer->if_contains("Item");
    if (item == nullptr) return stored;
    stored.revision = std::strtoll(value_of(item->as_object(), "revision", "N").c_str(), nullptr, 10);
    for (const json::value& key : item->at("keys").at("L").as_array()) {
        const json::object& members = key.at("M").as_object();
        stored.keys.push_back({.id = value_of(members, "id", "S"),
                               .secret = base64_decode(value_of(members, "secret", "S")).value_or("")});
    }
    return stored;
}

Result<bool> SigningKeys::write(const Stored& stored) {
    json::array keys;
    for (const SigningKey& key : stored.keys) {
        const json::object members{{"id", {{"S", key.id}}}, {"secret", {{"S", base64_encode(key.secret)}}}};
        keys.push_back(json::object{{"M", members}});
    }
    const auto written =
        client_.json("dynamodb", "DynamoDB_20120810.PutItem",
                     {{"TableName", table_},
                      {"Item",
                       {{"name", {{"S", kName}}},
                        {"revision", {{"N", std::to_string(stored.revision + 1)}}},
                        {"keys", {{"L", keys}}}}},
                      {"ConditionExpression", "attribute_not_exists(#name) OR revision = :read"},
                      {"ExpressionAttributeNames", {{"#name", "name"}}},
                      {"ExpressionAttributeValues", {{":read", {{"N", std::to_string(stored.revision)}}}}}});
    if (written) return true;
    if (written.error().name == "ConditionalCheckFailedException") return false;
    return std::unexpected(written.error());
}

SigningKey SigningKeys::make_key() {
    return {.id = to_hex(random_.bytes(4)), .secret = random_.bytes(kSecretBytes)};
}

Result<KeyRing> SigningKeys::kept(Stored stored) {
    auto ring = KeyRing::make(std::move(stored.keys));
    if (!ring) return ring;
    ring_ = *ring;
    read_at_ = clock_.monotonic();
    return ring;
}

}  // namespace holdpoint::approvals
