// How many executions of a function still wait or run.
#include "api/deploy/deploy.hpp"
#include "core/rows.hpp"

namespace holdpoint::api {

std::size_t count_open_executions(store::Store& store, const std::string& function) {
    constexpr std::size_t kPage = 500;
    std::string from;
    append_key_part(from, function);
    const std::string to = prefix_end(from);
    std::size_t count = 0;
    while (true) {
        const auto rows = store.snapshot();  // one page each, so that the log cannot grow
        const auto page = rows->scan(Space::executions_by_function, from, to, kPage);
        for (const Row& row : page) {
            std::string_view number(row.key);
            number.remove_prefix(number.size() - sizeof(std::uint64_t));
            const auto head = core::read_head(*rows, *take_key_number(number));
            if (head && head->status == wire::ExecutionStatus::running) ++count;
        }
        if (page.size() < kPage) return count;
        from = page.back().key + '\0';
    }
}

}  // namespace holdpoint::api
