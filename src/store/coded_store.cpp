#include "store/coded_store.hpp"

namespace holdpoint::store {

namespace {

/// Reads what is decoded; `Rows` is a snapshot or a transaction.
template <class Rows>
class DecodedRows : public Rows {
public:
    DecodedRows(std::unique_ptr<Rows> rows, const ValueCodec& codec) : rows_(std::move(rows)), codec_(codec) {}

    std::optional<std::string> get(Space space, std::string_view key) const override {
        auto value = rows_->get(space, key);
        if (value) value = codec_.decode(space, key, std::move(*value));
        return value;
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        auto found = rows_->scan(space, from, to, limit, reverse);
        for (Row& row : found) row.value = codec_.decode(space, row.key, std::move(row.value));
        return found;
    }

protected:
    [[nodiscard]] Rows& rows() const { return *rows_; }

private:
    const std::unique_ptr<Rows> rows_;
    const ValueCodec& codec_;
};

class CodedTransaction final : public DecodedRows<Transaction> {
public:
    CodedTransaction(std::unique_ptr<Transaction> rows, ValueCodec& codec)
        : DecodedRows(std::move(rows), codec), codec_(codec) {}
    void apply(const std::vector<RowWrite>& writes) override {
        std::vector<RowWrite> coded = writes;
        for (RowWrite& write : coded) {
            if (write.value) write.value = codec_.encode(write.space, write.key, std::move(*write.value));
        }
        rows().apply(coded);
    }
    void commit() override { rows().commit(); }

private:
    ValueCodec& codec_;
};

class CodedStore final : public Store {
public:
    CodedStore(std::unique_ptr<Store> store, std::unique_ptr<ValueCodec> codec)
        : store_(std::move(store)), codec_(std::move(codec)) {}
    std::unique_ptr<Transaction> begin() override {
        return std::make_unique<CodedTransaction>(store_->begin(), *codec_);
    }
    std::unique_ptr<RowReader> snapshot() override {
        return std::make_unique<DecodedRows<RowReader>>(store_->snapshot(), *codec_);
    }
    std::uint64_t changes(Space space) const override { return store_->changes(space); }
    std::size_t count(Space space, std::string_view from, std::string_view to, std::size_t max) override {
        return store_->count(space, from, to, max);
    }

private:
    const std::unique_ptr<Store> store_;
    const std::unique_ptr<ValueCodec> codec_;
};

}  // namespace

std::unique_ptr<Store> make_coded_store(std::unique_ptr<Store> store, std::unique_ptr<ValueCodec> codec) {
    return std::make_unique<CodedStore>(std::move(store), std::move(codec));
}

}  // namespace holdpoint::store
