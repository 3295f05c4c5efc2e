#include "tables/tokens.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint::tables {
namespace {

// Both in Space::meta.
constexpr std::string_view kByToken = "dynamodb/transaction/token/";
constexpr std::string_view kByTime = "dynamodb/transaction/time/";

void write_canonical(std::string& text, const json::value& value) {
    if (const auto* object = value.if_object()) {
        std::vector<std::string_view> names;
        for (const auto& member : *object) names.push_back(member.key());
        std::ranges::sort(names);
        text += '{';
        for (const auto name : names) {
            text += json::serialize(json::value(name)) + ':';
            write_canonical(text, object->at(name));
            text += ',';
        }
        text += '}';
    } else if (const auto* array = value.if_array()) {
        text += '[';
        for (const auto& each : *array) {
            write_canonical(text, each);
            text += ',';
        }
        text += ']';
    } else {
        text += json::serialize(value);
    }
}

std::string token_key(std::string_view token) {
    return std::string(kByToken) + std::string(token);
}

std::string time_key(std::uint64_t at, std::string_view token) {
    std::string key(kByTime);
    append_key_number(key, at);
    key += token;
    return key;
}

struct Known {
    std::string digest;
    std::uint64_t at = 0;  // milliseconds since the epoch
};

std::optional<Known> find(const RowReader& rows, std::string_view token) {
    const auto row = rows.get(Space::meta, token_key(token));
    if (!row) return std::nullopt;
    const auto value = json::parse(*row);
    return Known{.digest = std::string(value.at("digest").as_string()),
                 .at = value.at("at").to_number<std::uint64_t>()};
}

/// Tokens used at this time or earlier are forgotten.
std::uint64_t forgotten_at(TimePoint now) {
    return static_cast<std::uint64_t>(std::max(0LL, to_epoch_ms(now - kTokenLifetime)));
}

}  // namespace

std::string digest_of(const json::array& transact_items) {
    std::string text;
    write_canonical(text, json::value(transact_items));
    return to_hex(sha256(text));
}

std::optional<std::string> find_token(const RowReader& rows, std::string_view token, TimePoint now) {
    const auto known = find(rows, token);
    return known && known->at > forgotten_at(now) ? std::optional(known->digest) : std::nullopt;
}

std::vector<RowWrite> save_token(const RowReader& rows, std::string_view token, std::string_view digest,
                                 TimePoint now) {
    std::vector<RowWrite> writes;
    if (const auto old = find(rows, token))
        writes.push_back({.space = Space::meta, .key = time_key(old->at, token), .value = std::nullopt});
    const auto at = static_cast<std::uint64_t>(to_epoch_ms(now));
    writes.push_back({.space = Space::meta,
                      .key = token_key(token),
                      .value = json::serialize(json::object{{"digest", digest}, {"at", at}})});
    writes.push_back({.space = Space::meta, .key = time_key(at, token), .value = ""});
    return writes;
}

std::vector<RowWrite> old_tokens(const RowReader& rows, TimePoint now, std::size_t limit) {
    std::vector<RowWrite> writes;
    const auto end = time_key(forgotten_at(now) + 1, "");
    for (const auto& row : rows.scan(Space::meta, kByTime, end, limit)) {
        const auto token = std::string_view(row.key).substr(kByTime.size() + sizeof(std::uint64_t));
        writes.push_back({.space = Space::meta, .key = token_key(token), .value = std::nullopt});
        writes.push_back({.space = Space::meta, .key = row.key, .value = std::nullopt});
    }
    return writes;
}

}  // namespace holdpoint::tables
