#include "approvals/domain/sorting.hpp"

#include <algorithm>
#include <array>
#include <istream>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace holdpoint::approvals {

namespace {

/// As many files as a process may have open besides its others.
constexpr std::size_t kRunsMax = 128;

void read_exactly(std::istream& file, char* bytes, std::size_t size) {
    file.read(bytes, static_cast<std::streamsize>(size));
    if (!file) throw std::runtime_error("a scratch file ends before what was written to it");
}

}  // namespace

Run::Run(std::unique_ptr<std::iostream> file) : file_(std::move(file)) {}

void Run::add(const Entry& entry) {
    const std::array<std::size_t, 2> sizes = {entry.key.size(), entry.value.size()};
    file_->write(reinterpret_cast<const char*>(sizes.data()), sizeof sizes);
    file_->write(entry.key.data(), static_cast<std::streamsize>(entry.key.size()));
    file_->write(entry.value.data(), static_cast<std::streamsize>(entry.value.size()));
    ++added_;
}

void Run::rewind() {
    file_->seekg(0);
    read_ = 0;
}

std::optional<Entry> Run::next() {
    if (read_ == added_) return std::nullopt;
    ++read_;
    std::array<std::size_t, 2> sizes{};
    read_exactly(*file_, reinterpret_cast<char*>(sizes.data()), sizeof sizes);
    Entry entry{.key = std::string(sizes[0], '\0'), .value = std::string(sizes[1], '\0')};
    read_exactly(*file_, entry.key.data(), entry.key.size());
    read_exactly(*file_, entry.value.data(), entry.value.size());
    return entry;
}

void Run::clear() {
    file_->seekp(0);
    added_ = 0;
    read_ = 0;
}

void Sorter::add(Entry entry) {
    buffered_bytes_ += sizeof(Entry) + entry.key.size() + entry.value.size();
    buffer_.push_back(std::move(entry));
    if (buffered_bytes_ > buffer_bytes_) spill();
}

std::optional<Entry> Sorter::next() {
    if (!is_reading_) begin();
    if (!runs_.empty()) return next_of_runs();
    if (at_ == sorted_.size()) return std::nullopt;
    return *sorted_[at_++];
}

void Sorter::rewind() {
    is_reading_ = false;
}

void Sorter::sort_buffer() {
    sorted_.clear();
    for (const Entry& entry : buffer_) sorted_.push_back(&entry);
    // Those of one key stay in their order, which is that of their places.
    std::ranges::sort(sorted_,
                      [](const Entry* a, const Entry* b) { return std::tie(a->key, a) < std::tie(b->key, b); });
}

void Sorter::spill() {
    if (buffer_.empty()) return;
    sort_buffer();
    // What comes in order stays one run.
    if (runs_.empty() || sorted_.front()->key < last_key_) {
        if (runs_.size() == kRunsMax) merge_runs();
        runs_.emplace_back(scratch_());
    }
    for (const Entry* entry : sorted_) runs_.back().add(*entry);
    last_key_ = sorted_.back()->key;
    buffer_.clear();
    buffered_bytes_ = 0;
}

void Sorter::merge_runs() {
    Run merged(scratch_());
    begin_runs();
    while (auto entry = next_of_runs()) merged.add(*entry);
    runs_.clear();
    runs_.push_back(std::move(merged));
}

void Sorter::begin() {
    is_reading_ = true;
    at_ = 0;
    if (runs_.empty()) return sort_buffer();
    spill();
    begin_runs();
}

void Sorter::begin_runs() {
    heads_.clear();
    for (std::size_t run = 0; run < runs_.size(); ++run) {
        runs_[run].rewind();
        advance(run);
    }
}

void Sorter::advance(std::size_t run) {
    auto entry = runs_[run].next();
    if (!entry) return;
    heads_.push_back({.entry = std::move(*entry), .run = run});
    std::ranges::push_heap(heads_, is_after);
}

std::optional<Entry> Sorter::next_of_runs() {
    if (heads_.empty()) return std::nullopt;
    std::ranges::pop_heap(heads_, is_after);
    Head head = std::move(heads_.back());
    heads_.pop_back();
    advance(head.run);
    return std::move(head.entry);
}

bool Sorter::is_after(const Head& a, const Head& b) {
    return std::tie(a.entry.key, a.run) > std::tie(b.entry.key, b.run);
}

}  // namespace holdpoint::approvals
