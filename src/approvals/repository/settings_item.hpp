// Settings item: a value in the settings table that several may change at once, each time for its next revision.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "approvals/repository/table.hpp"

namespace holdpoint::approvals {

/// NoSettingsTable, where a stack has none.
[[nodiscard]] std::unexpected<Error> no_settings_table();
/// SettingsUnreadable: nobody is let in, and nothing decided, by what cannot be read.
[[nodiscard]] std::unexpected<Error> unreadable_setting(const std::string& name, std::string_view why);
/// SettingsBusy: too many tries in a row were overtaken.
[[nodiscard]] std::unexpected<Error> busy_setting(const std::string& name);

/// T has a JSON form.
template <class T>
class SettingsItem {
public:
    struct Stored {
        T value{};
        std::int64_t revision = 0;  // grows with each change; 0: nothing is stored
    };

    /// The value is an attribute of the item `name`; `table` is empty in a stack that has no settings table.
    SettingsItem(aws::Client& client, std::string table, std::string name, std::string attribute)
        : client_(client), table_(client, std::move(table)), name_(std::move(name)), attribute_(std::move(attribute)) {}

    [[nodiscard]] Result<Stored> read() {
        if (table_.name().empty()) return no_settings_table();
        const auto item = table_.find(durable::Json(durable::Json::Object{{"name", durable::Json(name_)}}));
        if (!item) return std::unexpected(item.error());
        if (!*item) return Stored{};
        try {
            return Stored{.value = member<T>(**item, attribute_), .revision = member<std::int64_t>(**item, "revision")};
        } catch (const durable::SerdesError& error) {
            return unreadable_setting(name_, error.what());
        }
    }

    /// In the place of the revision that was read; false when somebody else wrote since.
    [[nodiscard]] Result<bool> put(const T& value, std::int64_t revision) {
        if (table_.name().empty()) return no_settings_table();
        return table_.put(item_of(value, revision), replaces(revision));
    }
    /// The same as the Put of a transaction.
    [[nodiscard]] Result<boost::json::object> put_request(const T& value, std::int64_t revision) const {
        if (table_.name().empty()) return no_settings_table();
        return table_.put_request(item_of(value, revision), replaces(revision));
    }

    /// Puts what `make` makes of the value, anew when somebody else wrote meanwhile; answers what is stored then.
    template <std::invocable<T> Make>
    [[nodiscard]] Result<T> change(const Make& make) {
        constexpr int kAttempts = 10;
        constexpr std::chrono::milliseconds kLongestPause{1000};
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            // The first time at once, for whoever was faster is done.
            if (attempt > 1) client_.pause(attempt - 1, kLongestPause);
            auto stored = read();
            if (!stored) return std::unexpected(stored.error());
            Result<T> changed = make(std::move(stored->value));
            if (!changed) return changed;
            const auto written = put(*changed, stored->revision);
            if (!written) return std::unexpected(written.error());
            if (*written) return changed;
        }
        return busy_setting(name_);
    }

private:
    [[nodiscard]] durable::Json item_of(const T& value, std::int64_t revision) const {
        return durable::Json(durable::Json::Object{{"name", durable::Json(name_)},
                                                   {"revision", durable::Json(revision + 1)},
                                                   {attribute_, durable::to_json(value)}});
    }
    static Condition replaces(std::int64_t revision) {
        return {.expression = "attribute_not_exists(#name) OR revision = :read",
                .values = {{":read", durable::Json(revision)}},
                .names = {{"#name", durable::Json("name")}}};
    }

    template <class Member>
    static Member member(const durable::Json& item, const std::string& name) {
        const durable::Json* found = item.find(name);
        if (found == nullptr) throw durable::SerdesError(name + " is missing");
        return durable::from_json<Member>(*found);
    }

    aws::Client& client_;
    Table table_;
    std::string name_;
    std::string attribute_;
};

}  // namespace holdpoint::approvals
