#include "sim/disk.hpp"

namespace holdpoint::sim {

/// A transaction whose commit may be the last thing that the server does.
class Disk::Writing final : public store::Transaction {
public:
    explicit Writing(Disk& disk) : disk_(disk), inner_(disk.rows_->begin()) {}

    std::optional<std::string> get(Space space, std::string_view key) const override { return inner_->get(space, key); }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return inner_->scan(space, from, to, limit, reverse);
    }
    void apply(const std::vector<RowWrite>& writes) override { inner_->apply(writes); }
    void commit() override { disk_.commit(*inner_); }

private:
    Disk& disk_;
    std::unique_ptr<store::Transaction> inner_;
};

std::unique_ptr<store::Transaction> Disk::begin() {
    return std::make_unique<Writing>(*this);
}

void Disk::commit(store::Transaction& transaction) {
    if (std::exchange(armed_, false) || nature_.chance.fault(6, "the server ends during a commit")) {
        const bool is_there = nature_.chance.one_in(2);
        if (is_there) transaction.commit();
        nature_.trace.fault(is_there ? "crash: the commit is on disk, nobody was told" : "crash: the commit is lost");
        throw ServerCrash{};
    }
    transaction.commit();
}

}  // namespace holdpoint::sim
