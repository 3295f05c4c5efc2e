// Test kit: what the engine's tests share: a clock that several threads may look at, values handed from thread to
// thread, logs in memory, and function executables that are shell scripts.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
#include "engine/invoker.hpp"
#include "functions/function.hpp"
#include "store/log_store.hpp"
#include "store/store.hpp"

namespace holdpoint::engine::test {

using namespace std::chrono_literals;

/// How long a test waits for what must happen before it fails.
inline constexpr std::chrono::seconds kPatience{60};

/// True as soon as `is_so` is, false when it never was.
template <class Condition>
[[nodiscard]] bool eventually(const Condition& is_so) {
    const SystemClock clock;
    const auto deadline = clock.monotonic() + kPatience;
    while (!is_so()) {
        if (clock.monotonic() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Passed from one thread to another; waits with a deadline.
template <class T>
class Box {
public:
    void put(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    [[nodiscard]] std::optional<T> take() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, kPatience, [this] { return !values_.empty(); })) return std::nullopt;
        T value = std::move(values_.front());
        values_.erase(values_.begin());
        return value;
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return values_.size();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> values_;
};

/// A clock that a test moves while other threads look at it. Wall time may be set back; monotonic time cannot.
class SharedClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return from_epoch_ms(wall_ms_.load()); }
    [[nodiscard]] Milliseconds monotonic() const override { return Milliseconds(monotonic_ms_.load()); }
    void advance(Milliseconds by) {
        monotonic_ms_ += by.count();
        wall_ms_ += by.count();
    }
    void set_back(Milliseconds by) { wall_ms_ -= by.count(); }

private:
    std::atomic<Milliseconds::rep> wall_ms_ = 1'800'000'000'000;
    std::atomic<Milliseconds::rep> monotonic_ms_ = 0;
};

/// As over a disk that fails.
class UnreadableStore final : public store::Store {
public:
    std::unique_ptr<store::Transaction> begin() override { throw std::runtime_error("disk I/O error"); }
    std::unique_ptr<RowReader> snapshot() override { throw std::runtime_error("disk I/O error"); }
    [[nodiscard]] std::uint64_t changes(Space) const override { return 0; }
};

/// Logs that are only remembered.
class MemoryLogs final : public store::LogStore {
public:
    void create_group(const std::string&, TimePoint) override {}
    void delete_group(const std::string&) override {}
    [[nodiscard]] bool has_group(const std::string&) const override { return true; }
    void create_stream(const std::string&, const std::string&, TimePoint) override {}
    void append(const std::string&, const std::string&, std::vector<store::LogEvent> events) override {
        const std::lock_guard lock(mutex_);
        for (auto& event : events) lines_.push_back(std::move(event.message));
    }
    void flush() override { ++flushes; }
    void set_retention(const std::string&, std::optional<std::int64_t>) override {}
    std::size_t expire(TimePoint, std::int64_t, std::size_t) override { return 0; }
    [[nodiscard]] std::vector<store::LogGroup> groups(std::string_view, std::string_view, std::size_t) const override {
        return {};
    }
    [[nodiscard]] std::vector<store::LogStream> streams(const store::LogStreamQuery&) const override { return {}; }
    [[nodiscard]] bool has_stream(const std::string&, const std::string&) const override { return true; }
    [[nodiscard]] std::vector<store::LogEvent> events(const store::LogQuery&) const override { return {}; }

    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    [[nodiscard]] bool has_line(const std::string& line) const {
        const std::lock_guard lock(mutex_);
        return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
    }

    std::atomic<int> flushes = 0;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// For roles that let everything go everywhere.
inline Result<void> may_send_all(const RowReader&, const functions::Function&, const std::string&) {
    return {};
}

/// A folder of its own that ends with the test.
class TestFolder {
public:
    TestFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "engine-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TestFolder() { std::filesystem::remove_all(path_); }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    /// A shell script that can be run; answers its path.
    [[nodiscard]] std::string script(const std::string& name, const std::string& text) const {
        std::ofstream(file(name)) << "#!/bin/sh\n" << text << "\n";
        ::chmod(file(name).c_str(), S_IRWXU);
        return file(name);
    }
    /// Empty when there is no such file.
    [[nodiscard]] std::string read(const std::string& name) const {
        std::stringstream text;
        text << std::ifstream(file(name)).rdbuf();
        return text.str();
    }
    void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }

private:
    std::string path_;
};

/// Of functions whose code lies in `folder`, where they also work.
inline InvokerOptions options_in(const TestFolder& folder) {
    InvokerOptions options;
    options.code_folder = folder.path();
    options.working_folder = folder.path();
    return options;
}

/// Its functions have no credentials.
inline Invoker make_invoker(const Clock& clock, Random& random, store::LogStore& logs, InvokerOptions options) {
    return Invoker(
        clock, random, logs, std::move(options), [](const functions::Function&) { return ProcessCredentials{}; },
        [](const std::string&) {});
}

}  // namespace holdpoint::engine::test
