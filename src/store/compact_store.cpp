#include "store/compact_store.hpp"

#include <zstd.h>

#include <array>
#include <stdexcept>

#include "store/dictionary.hpp"

namespace holdpoint::store {

namespace {

/// The first byte of a compact value; no UTF-8 text has it anywhere. It also says which dictionary: another one gets
/// another byte, and this one is read for ever.
constexpr char kMark = '\xf5';
/// How every frame of Zstandard begins (RFC 8878, 3.1.1); four bytes that a small row can do without.
constexpr std::string_view kFrameMagic = "\x28\xb5\x2f\xfd";
/// A shorter value saves less than it costs.
constexpr std::size_t kShortest = 100;
constexpr int kLevel = 3;

/// One for each execution, each checkpoint and each item. The rest is few, and stays readable with the sqlite3 shell.
bool is_numerous(Space space) {
    return space == Space::executions || space == Space::journal || space == Space::items;
}

struct FreeDictionary {
    void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
    void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};
struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::size_t require(std::size_t result) {
    if (ZSTD_isError(result) != 0) {
        throw std::runtime_error(std::string("a row of the database is damaged: ") + ZSTD_getErrorName(result));
    }
    return result;
}

/// Used on the writer's thread alone.
class Compressor {
public:
    Compressor() {
        require(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_dictIDFlag, 0));
        require(ZSTD_CCtx_refCDict(context_.get(), dictionary_.get()));
    }

    /// The value, or what it becomes when that is shorter; what looks compact becomes so in any case.
    std::string compact(std::string value) {
        if (value.size() < kShortest && !is_compact(value)) return value;
        std::string frame(ZSTD_compressBound(value.size()), '\0');
        frame.resize(require(ZSTD_compress2(context_.get(), frame.data(), frame.size(), value.data(), value.size())));
        if (frame.size() >= value.size() && !is_compact(value)) return value;
        return kMark + frame.substr(kFrameMagic.size());
    }

private:
    const std::unique_ptr<ZSTD_CDict, FreeDictionary> dictionary_{
        ZSTD_createCDict(kDictionary.data(), kDictionary.size(), kLevel)};
    const std::unique_ptr<ZSTD_CCtx, FreeContext> context_{ZSTD_createCCtx()};
};

/// Of one reader; the dictionary is everybody's.
class Expander {
public:
    explicit Expander(const ZSTD_DDict* dictionary) : dictionary_(dictionary) {}

    [[nodiscard]] std::string expand(std::string value) const {
        if (!is_compact(value)) return value;
        const std::string frame = std::string(kFrameMagic) + value.substr(1);
        const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
        if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kLargest) {
            throw std::runtime_error("a row of the database is damaged: it does not say how long it is");
        }
        // One for each thread: making it takes longer than a row does.
        thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
        std::string plain(size, '\0');
        if (require(ZSTD_decompress_usingDDict(context.get(), plain.data(), plain.size(), frame.data(), frame.size(),
                                               dictionary_)) != size) {
            throw std::runtime_error("a row of the database is damaged: it is shorter than it says");
        }
        return plain;
    }

private:
    static constexpr unsigned long long kLargest = 2'000'000'000;  // SQLite takes no larger value

    const ZSTD_DDict* dictionary_;
};

/// Reads for snapshots and transactions alike.
class Reads {
public:
    Reads(const RowReader& rows, const ZSTD_DDict* dictionary) : rows_(rows), expander_(dictionary) {}

    [[nodiscard]] std::optional<std::string> get(Space space, std::string_view key) const {
        auto value = rows_.get(space, key);
        if (!value || !is_numerous(space)) return value;
        return expander_.expand(std::move(*value));
    }
    [[nodiscard]] std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                                        bool reverse) const {
        auto found = rows_.scan(space, from, to, limit, reverse);
        if (!is_numerous(space)) return found;
        for (Row& row : found) row.value = expander_.expand(std::move(row.value));
        return found;
    }

private:
    const RowReader& rows_;
    Expander expander_;
};

class CompactSnapshot final : public RowReader {
public:
    CompactSnapshot(std::unique_ptr<RowReader> rows, const ZSTD_DDict* dictionary)
        : rows_(std::move(rows)), reads_(*rows_, dictionary) {}
    std::optional<std::string> get(Space space, std::string_view key) const override { return reads_.get(space, key); }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return reads_.scan(space, from, to, limit, reverse);
    }

private:
    const std::unique_ptr<RowReader> rows_;
    const Reads reads_;
};

class CompactTransaction final : public Transaction {
public:
    CompactTransaction(std::unique_ptr<Transaction> rows, Compressor& compressor, const ZSTD_DDict* dictionary)
        : rows_(std::move(rows)), compressor_(compressor), reads_(*rows_, dictionary) {}
    std::optional<std::string> get(Space space, std::string_view key) const override { return reads_.get(space, key); }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return reads_.scan(space, from, to, limit, reverse);
    }
    void apply(const std::vector<RowWrite>& writes) override {
        std::vector<RowWrite> compact = writes;
        for (RowWrite& write : compact) {
            if (write.value && is_numerous(write.space)) write.value = compressor_.compact(std::move(*write.value));
        }
        rows_->apply(compact);
    }
    void commit() override { rows_->commit(); }

private:
    const std::unique_ptr<Transaction> rows_;
    Compressor& compressor_;
    const Reads reads_;
};

class CompactStore final : public Store {
public:
    explicit CompactStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}
    std::unique_ptr<Transaction> begin() override {
        return std::make_unique<CompactTransaction>(store_->begin(), compressor_, dictionary_.get());
    }
    std::unique_ptr<RowReader> snapshot() override {
        return std::make_unique<CompactSnapshot>(store_->snapshot(), dictionary_.get());
    }
    std::uint64_t changes(Space space) const override { return store_->changes(space); }

private:
    const std::unique_ptr<Store> store_;
    const std::unique_ptr<ZSTD_DDict, FreeDictionary> dictionary_{
        ZSTD_createDDict(kDictionary.data(), kDictionary.size())};
    Compressor compressor_;
};

}  // namespace

std::unique_ptr<Store> make_compact_store(std::unique_ptr<Store> store) {
    return std::make_unique<CompactStore>(std::move(store));
}

bool is_compact(std::string_view value) {
    return value.starts_with(kMark);
}

}  // namespace holdpoint::store
