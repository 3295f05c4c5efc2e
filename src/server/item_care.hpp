// Item care: erases items whose time to live is over, tokens of transactions that are forgotten, and messages that
// nobody took; goes on with what changes of large tables and executions that were erased left to do.
#pragma once

#include <atomic>

#include "engine/writer.hpp"

namespace holdpoint::server {

class ItemCare {
public:
    explicit ItemCare(engine::Writer& writer) : writer_(writer) {}

    /// All that is due, in as many commands as that takes, one at a time, so that others have their turn in between.
    void each_second();

private:
    void submit();

    engine::Writer& writer_;
    std::atomic<bool> under_way_ = false;
};

}  // namespace holdpoint::server
