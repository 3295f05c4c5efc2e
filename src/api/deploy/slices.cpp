#include "api/deploy/slices.hpp"

#include <algorithm>

#include "core/rows.hpp"
#include "tables/jobs.hpp"

namespace holdpoint::api {

bool OpenExecutions::look(const RowReader& rows, const Stack& stack) {
    std::size_t left = 500;
    for (const StackResource& resource : stack.resources) {
        if (resource.type != "AWS::Serverless::Function") continue;
        std::string prefix;
        append_key_part(prefix, resource.physical_id);
        std::string& from = reached_.try_emplace(resource.physical_id, prefix).first->second;
        const auto page = rows.scan(Space::executions_by_function, from, prefix_end(prefix), left);
        for (const Row& row : page) {
            std::string_view number(row.key);
            number.remove_prefix(number.size() - sizeof(std::uint64_t));
            const auto head = core::read_head(rows, *take_key_number(number));
            if (head && head->status == wire::ExecutionStatus::running) ++found_;
        }
        if (!page.empty()) from = page.back().key + '\0';
        left -= page.size();
        if (left == 0) return false;
    }
    return true;
}

std::vector<std::string> tables_of(const Stack& stack) {
    std::vector<std::string> names;
    for (const StackResource& resource : stack.resources) {
        if (resource.type == "AWS::DynamoDB::Table") names.push_back(resource.physical_id);
    }
    return names;
}

void finish_jobs(engine::Writer& writer, std::vector<std::string> tables, engine::AfterCommit done) {
    writer.submit(
        [&writer, tables = std::move(tables), done = std::move(done)](store::Transaction& rows, TimePoint) mutable {
            const bool finished =
                std::ranges::none_of(tables, [&](const std::string& name) { return tables::has_jobs(rows, name); });
            if (finished) return std::move(done);
            rows.apply(tables::continue_jobs(rows));
            return engine::AfterCommit([&writer, tables = std::move(tables), done = std::move(done)]() mutable {
                finish_jobs(writer, std::move(tables), std::move(done));
            });
        });
}

}  // namespace holdpoint::api
