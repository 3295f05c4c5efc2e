#include "store/sealed_store.hpp"

#include "store/coded_store.hpp"

namespace holdpoint::store {

namespace {

/// A value belongs to its row: nobody may give one row the value of another.
std::string context_of(Space space, std::string_view key) {
    return static_cast<char>(space) + std::string(key);
}

class SealCodec final : public ValueCodec {
public:
    explicit SealCodec(SealKey key) : seal_(std::move(key)) {}

    std::string encode(Space space, std::string_view key, std::string value) override {
        // A row without a value says something by its key alone.
        return value.empty() ? value : seal_.seal(value, context_of(space, key));
    }
    std::string decode(Space space, std::string_view key, std::string value) const override {
        if (!is_sealed(value)) return value;
        auto plain = seal_.open(value, context_of(space, key));
        if (!plain) throw SealError("a row of the database is sealed under another key, or damaged");
        return std::move(*plain);
    }

private:
    const SealKey seal_;
};

class SealedLogStore final : public LogStore {
public:
    SealedLogStore(std::unique_ptr<LogStore> logs, SealKey key) : logs_(std::move(logs)), seal_(std::move(key)) {}

    void create_group(const std::string& group, TimePoint now) override { logs_->create_group(group, now); }
    void delete_group(const std::string& group) override { logs_->delete_group(group); }
    bool has_group(const std::string& group) const override { return logs_->has_group(group); }
    void set_retention(const std::string& group, std::optional<std::int64_t> days) override {
        logs_->set_retention(group, days);
    }
    std::size_t expire(TimePoint now, std::int64_t default_days, std::size_t limit) override {
        return logs_->expire(now, default_days, limit);
    }
    void create_stream(const std::string& group, const std::string& stream, TimePoint now) override {
        logs_->create_stream(group, stream, now);
    }
    void append(const std::string& group, const std::string& stream, std::vector<LogEvent> events) override {
        for (LogEvent& event : events) event.message = seal_.seal(event.message, stream);
        logs_->append(group, stream, std::move(events));
    }
    void flush() override { logs_->flush(); }
    std::vector<LogGroup> groups(std::string_view prefix, std::string_view after, std::size_t limit) const override {
        return logs_->groups(prefix, after, limit);
    }
    std::vector<LogStream> streams(const LogStreamQuery& query) const override { return logs_->streams(query); }
    bool has_stream(const std::string& group, const std::string& stream) const override {
        return logs_->has_stream(group, stream);
    }
    std::vector<LogEvent> events(const LogQuery& query) const override {
        auto events = logs_->events(query);
        for (LogEvent& event : events) {
            // What a function wrote before lines were sealed may begin as it likes: it is shown as it is.
            if (auto plain = seal_.open(event.message, event.stream)) event.message = std::move(*plain);
        }
        return events;
    }

private:
    std::unique_ptr<LogStore> logs_;
    const SealKey seal_;
};

}  // namespace

std::unique_ptr<Store> make_sealed_store(std::unique_ptr<Store> store, SealKey key) {
    return make_coded_store(std::move(store), std::make_unique<SealCodec>(std::move(key)));
}

std::unique_ptr<LogStore> make_sealed_log_store(std::unique_ptr<LogStore> logs, SealKey key) {
    return std::make_unique<SealedLogStore>(std::move(logs), std::move(key));
}

}  // namespace holdpoint::store
