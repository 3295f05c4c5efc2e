// Slices: what changing a stack has to look at or to wait for and is too much for one command of the writer.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/deploy/stack_rows.hpp"
#include "engine/writer.hpp"

namespace holdpoint::api {

/// Counts the executions of functions that are not closed, however many are.
class OpenExecutions {
public:
    /// Looks at the next ones, 500 at most. True when that were all, with those that started meanwhile.
    [[nodiscard]] bool look(const RowReader& rows, const std::vector<std::string>& functions);
    [[nodiscard]] std::size_t found() const { return found_; }

private:
    std::map<std::string, std::string> reached_;  // function -> the key from which to go on
    std::size_t found_ = 0;
};

/// Calls `done` with how many there are, `open` included.
void count_open(engine::Writer& writer, std::vector<std::string> functions, OpenExecutions open,
                std::move_only_function<void(std::size_t)> done);

[[nodiscard]] std::vector<std::string> functions_of(const Stack& stack);
[[nodiscard]] std::vector<std::string> tables_of(const Stack& stack);

/// Calls `done` once these tables have no jobs any more: as on AWS, a stack is changed when its indexes can be read,
/// and deleted when its tables' names are free.
void finish_jobs(engine::Writer& writer, std::vector<std::string> tables, engine::AfterCommit done);

}  // namespace holdpoint::api
