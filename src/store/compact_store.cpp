#include "store/compact_store.hpp"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/encoding.hpp"
#include "base/owned.hpp"
#include "store/coded_store.hpp"
#include "store/dictionary.hpp"

namespace holdpoint::store {

namespace {

/// The first byte of a compact value; no UTF-8 text has either. It also says which dictionary: another one gets
/// another byte, and these are read for ever.
constexpr char kMark = '\xf6';      // the text and its tables
constexpr char kTextMark = '\xf5';  // the text alone: until schema 5
/// How every frame of Zstandard begins (RFC 8878, 3.1.1); four bytes that a small row can do without.
constexpr std::string_view kFrameMagic = "\x28\xb5\x2f\xfd";
/// A shorter value saves less than it costs.
constexpr std::size_t kShortest = 100;
constexpr int kLevel = 3;

/// One for each execution, each checkpoint and each item. The rest is few, and stays readable with the sqlite3 shell.
bool is_numerous(Space space) {
    return space == Space::executions || space == Space::journal || space == Space::items;
}

std::size_t require(std::size_t result) {
    if (ZSTD_isError(result) != 0) {
        throw std::runtime_error(std::string("a row of the database is damaged: ") + ZSTD_getErrorName(result));
    }
    return result;
}

class CompactCodec final : public ValueCodec {
public:
    CompactCodec() {
        require(ZSTD_CCtx_setParameter(compressor_.get(), ZSTD_c_dictIDFlag, 0));
        require(ZSTD_CCtx_refCDict(compressor_.get(), for_writing_.get()));
    }

    /// The value, or what it becomes when that is shorter; what looks compact becomes so in any case.
    std::string encode(Space space, std::string_view, std::string value) override {
        if (!is_numerous(space) || (value.size() < kShortest && !is_compact(value))) return value;
        frame_.resize(std::max(frame_.size(), ZSTD_compressBound(value.size())));
        const std::size_t size =
            require(ZSTD_compress2(compressor_.get(), frame_.data(), frame_.size(), value.data(), value.size()));
        if (size >= value.size() && !is_compact(value)) return value;
        value.assign(1, kMark).append(frame_, kFrameMagic.size(), size - kFrameMagic.size());
        if (frame_.size() > kKept) frame_ = {};
        return value;
    }

    std::string decode(Space space, std::string_view, std::string value) const override {
        if (!is_numerous(space) || !is_compact(value)) return value;
        const auto& dictionary = value.front() == kMark ? for_reading_ : for_reading_text_;
        std::string frame(kFrameMagic);
        frame.append(value, 1);
        const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
        if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kLargest) {
            throw std::runtime_error("a row of the database is damaged: it does not say how long it is");
        }
        // One for each thread: making it takes longer than a row does.
        thread_local const Owned<ZSTD_DCtx, ZSTD_freeDCtx> context(ZSTD_createDCtx());
        std::string plain(size, '\0');
        if (require(ZSTD_decompress_usingDDict(context.get(), plain.data(), plain.size(), frame.data(), frame.size(),
                                               dictionary.get())) != size) {
            throw std::runtime_error("a row of the database is damaged: it is shorter than it says");
        }
        return plain;
    }

private:
    static constexpr std::size_t kKept = 64UL * 1024;
    static constexpr unsigned long long kLargest = 2'000'000'000;  // SQLite takes no larger value

    const std::string dictionary_ = base64_decode(kDictionaryTables).value().append(kDictionary);
    const Owned<ZSTD_CDict, ZSTD_freeCDict> for_writing_{
        ZSTD_createCDict(dictionary_.data(), dictionary_.size(), kLevel)};
    const Owned<ZSTD_DDict, ZSTD_freeDDict> for_reading_{ZSTD_createDDict(dictionary_.data(), dictionary_.size())};
    const Owned<ZSTD_DDict, ZSTD_freeDDict> for_reading_text_{ZSTD_createDDict(kDictionary.data(), kDictionary.size())};
    const Owned<ZSTD_CCtx, ZSTD_freeCCtx> compressor_{ZSTD_createCCtx()};
    std::string frame_;  // from one value to the next
};

}  // namespace

std::unique_ptr<Store> make_compact_store(std::unique_ptr<Store> store) {
    return make_coded_store(std::move(store), std::make_unique<CompactCodec>());
}

bool is_compact(std::string_view value) {
    return value.starts_with(kMark) || value.starts_with(kTextMark);
}

}  // namespace holdpoint::store
