// Sorting: entries by their key, in so much memory as was set, however many there are; the others wait in scratch
// files.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdpoint::approvals {

struct Entry {
    std::string key;
    std::string value;
    friend bool operator==(const Entry&, const Entry&) = default;
};

/// Makes an empty file to write to and read from, which is gone when it is closed. Its failures are exceptions.
using Scratch = std::function<std::unique_ptr<std::iostream>()>;

/// Entries in a scratch file, in the order in which they were added.
class Run {
public:
    explicit Run(std::unique_ptr<std::iostream> file);

    void add(const Entry& entry);
    /// Reads on from the first one.
    void rewind();
    /// Nothing after the last.
    [[nodiscard]] std::optional<Entry> next();
    /// For others in their place.
    void clear();

private:
    std::unique_ptr<std::iostream> file_;
    std::int64_t added_ = 0;
    std::int64_t read_ = 0;
};

class Sorter {
public:
    static constexpr std::size_t kBufferBytes = std::size_t{16} * 1024 * 1024;

    explicit Sorter(Scratch scratch, std::size_t buffer_bytes = kBufferBytes)
        : scratch_(std::move(scratch)), buffer_bytes_(buffer_bytes) {}

    void add(Entry entry);

    /// Once all were added: by key; those of one key in the order in which they were added. Nothing after the last.
    [[nodiscard]] std::optional<Entry> next();
    /// Reads on from the first one.
    void rewind();

private:
    /// The first entry of a run that was not read yet.
    struct Head {
        Entry entry;
        std::size_t run = 0;
    };
    static bool is_after(const Head& a, const Head& b);

    void sort_buffer();
    void spill();
    void merge_runs();
    void begin();
    void begin_runs();
    /// Puts the run's next entry among the heads.
    void advance(std::size_t run);
    [[nodiscard]] std::optional<Entry> next_of_runs();

    Scratch scratch_;
    std::size_t buffer_bytes_;
    std::vector<Entry> buffer_;
    std::size_t buffered_bytes_ = 0;
    std::vector<const Entry*> sorted_;  // those in the buffer
    std::size_t at_ = 0;                // among these, where there are no runs

    std::vector<Run> runs_;    // each in order; what an earlier one has was added before
    std::string last_key_;     // of the last run
    std::vector<Head> heads_;  // a heap
    bool is_reading_ = false;
};

}  // namespace holdpoint::approvals
